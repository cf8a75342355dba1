"""How much there is to compute in a network, as PyTorch counts it."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch.utils.flop_counter import FlopCounterMode

from companion.experiments.networks import build_network
from companion.experiments.trial import Trial
from resilinet.network import DistributedNetwork


def forward_operations(trial: Trial) -> int:
    """Floating-point operations of a trial's network for one example, all nodes alive, without the way back.

    Additions and multiplications in matrix products and convolutions are counted, each as one.
    """
    with torch.device("meta"):  # counting needs no numbers
        return operations_of(build_network(trial).eval())


def operations_of(network: DistributedNetwork, alive: Collection[str] | None = None) -> int:
    """The same of a network on the meta device while only some nodes are alive; ``None`` means all."""
    with FlopCounterMode(display=False) as counter, torch.no_grad(), torch.device("meta"):
        network(torch.empty(1, *network.input_shape), alive)
    return int(counter.get_total_flops())
