"""The Health data set (MHEALTH) as the paper uses it: 23 sensor channels, 12 activities.

Section 4.1 of the paper. Arrays are made once by `resilinet data health` and checked against
their manifest at every load.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from resilinet.datasets import DataError, Dataset, Examples
from resilinet.datasets.fingerprint import content_sha256, file_sha256, fingerprint
from resilinet.datasets.health_preparation import FORMAT, PREPROCESSINGS
from resilinet.datasets.sensor_log import CHANNELS, LABELS
from resilinet.datasets.splits import check_seed, rows_at_random, whole_subjects

__all__ = ["CLASSES", "SPLITS", "load_health"]

CLASSES = len(LABELS)
"""Outputs of the paper's network: labels 1 to 12, and label 0, which never occurs."""

SPLITS = ("random", "subject")

_HINT = "prepare the data with `resilinet data health`"
_ARRAYS = ("x.npy", "y.npy", "subject.npy")


def load_health(
    root: Path,
    preprocessing: str = "released-code",
    split: str = "random",
    split_seed: int = 0,
) -> Dataset:
    """Load the prepared Health data and split it into training, validation and test examples.

    `random` is the paper's split of rows: 80 % train, 10 % validation, and the rest, rounded
    down in this order, so 274,548, 34,318 and 34,319 rows of the released code's 343,185.
    `subject` keeps people apart: 8 train, 1 validation, 1 test. `split_seed` decides which.
    Shapes: x `(N, 23)`, y `(N,)` from 1 to 12. With `released-code` x holds whole sensor units;
    with `float` each channel has mean 0 and standard deviation 1 over the training rows.

    Raises:
        DataError: an argument is not allowed, or the arrays under `root` are missing, cut off or
            altered.
    """
    if preprocessing not in PREPROCESSINGS:
        raise DataError(
            f"preprocessing {preprocessing!r} is unknown; it must be {' or '.join(PREPROCESSINGS)}"
        )
    if split not in SPLITS:
        raise DataError(f"split {split!r} is unknown; it must be {' or '.join(SPLITS)}")
    check_seed(split_seed)
    folder = Path(root) / "health" / preprocessing
    x, y, subject = _checked_arrays(folder, preprocessing)
    parts = rows_at_random(len(y), split_seed) if split == "random" else whole_subjects(subject, split_seed)
    description = {
        "name": "health",
        "preprocessing": preprocessing,
        "split": split,
        "split_seed": split_seed,
    }
    evidence = {
        "preprocessing_version": PREPROCESSINGS[preprocessing].version,
        "arrays": [content_sha256(array) for array in (x, y)],
        "parts": [content_sha256(rows) for rows in parts],
    }
    values = _standardised(x, parts[0]) if preprocessing == "float" else x.astype(np.float32)
    train, validation, test = (
        Examples(
            torch.from_numpy(values[rows]),
            torch.from_numpy(y[rows].astype(np.int64)),
        )
        for rows in parts
    )
    return Dataset(
        name="health",
        description={**description, "fingerprint": fingerprint({**description, **evidence})},
        train=train,
        validation=validation,
        test=test,
        classes=CLASSES,
    )


def _checked_arrays(folder: Path, preprocessing: str) -> tuple[NDArray[Any], ...]:
    """Read x, y and subject, refusing what is not what the manifest says."""
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        entries = {name: manifest["arrays"][name] for name in _ARRAYS}
        made = (manifest["format"], manifest["dataset"], manifest["preprocessing"]["name"])
        version = manifest["preprocessing"]["version"]
        promised = {name: (entry["sha256"], entry["shape"]) for name, entry in entries.items()}
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file; {_HINT}") from None
    except (ValueError, KeyError, TypeError) as fault:
        raise DataError(f"{path}: not a manifest of prepared data ({fault!r}); {_HINT}") from None
    wanted = (FORMAT, "health", preprocessing), PREPROCESSINGS[preprocessing].version
    if (made, version) != wanted:
        raise DataError(
            f"{path}: describes {made} version {version}, not {wanted[0]} version {wanted[1]}; {_HINT}"
        )
    arrays = tuple(_checked_array(folder / name, *promised[name]) for name in _ARRAYS)
    x, y, subject = arrays
    if x.shape != (len(y), CHANNELS) or y.shape != subject.shape:
        raise DataError(f"{folder}: arrays of {x.shape}, {y.shape}, {subject.shape}; {_HINT}")
    return arrays


def _checked_array(path: Path, sha256: str, shape: list[int]) -> NDArray[Any]:
    if not path.is_file():
        raise DataError(f"{path}: there is no such file; {_HINT}")
    found = file_sha256(path)
    if found != sha256:
        raise DataError(
            f"{path}: its sha256 is {found} where the manifest has {sha256}; the file has been "
            f"cut off or altered; {_HINT}"
        )
    array: NDArray[Any] = np.load(path, allow_pickle=False)
    if list(array.shape) != shape:
        raise DataError(f"{path}: shape {array.shape} where the manifest has {shape}; {_HINT}")
    return array


def _standardised(x: NDArray[Any], train: NDArray[np.int64]) -> NDArray[np.float32]:
    """Shift and scale each channel by the mean and deviation of its training rows."""
    seen = x[train].astype(np.float64)
    deviation = seen.std(axis=0)
    # A channel that never changes carries nothing; it becomes 0 rather than a division by 0.
    deviation[deviation == 0] = 1.0
    return ((x - seen.mean(axis=0)) / deviation).astype(np.float32)
