"""Augmentation of training images: a whole batch turned, shifted and flipped at once.

The paper says for CIFAR-10 that data augmentation is employed (section 3.1) but not which; the code
released with it rotates by up to 30 degrees, shifts by up to a fifth of each side and flips left
and right. That is the policy `released-code`. `crop-and-flip` is the usual one for CIFAR-10 (He et
al., 2016), lighter: shifts of up to an eighth of each side by whole pixels, black beyond the border,
and flips. `none` leaves images as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn.functional import affine_grid, grid_sample

from resilinet.data import DataError

__all__ = ["POLICIES", "Motion", "augment", "check_policy", "draw", "move"]

POLICIES = ("none", "released-code", "crop-and-flip")

_LARGEST_ANGLE = 30.0
"""Degrees, either way."""
_LARGEST_SHIFT = 0.2
"""Of the height and of the width, either way."""


@dataclass(frozen=True, eq=False)
class Motion:
    """What happens to each image of a batch, in this order; all shapes are `(B,)`, on the CPU.

    Attributes:
        angle: degrees by which it turns about its centre, counter-clockwise as it is looked at.
        down: pixels by which it then moves down, not necessarily whole.
        right: pixels by which it moves right.
        flip: whether left and right are exchanged in the end.
    """

    angle: torch.Tensor
    down: torch.Tensor
    right: torch.Tensor
    flip: torch.Tensor


def augment(batch: torch.Tensor, generator: torch.Generator, policy: str) -> torch.Tensor:
    """Augment a batch of training images by a policy of :data:`POLICIES`.

    Shapes: batch is `(B, C, H, W)` floating-point on any device; what is returned is like it.
    `generator` is one of the CPU, so that every device sees the same random numbers, and gives
    four numbers an image, three under `crop-and-flip`, or none under `none`.

    Raises:
        DataError: the policy is unknown, or the batch holds no floating-point images.
    """
    check_policy(policy)
    if policy == "none":
        return batch
    if batch.ndim != 4 or not batch.is_floating_point():
        raise DataError(
            "augmentation needs floating-point images (B, C, H, W), "
            f"not {batch.dtype} of shape {tuple(batch.shape)}"
        )
    count, _, height, width = batch.shape
    if policy == "crop-and-flip":
        return crop_and_flip(batch, generator)
    return move(batch, draw(count, height, width, generator))


def check_policy(policy: str) -> None:
    """Refuse a policy that is none of :data:`POLICIES`, by a DataError."""
    if policy not in POLICIES:
        raise DataError(f"augmentation {policy!r} is unknown; it must be {' or '.join(POLICIES)}")


def draw(count: int, height: int, width: int, generator: torch.Generator) -> Motion:
    """Draw the motions of `count` images under `released-code`, each uniform in its range."""
    angle, down, right, flip = torch.rand(count, 4, generator=generator).unbind(1)
    return Motion(
        angle=_LARGEST_ANGLE * (2 * angle - 1),
        down=_LARGEST_SHIFT * height * (2 * down - 1),
        right=_LARGEST_SHIFT * width * (2 * right - 1),
        flip=flip < 0.5,
    )


def crop_and_flip(batch: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Shift each image of a batch `(B, C, H, W)` by whole pixels and flip half of them; black comes in."""
    count, _, height, width = batch.shape
    down, right, flip = torch.rand(count, 3, generator=generator).unbind(1)
    border = height // 8, width // 8
    padded = torch.nn.functional.pad(batch, (border[1], border[1], border[0], border[0]))
    top, left = (down * (2 * border[0] + 1)).long(), (right * (2 * border[1] + 1)).long()
    rows = top[:, None] + torch.arange(height)
    usual = torch.arange(width).expand(count, width)
    columns = left[:, None] + torch.where(flip[:, None] < 0.5, usual.flip(1), usual)
    # Indexed in the order (B, H, W, C), in which a pixel's channels are copied together.
    pixels = padded.permute(0, 2, 3, 1)
    image, rows, columns = torch.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]
    return pixels[image.to(batch.device), rows.to(batch.device), columns.to(batch.device)].permute(0, 3, 1, 2)


def move(batch: torch.Tensor, motion: Motion) -> torch.Tensor:
    """Move each image of a batch `(B, C, H, W)`, on its device.

    Values between pixels are interpolated linearly, and a place outside the image takes the value
    of the nearest pixel. Angles and shifts are of pixels, so an image that is not square turns
    without being sheared and keeps its shape.
    """
    height, width = batch.shape[-2:]
    cos, sin = (torch.deg2rad(motion.angle.double()).cos(), torch.deg2rad(motion.angle.double()).sin())
    side = 1.0 - 2.0 * motion.flip.double()
    down, right = motion.down.double(), motion.right.double()
    # Where each pixel of the outcome comes from: the motions undone in reverse order, in pixels
    # right of and below the centre ...
    source = torch.stack(
        [
            torch.stack([cos * side, -sin, sin * down - cos * right], dim=1),
            torch.stack([sin * side, cos, -sin * right - cos * down], dim=1),
        ],
        dim=1,
    )
    # ... and then in the units of affine_grid, in which each side reaches from -1 to 1.
    pixels = torch.tensor([width / 2, height / 2, 1.0], dtype=torch.float64)
    theta = source * pixels / pixels[:2, None]
    # Positions need float32 even where images are bfloat16, whose steps are of half a pixel at 100.
    images = batch.to(torch.promote_types(batch.dtype, torch.float32))
    grid = affine_grid(theta.to(images), list(batch.shape), align_corners=False)
    moved = grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return moved.to(batch.dtype)


def as_input(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Turn a batch of examples `(B, *input_shape)` into network inputs of a floating-point type, on its device.

    Images are kept as uint8, to spare memory, and become values in [0, 1] here, x / 255, as in the
    released code; other inputs only change type.

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
