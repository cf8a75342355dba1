"""The Health data set (MHEALTH) as the paper uses it: 23 sensor channels, 12 activities.

Section 3.1 of the paper. Arrays are made once by `resilinet data health` and checked against
their manifest at every load.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_prep.prepared_arrays import PreparedDataError, checked_arrays, checked_manifest
from resilinet.data import DataError, Dataset
from resilinet.data.assembly import assembled, fingerprinted
from resilinet.data.splits import Parts, check_seed, rows_at_random, shuffled

__all__ = ["CLASSES", "SPLITS", "load_health", "whole_subjects"]

CHANNELS = 23
LABELS = range(13)


@dataclass(frozen=True)
class Preprocessing:
    """A named way from recordings to arrays; `version` is raised when its outcome changes."""

    name: str
    version: int
    steps: tuple[str, ...]

    @property
    def described(self) -> dict[str, Any]:
        """All of it, as the manifest has it."""
        return {"name": self.name, "version": self.version, "steps": list(self.steps)}


PREPROCESSINGS = {
    "released-code": Preprocessing(
        "released-code",
        1,
        (
            "drop rows of label 0",
            "truncate values towards zero",
            "drop the first remaining row of each subject",
            "concatenate subjects 1 to 10",
        ),
    ),
    "float": Preprocessing(
        "float",
        1,
        ("drop rows of label 0", "concatenate subjects 1 to 10", "round to float32"),
    ),
}


CLASSES = len(LABELS)
"""Outputs of the paper's network: labels 1 to 12, and label 0, which never occurs."""

SPLITS = ("random", "subject")

_ARRAYS = ("x.npy", "y.npy", "subject.npy")


def load_health(
    root: Path,
    preprocessing: str = "released-code",
    split: str = "random",
    split_seed: int = 0,
    fold: int = 0,
) -> Dataset:
    """Load the prepared Health data and split it into training, validation and test examples.

    `random` is the paper's split of rows: 80 % train, 10 % validation, and the rest, rounded
    down in this order, so 274,548, 34,318 and 34,319 rows of the released code's 343,185.
    `subject` keeps people apart: of ten, seven train, one validates and two test, and over the folds
    0 to 4 everybody tests once. `split_seed` decides which rows or people go where.
    Shapes: x `(N, 23)`, y `(N,)` from 1 to 12. With `released-code` x holds whole sensor units;
    with `float` each channel has mean 0 and standard deviation 1 over the training rows.

    Raises:
        DataError: an argument is not allowed; :class:`PreparedDataError` where the arrays under `root` are missing,
            cut off or altered.
    """
    if preprocessing not in PREPROCESSINGS:
        raise DataError(
            f"preprocessing {preprocessing!r} is unknown; it must be {' or '.join(PREPROCESSINGS)}"
        )
    if split not in SPLITS:
        raise DataError(f"split {split!r} is unknown; it must be {' or '.join(SPLITS)}")
    check_seed(split_seed)
    if split == "random" and fold:
        raise DataError(f"a random split has one fold, 0, and no fold {fold!r}")
    folder = Path(root) / "health" / preprocessing
    x, y, subject = _checked_arrays(folder, preprocessing)
    description: dict[str, Any] = {
        "name": "health",
        "preprocessing": preprocessing,
        "split": split,
        "split_seed": split_seed,
    }
    if split == "random":
        parts = rows_at_random(len(y), split_seed)
    else:
        parts, description["fold"] = whole_subjects(subject, split_seed, fold), fold
    facts = {"preprocessing_version": PREPROCESSINGS[preprocessing].version}
    values = _standardised(x, parts[0]) if preprocessing == "float" else x.astype(np.float32)
    return assembled(fingerprinted(description, (x, y), parts, facts), values, y, parts, CLASSES)


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


def _checked_arrays(folder: Path, preprocessing: str) -> tuple[NDArray[Any], ...]:
    """Map x, y and subject, refusing what is not what the manifest says."""
    made = {"dataset": "health", "preprocessing": PREPROCESSINGS[preprocessing].described}
    x, y, subject = checked_arrays(folder, checked_manifest(folder, made), _ARRAYS)
    if x.shape != (len(y), CHANNELS) or y.shape != subject.shape:
        raise PreparedDataError(f"{folder}: arrays of {x.shape}, {y.shape}, {subject.shape}")
    return x, y, subject


def _standardised(x: NDArray[Any], train: NDArray[np.int64]) -> NDArray[np.float32]:
    """Shift and scale each channel by the mean and deviation of its training rows."""
    seen = x[train].astype(np.float64)
    deviation = seen.std(axis=0)
    # A channel that never changes carries nothing; it becomes 0 rather than a division by 0.
    deviation[deviation == 0] = 1.0
    return ((x - seen.mean(axis=0)) / deviation).astype(np.float32)
