"""The multilayer perceptron of the Health experiment (section 3.1)."""

from __future__ import annotations

from itertools import pairwise

from torch import nn

from resilinet.models import check_counts
from resilinet.models.initialisation import initialise
from resilinet.models.partitions import MLP_SKIPS as SKIPS
from resilinet.models.partitions import mlp as topology
from resilinet.topology import Topology

__all__ = ["SKIPS", "adapters", "blocks", "initialise", "input_shape", "topology"]


def blocks(features: int = 23, width: int = 250, hidden: int = 10, classes: int = 13) -> list[nn.Module]:
    """``hidden`` layers of ``width`` rectified units and the output layer, ``(B, features)`` to ``(B, classes)``.

    Raises:
        ValueError: a size is no whole number from 1.
    """
    check_counts(features=features, width=width, hidden=hidden, classes=classes)
    widths = [features] + [width] * hidden
    layers: list[nn.Module] = [nn.Sequential(nn.Linear(a, b), nn.ReLU()) for a, b in pairwise(widths)]
    return [*layers, nn.Linear(width, classes)]


def adapters(
    topology: Topology, features: int = 23, width: int = 250, **_others: int
) -> dict[str, nn.Module]:
    """A linear layer for each skip out of the input node; every other skip carries ``width`` numbers as they are."""
    check_counts(features=features, width=width)
    return {
        link.key: nn.Linear(features, width) for link in topology.skips if link.source in topology.sources
    }


def input_shape(features: int = 23, **_others: int) -> tuple[int, ...]:
    """``(features,)``."""
    return (features,)
