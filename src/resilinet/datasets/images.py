"""From stored images to what a network computes with: whole numbers 0 to 255 become 0 to 1."""

from __future__ import annotations

import torch

from resilinet.datasets import DataError

__all__ = ["as_input"]


def as_input(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Turn a batch of examples into network inputs of a floating-point type, on the batch's device.

    Images are kept as uint8 to spare memory and become values in [0, 1] here, x / 255, as in the
    released code; other data sets have floating-point inputs, which only change type. Shapes: x is
    `(B, *input_shape)`, and so is what is returned. Works on a batch at a time, so that images
    mapped from a file are never whole in memory.

    Raises:
        DataError: x is neither uint8 nor floating-point, or `dtype` is not floating-point.
    """
    if not dtype.is_floating_point:
        raise DataError(f"network inputs must be floating-point numbers, not {dtype}")
    if x.dtype == torch.uint8:
        return x.to(dtype) / 255
    if not x.is_floating_point():
        raise DataError(f"inputs must be uint8 images or floating-point numbers, not {x.dtype}")
    return x.to(dtype)
