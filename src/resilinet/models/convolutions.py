"""Convolutions whose gradients are right and quick on a processor, where PyTorch's own are not.

Each computes what the layer computes that it stands for; float64 agrees to the last digits.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv2d, pad


class Pointwise(nn.Conv2d):
    """A strided 1x1 convolution without bias that takes every ``stride``-th pixel first.

    ``(B, C, H, W)`` to ``(B, C', H', W')``, where ``H' = ceil(H / stride)``. PyTorch 2.13 writes beyond a tensor in
    the gradient of some strided 1x1 convolutions on the processor, where images lie channels last.
    """

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__(inside, outside, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """The convolution, by pooling over single pixels, whose gradient keeps the order of the numbers."""
        sampled = avg_pool2d(x, 1, self.stride) if self.stride != (1, 1) else x
        return conv2d(sampled, self.weight)


class Convolution(nn.Conv2d):
    """A 3x3 convolution, padded by one pixel and without bias."""

    def __init__(self, inside: int, outside: int, stride: int = 1) -> None:
        super().__init__(inside, outside, 3, stride, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inside, H, W)`` to ``(B, outside, H / stride, W / stride)``, rounded up."""
        # Around a map of one pixel all is padding, so that only the centre of the kernel counts. In bfloat16 with a
        # stride PyTorch leaves the gradients of the other eight as it finds them in the processor's memory.
        if x.shape[-2:] == (1, 1) and x.device.type == "cpu" and torch.is_autocast_enabled("cpu"):
            return conv2d(x, self.weight[:, :, 1:2, 1:2])
        return super().forward(x)


class StridedDepthwise(nn.Conv2d):
    """A 3x3 depthwise convolution of stride 2, padded with zeros on the right and at the bottom, as Keras pads it.

    ``(B, C, H, W)`` to ``(B, C, H // 2, W // 2)``, without bias.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, 3, 2, groups=channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """The convolution; on the processor with the gradient of :class:`_DilatedGradient`."""
        if x.device.type != "cpu":
            return super().forward(pad(x, (0, 1, 0, 1)))
        weight: Tensor = self.weight
        if torch.is_autocast_enabled(
            "cpu"
        ):  # which does not look into functions with a gradient of their own
            low = torch.get_autocast_dtype("cpu")
            x, weight = x.to(low), weight.to(low)
        strided: Tensor = _DilatedGradient.apply(x, weight)
        return strided


class _DilatedGradient(torch.autograd.Function):
    """The strided convolution, whose gradient is that of the same one of stride 1 that is sampled afterwards.

    With zero padding of one pixel on all sides, the convolution of stride 1 has at ``[1::2, 1::2]`` what the strided
    one has, so its gradient is taken at the strided one's gradients with zeros between. oneDNN has a quick kernel for
    that one alone; the gradient of the strided one takes a third of a training step of MobileNet.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return conv2d(pad(x, (0, 1, 0, 1)), weight, stride=2, groups=len(weight))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        x, weight = ctx.saved_tensors
        dilated = torch.zeros_like(x)
        dilated[:, :, 1::2, 1::2] = gradients[0]
        wanted = [*ctx.needs_input_grad, False]
        one = [1, 1]
        of_x, of_weight, _ = torch.ops.aten.convolution_backward(
            dilated, x, weight, None, one, one, one, False, [0, 0], len(weight), wanted
        )
        return of_x, of_weight
