"""The multilayer perceptron of the Health experiment (section 3.1)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from resilinet.partitions import MLP_SKIPS as SKIPS
from resilinet.partitions import mlp as topology
from resilinet.topology import Topology

__all__ = ["SKIPS", "adapters", "blocks", "initialise", "topology"]


def blocks(features: int = 23, width: int = 250, hidden: int = 10, classes: int = 13) -> list[nn.Module]:
    """``hidden`` layers of ``width`` rectified units and the output layer, ``(B, features)`` to ``(B, classes)``."""
    widths = [features] + [width] * hidden
    layers: list[nn.Module] = [nn.Sequential(nn.Linear(a, b), nn.ReLU()) for a, b in pairwise(widths)]
    return [*layers, nn.Linear(width, classes)]


def adapters(topology: Topology, features: int = 23, width: int = 250) -> dict[str, nn.Module]:
    """A linear layer for each skip out of the input node; every other skip carries ``width`` numbers as they are."""
    return {
        link.key: nn.Linear(features, width) for link in topology.skips if link.source in topology.sources
    }


@torch.no_grad()
def initialise(module: nn.Module, generator: torch.Generator) -> None:
    """Glorot-uniform weights and zero biases, as in the released code; PyTorch's default learns slower here."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight, generator=generator)
            nn.init.zeros_(layer.bias)
