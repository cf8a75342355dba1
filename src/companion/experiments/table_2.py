"""The failure settings of Table 2, and of the camera experiment, which its chart data add."""

from __future__ import annotations

from collections.abc import Mapping

from companion.experiments.trial import Trial
from resilinet.failures import FailureSetting


def _settings(nodes: tuple[str, ...], **rows: tuple[float, ...]) -> dict[str, FailureSetting]:
    return {name: FailureSetting(name, dict(zip(nodes, row, strict=True))) for name, row in rows.items()}


_THREE = ("n1", "n2", "n3")
_EIGHT = (*(f"f{k}" for k in range(1, 5)), *(f"e{k}" for k in range(1, 5)))


TABLE_2: Mapping[str, Mapping[str, FailureSetting]] = {
    "health": _settings(
        _THREE,
        no_failure=(0.0, 0.0, 0.0),
        normal=(0.08, 0.04, 0.01),
        poor=(0.13, 0.09, 0.05),
        hazardous=(0.22, 0.20, 0.15),
    ),
    "mobilenet": _settings(
        ("m1", "m2"), no_failure=(0.0, 0.0), normal=(0.04, 0.02), poor=(0.10, 0.05), hazardous=(0.20, 0.15)
    ),
    "resnet": _settings(
        ("z1", "z2"), no_failure=(0.0, 0.0), normal=(0.04, 0.02), poor=(0.10, 0.05), hazardous=(0.20, 0.15)
    ),
    "camera": _settings(
        _EIGHT,
        no_failure=(0.0,) * 8,
        normal=(0.01,) * 4 + (0.02,) * 4,
        poor=(0.05, 0.05, 0.10, 0.10, 0.20, 0.20, 0.25, 0.25),
        hazardous=(0.20, 0.20, 0.25, 0.25, 0.30, 0.30, 0.35, 0.35),
    ),
}
"""Table 2, upstream node first (the paper lists the cloud first). The cloud and the IoT device never fail.

Of the camera experiment the settings stand in the chart data of Fig. 3 and in the released code, f1 first.
"""


def settings_of(trial: Trial) -> Mapping[str, FailureSetting]:
    """Table 2's settings for the network of a trial, by name.

    There are none where the paper has no such network, or cuts it for other nodes.

    Raises:
        ValueError: the trial describes no network.
    """
    settings = TABLE_2.get({"mlp": "health"}.get(trial.model, trial.model), {})
    named = {node for setting in settings.values() for node in setting.probability}
    return settings if named == set(trial.topology.failable) else {}


def failure_probabilities(trial: Trial) -> dict[str, Mapping[str, float]]:
    """How probably each node fails in every reading of its survival (section 2.3) under which some node fails.

    The paper does not say whether survival in training is meant, ``failout``, or in a failure setting.

    Raises:
        ValueError: the trial describes no network.
    """
    readings = {name: setting.probability for name, setting in settings_of(trial).items()}
    readings = {"failout": trial.failout, **readings}
    return {name: probability for name, probability in readings.items() if any(probability.values())}
