"""MobileNetV1 for CIFAR-10 and for 160-pixel images (section 3.1; Howard et al., 2017)."""

from __future__ import annotations

from torch import nn

from resilinet.partitions import MOBILENET_SKIPS as SKIPS
from resilinet.partitions import mobilenet as topology
from resilinet.topology import Topology

__all__ = ["GEOMETRIES", "SKIPS", "STACKED", "adapters", "blocks", "topology"]

STACKED = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))
"""Output channels at width 1 and stride of each of the 13 depthwise-separable blocks."""

GEOMETRIES = {"released-cifar": (32, 1), "160px": (160, 2)}
"""Side of the image and stride of the first convolution and of the second block, by name."""


def blocks(geometry: str = "released-cifar", width: float = 0.75, classes: int = 10) -> list[nn.Module]:
    """The first convolution, 13 depthwise-separable blocks and the head; ``(B, 3, side, side)`` to ``(B, classes)``.

    Args:
        geometry: ``released-cifar``, as the paper's released code lays it out (31x31 maps), or ``160px``.
        width: factor on every number of channels.
        classes: outputs.

    Raises:
        ValueError: the geometry is unknown.
    """
    if geometry not in GEOMETRIES:
        raise ValueError(f"{geometry!r} is no geometry of MobileNet; choose {' or '.join(GEOMETRIES)}.")
    stride = GEOMETRIES[geometry][1]
    channels = int(32 * width)
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


def adapters(
    topology: Topology, geometry: str = "released-cifar", width: float = 0.75
) -> dict[str, nn.Module]:
    """The 1x1 convolutions that make the two skips fit, for the partition 1-3-5-5 that the paper uses most."""
    stride = GEOMETRIES[geometry][1]
    iot, first, second = int(32 * width), int(128 * width), int(512 * width)
    convolutions: dict[str, nn.Module] = {
        "i->m2": nn.Conv2d(iot, first, 1, stride, bias=False),
        "m1->m3": nn.Conv2d(first, second, 1, 4, bias=False),
    }
    found = {link.key: convolutions[link.key] for link in topology.skips}
    if geometry == "released-cifar" and "m1->m3" in found:
        # The strided skip makes 8x8 of 31x31, the blocks between make 7x7: those are padded where the two meet.
        found["m2->m3"] = nn.ZeroPad2d((0, 1, 0, 1))
    return found


def _separable(inside: int, outside: int, stride: int) -> nn.Sequential:
    """A depthwise and a pointwise convolution, padded on two sides only where it strides, as Keras does."""
    pad = [nn.ZeroPad2d((0, 1, 0, 1))] if stride > 1 else []
    return nn.Sequential(
        *pad,
        nn.Conv2d(inside, inside, 3, stride, padding=0 if stride > 1 else 1, groups=inside, bias=False),
        *_norm(inside),
        nn.Conv2d(inside, outside, 1, bias=False),
        *_norm(outside),
    )


def _norm(channels: int) -> tuple[nn.Module, nn.Module]:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01), nn.ReLU()
