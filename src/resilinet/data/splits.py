"""Splits of a data set into training, validation and test rows, fixed by a seed.

The paper's split is of rows; section 3.1. A split by subject is stricter, since
neighbouring rows of one person are nearly alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from resilinet.data import DataError

__all__ = ["Parts", "check_seed", "rows_at_random", "shuffled", "tenth_held_out", "whole_subjects"]

Parts = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""Row numbers of training, validation and test examples."""


def check_seed(split_seed: object) -> None:
    """Refuse a seed of a split that no generator takes.

    Raises:
        DataError: it is no whole number from 0 up.
    """
    if type(split_seed) is not int or split_seed < 0:
        raise DataError(f"split_seed must be a whole number from 0 up, not {split_seed!r}")


def rows_at_random(rows: int, seed: int) -> Parts:
    """Split rows 0 .. rows - 1 into 80 % train, 10 % validation, both rounded down, rest test."""
    order = shuffled(rows, seed)
    train, validation = rows * 8 // 10, rows // 10
    return order[:train], order[train : train + validation], order[train + validation :]


def tenth_held_out(rows: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split rows 0 .. rows - 1 into those to train on and a random tenth, rounded down, to validate on.

    Both come in random order, so that the first rows of either are a fair sample of it.
    """
    order = shuffled(rows, seed)
    return order[rows // 10 :], order[: rows // 10]


def whole_subjects(subject: NDArray[np.uint8], seed: int, fold: int) -> Parts:
    """Split rows so that nobody is in two parts: two subjects test, one validates, the rest train.

    `subject` is `(N,)` and names who recorded each row; rows keep their order. The seed decides in which order the
    subjects come; fold 0 tests on the first two of them, fold 1 on the next two, and whoever comes next validates.
    So over all folds of an even number of subjects everybody tests once.

    Raises:
        DataError: there are fewer than 4 subjects, or nobody is in the fold.
    """
    present = np.unique(subject)
    if len(present) < 4:
        raise DataError(f"a split by subject needs 4 subjects or more, and there are {len(present)}")
    folds = len(present) // 2
    if type(fold) is not int or not 0 <= fold < folds:
        raise DataError(
            f"fold {fold!r} has no person in it: {len(present)} people make the folds 0 to {folds - 1}"
        )
    order = np.roll(present[shuffled(len(present), seed)], -2 * fold)
    groups = order[3:], order[2:3], order[:2]
    train, validation, test = (np.flatnonzero(np.isin(subject, group)) for group in groups)
    return train.astype("<i8"), validation.astype("<i8"), test.astype("<i8")


def shuffled(count: int, seed: int) -> NDArray[np.int64]:
    """Shuffle 0 .. count - 1 the same way with every version of NumPy.

    NumPy promises the raw bits of PCG64 for all time, but not what `Generator.permutation` makes
    of them, and a split that changed with a library would silently move test rows into training.
    """
    return np.argsort(np.random.PCG64(seed).random_raw(count), kind="stable").astype("<i8")
