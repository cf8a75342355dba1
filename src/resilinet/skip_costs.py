"""What skip hyperconnections cost besides bandwidth: parameters (FAQ 8.14)."""

from __future__ import annotations

from functools import cache

import torch

from resilinet.experiments import EXPERIMENTS, Experiment
from resilinet.runner import build_network
from resilinet.schemes import RESILINET, VANILLA


def parameters(experiment: Experiment) -> tuple[int, int]:
    """Trainable numbers of the paper's network without skips, and with all of them, from the real modules."""
    return _counted(experiment.key)


@cache
def _counted(key: str) -> tuple[int, int]:
    experiment = EXPERIMENTS[key]
    size = experiment.size("full")
    with torch.device("meta"):  # counts need no memory
        plain, skips = (
            sum(p.numel() for p in build_network(experiment.trial(size, scheme, 0)).parameters())
            for scheme in (VANILLA, RESILINET)
        )
    return plain, skips
