"""The residual blocks of ResNet-18, activated before or after each convolution (He et al., 2016)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from resilinet.models.convolutions import Convolution, Pointwise


class PreActivationBlock(nn.Module):
    """Two 3x3 convolutions, each after batch normalisation and ReLU, around a shortcut.

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

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The body's output plus the shortcut's; a 1x1 shortcut reads what is activated already."""
        opened = self.open(x)
        shortcut = x if isinstance(self.shortcut, nn.Identity) else self.shortcut(opened)
        total: torch.Tensor = self.body(opened) + shortcut
        return total


class PostActivationBlock(nn.Module):
    """Two 3x3 convolutions, each followed by batch normalisation, around a shortcut, and ReLU after the sum.

    Shapes as in :class:`PreActivationBlock`. It computes what torchvision's ``BasicBlock`` computes.
    """

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            Convolution(inside, outside, stride),
            nn.BatchNorm2d(outside),
            nn.ReLU(),
            Convolution(outside, outside),
            nn.BatchNorm2d(outside),
        )
        same = stride == 1 and inside == outside
        self.shortcut = (
            nn.Identity()
            if same
            else nn.Sequential(Pointwise(inside, outside, stride), nn.BatchNorm2d(outside))
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The rectified sum of the body's output and the shortcut's."""
        return nn.functional.relu(self.body(x) + self.shortcut(x))


ACTIVATIONS: Mapping[str, type[PreActivationBlock] | type[PostActivationBlock]] = {
    "pre": PreActivationBlock,
    "post": PostActivationBlock,
}
"""The block of each order of activation, by its name."""
