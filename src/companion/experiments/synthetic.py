"""Made-up data in the shape of Health and of CIFAR-10: learnable in seconds, needing no download.

For smoke runs, tests and students. It is no substitute for results: its name and fingerprint keep
every trial on it apart from those on real recordings and photographs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from resilinet.data import DataError, Dataset
from resilinet.data.assembly import assembled, fingerprinted
from resilinet.data.images import check_policy
from resilinet.data.splits import check_seed, rows_at_random

__all__ = ["FEWEST_ROWS", "synthetic_health", "synthetic_images"]

FEWEST_ROWS = 100
"""Fewer rows leave a part too small to tell learning from luck."""

# Spread and mean of the real channels, rounded: chest acceleration (3) and ECG (2), then
# acceleration, rate of turn and magnetic field (3 each) at the left ankle and at the right arm.
_SPREAD = np.repeat([4.0, 1.0, 5.0, 0.6, 20.0, 5.0, 0.6, 30.0], [3, 2, 3, 3, 3, 3, 3, 3])
_REST = np.array([-7, 0, -1, 0, 0, 1, -9, -1, *[0] * 6, -3, -5, 2, *[0] * 6])
_ACTIVITIES = 12
_OWN_STREAM = 1
_POSTURES = 2
_NOISE = 0.6

# Of images: the length of a wave in pixels, and the spread of its height and of the noise over it, of 255.
_WAVELENGTH = 8.0
_CONTRAST = (5.0, 75.0)
_GRAIN = 40.0
_COLOURS = np.array([[1.0, 0.6, -0.4], [0.2, 0.4, 1.0]])


def synthetic_health(rows: int = 4000, seed: int = 0) -> Dataset:
    """Draw a data set of the shape of Health: 23 channels, labels 1 to 12, 13 classes.

    Each activity is a few postures, points in the space of the channels, with noise around them,
    so no channel alone tells the activities apart. Values are truncated to whole sensor units, as
    the released code does. Label 12 is a third as frequent as the others, as in the recordings.
    Shapes: x `(N, 23)`, y `(N,)`; 80 % of the rows train, 10 % validate, 10 % test.

    Raises:
        DataError: fewer than 100 rows are asked for, or the seed is negative.
    """
    if rows < FEWEST_ROWS:
        raise DataError(f"synthetic data needs {FEWEST_ROWS} rows or more, not {rows}")
    check_seed(seed, "seed")
    # The split draws from the stream of the bare seed; were the labels to do so too, sorting by
    # the same bits would put whole activities into one part.
    generator = np.random.Generator(np.random.PCG64([seed, _OWN_STREAM]))
    x, y = _draw(rows, generator)
    parts = rows_at_random(rows, seed)
    description: dict[str, Any] = {
        "name": "synthetic-health",
        "preprocessing": "none",
        "split": "random",
        "split_seed": seed,
        "rows": rows,
        "seed": seed,
    }
    described = fingerprinted(description, (x, y), parts)
    return assembled(described, x.astype(np.float32), y, parts, _ACTIVITIES + 1)


def synthetic_images(
    images: int = 2000,
    side: int = 32,
    classes: int = 10,
    seed: int = 0,
    augmentation: str = "none",
    views: int = 1,
) -> Dataset:
    """Draw a data set of the shape of CIFAR-10: small colour images in a few classes.

    An image shows waves in noise. Its class is the direction in which they run together with one of
    two colours, so neither alone tells the classes apart, and as the phase is random, no single
    pixel tells anything. Shapes: x `(N, 3, side, side)` uint8, y `(N,)` from 0 to classes - 1; 80 %
    of the images train, 10 % validate, 10 % test. With several `views` each example has that many
    images of its class, as from cameras: x `(N, views, 3, side, side)`.

    Raises:
        DataError: there are fewer than 100 images, 8 pixels a side, 2 classes or 1 view, the seed is
            negative, or the augmentation is unknown.
    """
    leasts = (
        ("images", images, FEWEST_ROWS),
        ("side", side, 8),
        ("classes", classes, 2),
        ("views", views, 1),
    )
    for what, value, least in leasts:
        if value < least:
            raise DataError(f"synthetic images need {what} of {least} or more, not {value}")
    check_seed(seed, "seed")
    check_policy(augmentation)
    generator = np.random.Generator(np.random.PCG64([seed, _OWN_STREAM]))
    y = generator.integers(classes, size=images).astype("<i8")
    x = _draw_images(y.repeat(views), side, classes, generator)
    parts = rows_at_random(images, seed)
    description: dict[str, Any] = {
        "name": "synthetic-images",
        "preprocessing": "unit",
        "split": "random",
        "split_seed": seed,
        "images": images,
        "side": side,
        "classes": classes,
        "seed": seed,
    }
    if views > 1:
        description["views"], x = views, x.reshape(images, views, *x.shape[1:])
    # For the trainer; it changes no tensor, so it is described and not fingerprinted.
    described = {**fingerprinted(description, (x, y), parts), "augmentation": augmentation}
    return assembled(described, x, y, parts, classes)


def _draw(rows: int, generator: np.random.Generator) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
    frequency = np.full(_ACTIVITIES, 3.0)
    frequency[-1] = 1.0
    y = generator.choice(np.arange(1, _ACTIVITIES + 1), size=rows, p=frequency / frequency.sum())
    postures = generator.normal(_REST, _SPREAD, size=(_ACTIVITIES, _POSTURES, len(_SPREAD)))
    centre = postures[y - 1, generator.integers(_POSTURES, size=rows)]
    x = centre + _NOISE * generator.normal(0.0, _SPREAD, size=centre.shape)
    return np.trunc(x).astype("<i2"), y.astype("<i8")


def _draw_images(
    y: NDArray[np.int64], side: int, classes: int, generator: np.random.Generator
) -> NDArray[np.uint8]:
    images = len(y)
    direction = np.pi * (y // 2) / -(-classes // 2)
    height = generator.uniform(*_CONTRAST, size=images)
    phase = generator.uniform(0, 2 * np.pi, size=images)
    down, right = np.mgrid[:side, :side]
    way = np.multiply.outer(np.cos(direction), right) + np.multiply.outer(np.sin(direction), down)
    wave = height[:, None, None] * np.sin(2 * np.pi / _WAVELENGTH * way + phase[:, None, None])
    x = 128 + _COLOURS[y % 2][:, :, None, None] * wave[:, None]
    x += _GRAIN * generator.standard_normal(x.shape)
    return x.round().clip(0, 255).astype(np.uint8)
