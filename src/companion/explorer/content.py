"""What the explorer knows: each experiment with its nodes, and for each scheme and scenario all that is shown."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile
from typing import Any, Final

from companion.experiments import ARTEFACTS, Size
from companion.experiments.beyond import NAMES
from companion.experiments.names import name_of
from companion.experiments.networks import build_network
from companion.explorer.scene import drawn, way
from companion.figures.style import ORDER, look
from companion.paper.measured import Measured
from companion.paper.options import FLOAT32, Option, is_guess, scenario
from companion.results.intervals import half_width_factor
from companion.results.validation import NORMALISES
from resilinet.bandwidth import link_elements
from resilinet.failures import scenario_key, scenarios
from resilinet.network import DistributedNetwork
from resilinet.routing import Skips, routes
from resilinet.schemes import SCHEMES, Scheme

SHOWN: Final[Mapping[str, str]] = {
    "health": "table-1-health",
    "health-by-subject": "health-by-subject",
    "mobilenet": "table-1-mobilenet",
    "resnet": "figure-2c",
    "imagenet": "figure-2b",
    "camera": "figure-2-camera",
    "beyond": "beyond-health",
}
"""For each experiment the artefact whose rows are the schemes."""
SAYS: Final[Mapping[str, str]] = {
    "vanilla": "no skips, no failout",
    "dfg": "skips always open, no failout",
    "resilinet": "skips open on failure, failout in training",
    "resilinet-plus": "skips always open, failout in training",
}
"""What each scheme is."""
OTHERS: Final[Mapping[str, tuple[str, Skips]]] = {
    "failout-alone": ("no skips, failout in training", Skips.NEVER),
    "unit-dropout": ("skips always open, units dropped in training", Skips.ALWAYS),
    "stage-drop": ("skips inside nodes, failout in training", Skips.NEVER),
    "early-exit": ("a head on each node answers before a gap", Skips.NEVER),
    "skip-layer": ("a distilled layer on each skip, no failout", Skips.ON_FAILURE),
    "learned-weights": ("as ResiliNet, weights trained", Skips.ON_FAILURE),
    "learned-weights-plus": ("as ResiliNet+, weights trained", Skips.ALWAYS),
}
"""What each scheme beyond the paper's is, and when skips between nodes are active."""


def payload(measured_by_experiment: Mapping[str, Measured]) -> dict[str, Any]:
    """All that the page needs, as JSON values: accuracies in percent, traffic in bytes for one example.

    Args:
        measured_by_experiment: where to read each experiment of :data:`SHOWN`; one without any result is left out.

    Raises:
        ValueError: there is no such experiment.
    """
    for key in measured_by_experiment:
        if key not in SHOWN:
            raise ValueError(f"{key!r} is no experiment of the explorer; choose from {', '.join(SHOWN)}.")
    found = [
        _experiment(key, measured)
        for key, measured in measured_by_experiment.items()
        if any(_seeds(measured, SHOWN[key]).values())
    ]
    schemes = [_scheme(SCHEMES[key]) for key in ORDER]
    if any(experiment["key"] == "beyond" for experiment in found):
        schemes += [
            {"key": key, "name": NAMES[key], "says": says, "skips": skips.value, "marker": "o"}
            for key, (says, skips) in OTHERS.items()
        ]
    return {"schemes": schemes, "experiments": found}


def _scheme(scheme: Scheme) -> dict[str, Any]:
    return {
        "key": scheme.key,
        "name": scheme.name,
        "says": SAYS[scheme.key],
        "skips": scheme.skips.value,
        "marker": look(scheme).marker,
    }


def _experiment(key: str, measured: Measured) -> dict[str, Any]:
    artefact = SHOWN[key]
    experiment, size = ARTEFACTS[artefact].experiment, measured.size(artefact)
    network, seeds = _network(measured, artefact), _seeds(measured, artefact)
    topology, every = network.topology, list(scenarios(network.topology))
    outcomes = {
        scheme: {
            scenario_key(topology, failed): (
                _other(measured, network, scheme, failed)
                if scheme in OTHERS
                else _accuracy(measured, artefact, scheme, scenario_key(topology, failed))
                | _flow(network, failed, SCHEMES[scheme].skips)
            )
            for failed in every
        }
        for scheme in seeds
    }
    guesses = [one["accuracy"] for found in outcomes.values() for one in found.values() if one["guess"]]
    return {
        "key": key,
        "title": f"{experiment.name_at(measured.profile)}{', other schemes' * (key == 'beyond')} ({size.label})",
        "about": _about(size, seeds, measured.statistics),
        "opens": [topology.failable[len(topology.failable) // 2]],
        "seeds": seeds,
        "factors": {scheme: half_width_factor(n) for scheme, n in seeds.items()},
        "guess": guesses[0] if guesses else None,
        **drawn(topology),
        "scenarios": [
            {
                "key": scenario_key(topology, failed),
                "failed": [name for name in topology.order if name in failed],
            }
            for failed in every
        ],
        "settings": [
            {
                "key": name,
                "name": name_of(name),
                "probability": {node: setting.probability.get(node, 0.0) for node in topology.failable},
            }
            for name, setting in experiment.settings.items()
        ],
        "outcomes": outcomes,
    }


# The four functions below are all that the explorer asks of stored results.


def _seeds(measured: Measured, artefact: str) -> dict[str, int]:
    """How many seeds there are of each scheme that the experiment compares; of others than the paper's, the trained."""
    rows = measured.rows(artefact)
    found = {
        scheme: len(measured.records(artefact, scheme)) for scheme in (*ORDER, *OTHERS) if scheme in rows
    }
    return {scheme: count for scheme, count in found.items() if count or scheme in ORDER}


def _network(measured: Measured, artefact: str) -> DistributedNetwork:
    """The real modules of an experiment, with every skip hyperconnection that ResiliNet has."""
    return build_network(measured.rows(artefact)["resilinet"][0])


def _accuracy(measured: Measured, artefact: str, scheme: str, scenario: str) -> dict[str, Any]:
    """The mean accuracy over seeds in percent, None without any, that of each seed, and whether it is a guess's."""
    sample = measured.scenario(artefact, scheme, scenario)
    return {
        "accuracy": None if sample.interval is None else sample.interval.mean,
        "each": [round(value, 6) for value in sample.values.values()],
        "guess": measured.is_guess(artefact, scheme, scenario),
    }


def _other(
    measured: Measured, network: DistributedNetwork, scheme: str, failed: frozenset[str]
) -> dict[str, Any]:
    """The same, and the flow, of a scheme beyond the paper's; where a head answers, the way ends at its node."""
    option, topology = Option(scheme), network.topology
    found, guess = scenario(measured, option, failed), is_guess(measured, option, failed)
    flow = _flow(network, failed, OTHERS[scheme][1])
    if scheme == "early-exit" and flow["way"] is None and not guess:
        before = takewhile(lambda name: name not in failed, topology.order)
        flow["way"] = " → ".join(before) + ", whose head answers"
        flow["silent"] = [name for name in flow["silent"] if name != topology.cloud]
    return flow | {
        "accuracy": None if found.interval is None else found.interval.mean,
        "each": [round(value, 6) for value in found.values.values()],
        "guess": guess,
    }


def _flow(network: DistributedNetwork, failed: frozenset[str], skips: Skips) -> dict[str, Any]:
    """Which hyperconnections carry how many bytes, who works and receives nothing, and the way to the cloud."""
    topology, alive = network.topology, network.topology.everyone - failed
    reached = routes(topology, alive, skips)
    carried = link_elements(topology, network.elements(), alive, skips)
    return {
        "bytes": {key: FLOAT32 * count for key, count in carried.items() if count},
        "silent": [name for name in topology.order if name in alive and name not in reached],
        "way": way(topology, reached[topology.cloud]) if topology.cloud in reached else None,
    }


def _about(size: Size, seeds: Mapping[str, int], statistics: str) -> str:
    """How much is behind the numbers."""
    low, high = min(seeds.values()), max(seeds.values())
    many = f"{high}" if low == high else f"{low} to {high}"
    behind = f"{many} of {len(size.seeds)} seeds a scheme"
    text = f"Accuracies on test examples are means over {behind}, with 95 % intervals."
    if size.network["model"] in NORMALISES:
        text += f" Batch normalisation: {statistics} statistics."
    if size.name == "smoke":
        return f"Smoke size: tiny networks on synthetic data, nothing here is about the paper. {text}"
    return text if size.name == "paper" else f"{size.name.capitalize()} size: {size.label}. {text}"
