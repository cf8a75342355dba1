"""Schemes that the paper leaves to future work or does not compare with, as trials of the types that its own are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

from companion.experiments.experiment import Experiment, Size
from companion.experiments.trial import Trial
from resilinet.models.partitions import EXITS
from resilinet.schemes import DFG, RESILINET, RESILINET_PLUS, SCHEMES, Scheme

NAMES: Final[Mapping[str, str]] = {
    "failout-alone": "Failout without skips",
    "unit-dropout": "DFG with unit dropout",
    "stage-drop": "Stage drop",
    "early-exit": "Early exit",
    "skip-layer": "Skip layer",
    "learned-weights": "ResiliNet, learned weights",
    "learned-weights-plus": "ResiliNet+, learned weights",
}
"""Of each scheme by its key; the paper's four have their own."""
DISTILLED: Final = 10
"""Epochs in which a skip layer learns."""


def other_schemes(experiment: Experiment, size: Size) -> dict[str, list[Trial]]:
    """The paper's four schemes, then those of :data:`NAMES`, paired by seed."""
    described: dict[str, tuple[Scheme, dict[str, Any]]] = {key: (one, {}) for key, one in SCHEMES.items()}
    described |= _described(experiment, size)
    return {
        key: [experiment.trial(size, scheme, seed, **fields) for seed in size.short_seeds]
        for key, (scheme, fields) in described.items()
    }


def _described(experiment: Experiment, size: Size) -> dict[str, tuple[Scheme, dict[str, Any]]]:
    """For each scheme of :data:`NAMES` the one of the paper that is nearest, and the fields of its trial that differ.

    - *Failout without skips*: half of ResiliNet.
    - *Unit dropout*: units of all hidden layers are dropped, as often as failout shuts down nodes.
    - *Stage drop*: a skip inside each node in place of those between nodes. What leads around the blocks of a node
      needs an end behind them: a second node, without blocks, in the same machine.
    - *Early exit*: each batch is learnt by every head, under the failures that make it answer.
    - *Skip layer*: trained as Vanilla, which never opens a skip; then layers on the skips are distilled.
    - *Learned weights*: training moves the weights of hyperconnections from one.
    """
    chain = experiment.topology()
    count = len(chain.failable)
    learned = {"weights": {"rule": "learned", "probability": {}, "high": 1.0}}
    parts = [part for blocks in experiment.partition[:-1] for part in (blocks, 0)]
    ends = [chain.sources[0], *(f"n{2 * k}" for k in range(1, count + 1))]
    return {
        "failout-alone": (RESILINET, {"skips": ()}),
        "unit-dropout": (DFG, {"network": {**size.network, "dropout": RESILINET.failout}}),
        "stage-drop": (
            RESILINET,
            {
                "partition": (*parts, experiment.partition[-1]),
                "skips": tuple(pairwise(ends)),
                "failout": {f"n{2 * k + 1}": RESILINET.failout for k in range(count)},
            },
        ),
        "early-exit": (
            RESILINET,
            {
                "network": {**size.network, "model": "early_exit"},
                "skips": EXITS,
                "failout": {},
                "joint": tuple(chain.order[k:] for k in range(1, count + 1)),
            },
        ),
        "skip-layer": (RESILINET, {"failout": {}, "recipe": replace(size.recipe, distilled=DISTILLED)}),
        "learned-weights": (RESILINET, learned),
        "learned-weights-plus": (RESILINET_PLUS, learned),
    }


def falls_with(key: str, experiment: Experiment) -> dict[str, frozenset[str]]:
    """For each physical node that can fail the nodes of a scheme's trial that fail with it.

    These are the node itself, but for two schemes: with *stage drop* both nodes of a machine, and with *early exit*
    all nodes behind as well, which receive nothing.
    """
    chain = experiment.topology()
    if key == "stage-drop":
        return {name: frozenset({f"n{2 * k + 1}", f"n{2 * k + 2}"}) for k, name in enumerate(chain.failable)}
    if key == "early-exit":
        return {name: frozenset(chain.order[k:]) for k, name in enumerate(chain.failable, start=1)}
    return {name: frozenset({name}) for name in chain.failable}


def machine_of(key: str, trial: Trial, experiment: Experiment) -> dict[str, str]:
    """The physical node on which each node of a scheme's trial runs; between nodes of one nothing travels.

    The answer is read where the last block is.
    """
    chain, order = experiment.topology(), trial.topology.order
    if key == "stage-drop":
        places = [chain.order[0], *(name for name in chain.failable for _ in range(2)), chain.cloud]
        return dict(zip(order, places, strict=True))
    return {name: name if name in chain.by_name else chain.cloud for name in order}
