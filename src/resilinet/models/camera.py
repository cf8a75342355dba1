"""The network of the camera experiment, in the chart data of Figs. 2 and 3 alone."""

from __future__ import annotations

from typing import Any

from torch import nn

from resilinet.models import check_counts
from resilinet.models.initialisation import initialise
from resilinet.models.partitions import CAMERA_SKIPS as SKIPS
from resilinet.models.partitions import camera as topology
from resilinet.topology import Topology

__all__ = ["SKIPS", "adapters", "blocks", "initialise", "input_shape", "topology"]


def blocks(width: int = 32, classes: int = 3, side: int = 32) -> list[nn.Module]:
    """Ten dense layers of ``width`` rectified units and the classifier, ``(B, 3, side, side)`` to ``(B, classes)``.

    A dense layer works on the channels of each pixel by itself: it is a 1x1 convolution. f3 has one layer where f4 has
    two: in the place of the second, block 2, it passes on what it has. The classifier takes all pixels of all units.

    Raises:
        ValueError: a size is no whole number from 1.
    """
    check_counts(width=width, classes=classes, side=side)
    layers: list[nn.Module] = [_dense(3 if k == 0 else width, width) for k in range(10)]
    layers[2] = nn.ModuleDict({"f3": nn.Identity(), "f4": layers[2]})
    return [*layers, nn.Sequential(nn.Flatten(), nn.Linear(width * side * side, classes))]


def adapters(_topology: Topology, **_sizes: Any) -> dict[str, nn.Module]:
    """None: whatever a skip brings, ``width`` numbers a pixel, is what its target expects."""
    return {}


def input_shape(side: int = 32, **_others: Any) -> tuple[int, ...]:
    """``(3, side, side)``, the image of one camera."""
    check_counts(side=side)
    return (3, side, side)


def _dense(inside: int, outside: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inside, outside, 1), nn.ReLU())
