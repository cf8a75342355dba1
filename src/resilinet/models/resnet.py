"""ResNet-18 for CIFAR-10, activated before each convolution (section 3.1; He et al., 2016)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from resilinet.models import check_counts, check_width
from resilinet.models.adapters import fitting
from resilinet.models.convolutions import Convolution, Pointwise
from resilinet.models.initialisation import initialise
from resilinet.models.partitions import RESNET_SKIPS as SKIPS
from resilinet.models.partitions import resnet as topology
from resilinet.topology import Topology

__all__ = ["GEOMETRIES", "SKIPS", "STAGES", "adapters", "blocks", "initialise", "input_shape", "topology"]

STAGES = (64, 128, 256, 512)
"""Output channels at width 1 of the four stages, two residual blocks each."""


@dataclass(frozen=True)
class Geometry:
    """How ResNet-18 is laid out for images of a size.

    Attributes:
        side: of the image, in pixels.
        kernel: of the stem's convolution.
        stride: of the stem's convolution.
        pooled: whether max-pooling, which halves the sides, precedes the first residual block.
        first_stride: of the first stage; the other three halve the sides.
        raw_image: whether the stem belongs to the first residual block, so that the IoT node sends the image itself.
    """

    side: int
    kernel: int
    stride: int
    pooled: bool
    first_stride: int
    raw_image: bool = False


GEOMETRIES = {
    "released": Geometry(32, 7, 2, pooled=True, first_stride=2),
    "cifar": Geometry(32, 3, 1, pooled=False, first_stride=1),
    "cifar-raw-image": Geometry(32, 3, 1, pooled=False, first_stride=1, raw_image=True),
    "imagenet": Geometry(224, 7, 2, pooled=True, first_stride=1),
}
"""That of the paper's released code, the usual one for CIFAR-10 with the stem on either node, and He et al.'s."""


class Block(nn.Module):
    """A residual block: two 3x3 convolutions, each after batch normalisation and ReLU, around a shortcut.

    ``(B, inside, H, W)`` to ``(B, outside, H / stride, W / stride)``, rounded up; a 1x1 convolution is the shortcut
    where the shape changes.
    """

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.open = nn.Sequential(nn.BatchNorm2d(inside), nn.ReLU())
        self.body = nn.Sequential(
            Convolution(inside, outside, stride),
            nn.BatchNorm2d(outside),
            nn.ReLU(),
            Convolution(outside, outside),
        )
        same = stride == 1 and inside == outside
        self.shortcut = nn.Identity() if same else Pointwise(inside, outside, stride)

    def forward(self, x: Tensor) -> Tensor:
        """The body's output plus the shortcut's; a 1x1 shortcut reads what is activated already."""
        opened = self.open(x)
        shortcut = x if isinstance(self.shortcut, nn.Identity) else self.shortcut(opened)
        total: Tensor = self.body(opened) + shortcut
        return total


def blocks(
    geometry: str = "released", classes: int = 10, width: float = 1.0, side: int | None = None
) -> list[nn.Module]:
    """Stem, eight residual blocks and head, ``(B, 3, side, side)`` to ``(B, classes)``.

    Args:
        geometry: one of :data:`GEOMETRIES`; ``released`` has Keras's batch normalisation, the others PyTorch's.
        classes: outputs.
        width: factor on every number of channels, rounded down.
        side: pixels of the image's side, by default the geometry's; the blocks are the same for every side.

    Raises:
        ValueError: the geometry is unknown, the width leaves no channel, or the classes or the side are no number of
            them.
    """
    check_counts(classes=classes)
    check_width(width)
    input_shape(geometry=geometry, side=side)  # refuses both where they cannot be
    layout = GEOMETRIES[geometry]
    channels = int(STAGES[0] * width)
    if channels < 1:
        raise ValueError(f"a width of {width} leaves the stem no channel; give at least {1 / STAGES[0]}.")
    stem: nn.Module = nn.Conv2d(
        3, channels, layout.kernel, layout.stride, padding=layout.kernel // 2, bias=False
    )
    layers: list[nn.Module] = []
    for stage, full in enumerate(STAGES):
        out = int(full * width)
        layers += [Block(channels, out, 2 if stage else layout.first_stride), Block(out, out, 1)]
        channels = out
    if layout.pooled:
        layers[0] = nn.Sequential(nn.MaxPool2d(3, 2, padding=1), layers[0])
    if layout.raw_image:
        stem, layers[0] = nn.Identity(), nn.Sequential(stem, layers[0])
    last = nn.BatchNorm2d(channels), nn.ReLU()
    head = nn.Sequential(*last, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))
    if geometry == "released":
        for norm in nn.Sequential(*layers, stem, head).modules():
            if isinstance(norm, nn.BatchNorm2d):
                norm.eps, norm.momentum = 1e-3, 0.01  # Keras's, whose 0.99 is PyTorch's 0.01
    return [stem, *layers, head]


def adapters(topology: Topology, **sizes: Any) -> dict[str, nn.Module]:
    """1x1 convolutions that make the skips fit, whichever the partition; sizes as in :func:`blocks`."""
    with torch.device("meta"):
        layers = blocks(**sizes)
    return fitting(layers, topology, input_shape(**sizes))


def input_shape(*, geometry: str = "released", side: int | None = None, **_others: Any) -> tuple[int, ...]:
    """``(3, side, side)``; sizes as in :func:`blocks`."""
    if geometry not in GEOMETRIES:
        raise ValueError(f"{geometry!r} is no geometry of ResNet-18; choose {', '.join(GEOMETRIES)}.")
    side = GEOMETRIES[geometry].side if side is None else side
    check_counts(side=side)
    return (3, side, side)
