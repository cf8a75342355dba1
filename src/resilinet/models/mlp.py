"""The multilayer perceptron of the Health experiment (section 3.1)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from resilinet.topology import Topology, vertical, with_skips

SKIPS = (("i", "n2"), ("n1", "n3"), ("n2", "n4"))
"""The three skip hyperconnections; ``i`` is the IoT node, which holds nothing but the input."""


def topology(
    partition: tuple[int, ...] = (1, 2, 3, 4), skips: tuple[tuple[str, str], ...] = SKIPS
) -> Topology:
    """The MLP's physical nodes i, n1, n2, ... with their hidden layers; the output layer joins the last node.

    Args:
        partition: hidden layers on n1, n2, ...; the paper's are (1, 2, 3, 4) and, in Fig. 6, (2, 3, 2, 3), which
            it writes 1-2-3-2-3 because it counts the input as a layer.
        skips: the skip hyperconnections that are present.
    """
    sizes = {"i": 0} | {f"n{k}": size for k, size in enumerate(partition, start=1)}
    sizes[f"n{len(partition)}"] += 1
    return with_skips(vertical(sizes), skips)


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
