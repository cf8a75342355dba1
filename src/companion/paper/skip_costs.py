"""What skip hyperconnections cost besides bandwidth: parameters and operations (FAQ 8.14)."""

from __future__ import annotations

from functools import cache

import torch

from companion.experiments import EXPERIMENTS, Experiment
from companion.experiments.networks import build_network
from companion.experiments.trial import Trial
from companion.paper.operations import forward_operations
from resilinet.schemes import DFG, VANILLA


def parameters(experiment: Experiment) -> tuple[int, int]:
    """Trainable numbers of the paper's network without skips, and with all of them, from the real modules."""
    return _parameters(experiment.key)


def operations(experiment: Experiment) -> tuple[int, int]:
    """Floating-point operations of the paper's network for one example, without skips and with all of them open.

    All are open in DFG; ResiliNet computes an adapter only while the node that its skip leads around is failed.
    """
    return _operations(experiment.key)


@cache
def _parameters(key: str) -> tuple[int, int]:
    with torch.device("meta"):  # counts need no memory
        plain, skips = (
            sum(p.numel() for p in build_network(trial).parameters()) for trial in _with_and_without(key)
        )
    return plain, skips


@cache
def _operations(key: str) -> tuple[int, int]:
    plain, skips = (forward_operations(trial) for trial in _with_and_without(key))
    return plain, skips


def _with_and_without(key: str) -> list[Trial]:
    experiment = EXPERIMENTS[key]
    return [experiment.trial(experiment.size("full"), scheme, 0) for scheme in (VANILLA, DFG)]
