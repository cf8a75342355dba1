"""ResNet-18 for CIFAR-10 (section 3.1; He et al., 2016)."""

from __future__ import annotations

import torch
from torch import nn

from resilinet.partitions import RESNET_SKIPS as SKIPS
from resilinet.partitions import resnet as topology
from resilinet.topology import Topology

__all__ = ["GEOMETRIES", "SKIPS", "STAGES", "PreActivationBlock", "adapters", "blocks", "topology"]

GEOMETRIES = ("released", "cifar", "cifar-raw-image")
STAGES = (64, 128, 256, 512)


class PreActivationBlock(nn.Module):
    """Two 3x3 convolutions, each after batch normalisation and ReLU, around a shortcut."""

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        """Use a 1x1 convolution as the shortcut where the shape changes."""
        super().__init__()
        self.open = nn.Sequential(nn.BatchNorm2d(inside), nn.ReLU())
        self.body = nn.Sequential(
            nn.Conv2d(inside, outside, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(outside),
            nn.ReLU(),
            nn.Conv2d(outside, outside, 3, padding=1, bias=False),
        )
        same = stride == 1 and inside == outside
        self.shortcut = nn.Identity() if same else nn.Conv2d(inside, outside, 1, stride, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(B, inside, H, W)`` to ``(B, outside, H / stride, W / stride)``."""
        opened = self.open(x)
        shortcut = x if isinstance(self.shortcut, nn.Identity) else self.shortcut(opened)
        total: torch.Tensor = self.body(opened) + shortcut
        return total


def blocks(geometry: str = "released", classes: int = 10) -> list[nn.Module]:
    """Stem, eight residual blocks and head, ``(B, 3, 32, 32)`` to ``(B, classes)``.

    Args:
        geometry: ``released``: the released code's 7x7 stem of stride 2, max-pooling, and a stride of 2 in every
            stage; ``cifar``: the usual 3x3 stem and strides 1, 2, 2, 2; ``cifar-raw-image``: the same with the
            stem on z1, so that the IoT node sends the image itself.
        classes: outputs.

    Raises:
        ValueError: the geometry is unknown.
    """
    if geometry not in GEOMETRIES:
        raise ValueError(f"{geometry!r} is no geometry of ResNet-18; choose {', '.join(GEOMETRIES)}.")
    released = geometry == "released"
    stem = (
        nn.Conv2d(3, 64, 7, 2, padding=3, bias=False)
        if released
        else nn.Conv2d(3, 64, 3, padding=1, bias=False)
    )
    layers: list[nn.Module] = []
    channels = 64
    for stage, out in enumerate(STAGES):
        stride = 2 if released or stage else 1
        layers += [PreActivationBlock(channels, out, stride), PreActivationBlock(out, out, 1)]
        channels = out
    if released:
        layers[0] = nn.Sequential(nn.MaxPool2d(3, 2, padding=1), layers[0])
    first: nn.Module = stem
    if geometry == "cifar-raw-image":
        first, layers[0] = nn.Identity(), nn.Sequential(stem, layers[0])
    head = nn.Sequential(
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(channels, classes),
    )
    return [first, *layers, head]


def adapters(topology: Topology, geometry: str = "released") -> dict[str, nn.Module]:
    """The 1x1 convolutions that make the two skips fit."""
    released = geometry == "released"
    convolutions: dict[str, nn.Module] = {
        # Over z1: pooling and a strided stage in the released geometry, nothing that shrinks in the usual one.
        "i->z2": nn.Conv2d(
            3 if geometry == "cifar-raw-image" else 64, 64, 1, 4 if released else 1, bias=False
        ),
        "z1->z3": nn.Conv2d(64, 128, 1, 2, bias=False),
    }
    return {link.key: convolutions[link.key] for link in topology.skips}
