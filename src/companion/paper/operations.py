"""How much there is to compute in a network, as PyTorch counts it."""

from __future__ import annotations

import torch
from torch.utils.flop_counter import FlopCounterMode

from companion.experiments.networks import build_network
from companion.experiments.trial import Trial


def forward_operations(trial: Trial) -> int:
    """Floating-point operations of a trial's network for one example, all nodes alive, without the way back.

    Additions and multiplications in matrix products and convolutions are counted, each as one.
    """
    with torch.device("meta"):  # counting needs no numbers
        network = build_network(trial).eval()
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            network(torch.empty(1, *network.input_shape))
    return int(counter.get_total_flops())
