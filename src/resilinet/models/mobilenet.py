"""MobileNetV1 for CIFAR-10 and for 160-pixel images (section 3.1; Howard et al., 2017)."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from resilinet.models import check_counts, check_width
from resilinet.models.adapters import fitting
from resilinet.models.convolutions import StridedDepthwise
from resilinet.models.initialisation import initialise
from resilinet.models.partitions import MOBILENET_SKIPS as SKIPS
from resilinet.models.partitions import mobilenet as topology
from resilinet.topology import Topology

__all__ = ["GEOMETRIES", "SKIPS", "STACKED", "adapters", "blocks", "initialise", "input_shape", "topology"]

STACKED = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))
"""Output channels at width 1 and stride of each of the 13 depthwise-separable blocks."""

GEOMETRIES = {"released-cifar": (32, 1), "160px": (160, 2)}
"""Side of the image and stride of the first convolution and of the second block, by name."""


def blocks(
    geometry: str = "released-cifar", width: float = 0.75, classes: int = 10, side: int | None = None
) -> list[nn.Module]:
    """The first convolution, 13 depthwise-separable blocks and the head; ``(B, 3, side, side)`` to ``(B, classes)``.

    Args:
        geometry: ``released-cifar``, as the paper's released code lays it out (31x31 maps), or ``160px``.
        width: factor on every number of channels, rounded down.
        classes: outputs.
        side: pixels of the image's side, by default the geometry's; the blocks are the same for every side.

    Raises:
        ValueError: the geometry is unknown, the width leaves no channel, or the classes or the side are no number
            of them.
    """
    check_counts(classes=classes)
    check_width(width)
    input_shape(geometry=geometry, side=side)  # refuses both where they cannot be
    stride = GEOMETRIES[geometry][1]
    channels = int(32 * width)
    if channels < 1:
        raise ValueError(
            f"a width of {width} leaves the first convolution no channel; give at least {1 / 32}."
        )
    layers: list[nn.Module] = [
        nn.Sequential(
            nn.ZeroPad2d((0, 1, 0, 1)),
            nn.Conv2d(3, channels, 3, stride, bias=False),
            *_norm(channels),
        )
    ]
    for number, (full, usual) in enumerate(STACKED, start=1):
        out = int(full * width)
        layers.append(_separable(channels, out, stride if number == 2 else usual))
        channels = out
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))
    return [*layers, head]


def adapters(topology: Topology, **sizes: Any) -> dict[str, nn.Module]:
    """1x1 convolutions that make the skips fit, whichever the partition; sizes as in :func:`blocks`.

    In the geometry of the released code a skip of stride 4 makes 8x8 of 31x31, where the blocks between make 7x7:
    those are padded where the two meet.
    """
    with torch.device("meta"):
        layers = blocks(**sizes)
    return fitting(layers, topology, input_shape(**sizes))


def input_shape(
    *, geometry: str = "released-cifar", side: int | None = None, **_others: Any
) -> tuple[int, ...]:
    """``(3, side, side)``; sizes as in :func:`blocks`."""
    if geometry not in GEOMETRIES:
        raise ValueError(f"{geometry!r} is no geometry of MobileNet; choose {' or '.join(GEOMETRIES)}.")
    side = GEOMETRIES[geometry][0] if side is None else side
    check_counts(side=side)
    return (3, side, side)


def _separable(inside: int, outside: int, stride: int) -> nn.Sequential:
    """A depthwise and a pointwise convolution, padded on two sides only where it strides, as Keras does."""
    return nn.Sequential(
        StridedDepthwise(inside)
        if stride == 2
        else nn.Conv2d(inside, inside, 3, padding=1, groups=inside, bias=False),
        *_norm(inside),
        nn.Conv2d(inside, outside, 1, bias=False),
        *_norm(outside),
    )


def _norm(channels: int) -> tuple[nn.Module, nn.Module]:
    """Keras's batch normalisation, whose momentum of 0.99 is PyTorch's 0.01, and ReLU."""
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01), nn.ReLU(inplace=True)
