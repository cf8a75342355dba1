"""Splits of a data set into training, validation and test rows, fixed by a seed.

The paper's split is of rows (section 3.1).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from resilinet.data import DataError

__all__ = ["Parts", "check_seed", "rows_at_random", "shuffled"]

Parts = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""Row numbers of training, validation and test examples."""


def check_seed(seed: object, name: str = "split_seed") -> None:
    """Refuse a seed that is no whole number from 0 up, by a DataError that calls it ``name``."""
    if type(seed) is not int or seed < 0:
        raise DataError(f"{name} must be a whole number from 0 up, not {seed!r}")


def rows_at_random(rows: int, seed: int) -> Parts:
    """Split rows 0 .. rows - 1 into 80 % train, 10 % validation, both rounded down, rest test."""
    check_seed(seed, "seed")
    order = shuffled(rows, seed)
    train, validation = rows * 8 // 10, rows // 10
    return order[:train], order[train : train + validation], order[train + validation :]


def shuffled(count: int, seed: int) -> NDArray[np.int64]:
    """Shuffle 0 .. count - 1 the same way with every version of NumPy.

    NumPy promises the raw bits of PCG64 for all time, but not what `Generator.permutation` makes
    of them, and a split that changed with a library would silently move test rows into training.
    """
    return np.argsort(np.random.PCG64(seed).random_raw(count), kind="stable").astype("<i8")
