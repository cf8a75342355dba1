"""Schemes that the paper leaves to future work or does not compare with, as trials of the types that its own are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from companion.experiments.experiment import Experiment, Size
from companion.experiments.trial import Trial
from resilinet.schemes import RESILINET, SCHEMES

NAMES: Final[Mapping[str, str]] = {
    "failout-alone": "failout without skips",
    "stage-drop": "stage drop",
    "learned-weights": "learned weights",
}
"""Of each scheme by its key; the paper's four have their own."""


def changes(experiment: Experiment, size: Size) -> dict[str, dict[str, Any]]:
    """For each scheme of :data:`NAMES` the fields of its trial that are not ResiliNet's.

    - *Failout without skips*: half of ResiliNet.
    - *Stage drop*: a skip inside each node in place of those between nodes. What leads around the blocks of a node
      needs an end behind them: a second node, without blocks, in the same machine.
    - *Learned weights*: training moves the weights of hyperconnections from one.
    """
    (rate,) = {RESILINET.failout}
    count = len(experiment.failable)
    inside = tuple(
        (f"n{2 * k}" if k else experiment.topology().sources[0], f"n{2 * k + 2}") for k in range(count)
    )
    parts = [part for blocks in experiment.partition[:-1] for part in (blocks, 0)]
    return {
        "failout-alone": {"skips": ()},
        "stage-drop": {
            "partition": (*parts, experiment.partition[-1]),
            "skips": inside,
            "failout": {f"n{2 * k + 1}": rate for k in range(count)},
        },
        "learned-weights": {"weights": {"rule": "learned", "probability": {}, "high": 1.0}},
    }


def other_schemes(experiment: Experiment, size: Size) -> dict[str, list[Trial]]:
    """The paper's four schemes, then those of :data:`NAMES`, paired by seed."""
    rows = {
        key: [experiment.trial(size, scheme, seed) for seed in size.short_seeds]
        for key, scheme in SCHEMES.items()
    }
    return rows | {
        key: [experiment.trial(size, RESILINET, seed, **fields) for seed in size.short_seeds]
        for key, fields in changes(experiment, size).items()
    }
