"""CIFAR-10 as the paper uses it: 60,000 colour images of 32 x 32 pixels in ten classes.

Section 3.1 of the paper. The published training and test images are merged and split anew, as the
code released with the paper does. Arrays are made once by `resilinet data cifar10` and checked
against their manifest at every load.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data_prep.prepared_arrays import PreparedDataError, checked_arrays, checked_manifest
from resilinet.data import Dataset
from resilinet.data.assembly import assembled, fingerprinted
from resilinet.data.images import check_policy
from resilinet.data.splits import check_seed, rows_at_random

__all__ = ["ARRAYS", "CLASSES", "MADE", "load_cifar10"]

CLASSES = 10

MADE: dict[str, Any] = {"dataset": "cifar10", "preprocessing": {"name": "unit", "version": 1}}
ARRAYS = ("x.npy", "y.npy")


def load_cifar10(root: Path, split_seed: int = 0, augmentation: str = "released-code") -> Dataset:
    """Load the prepared images and split them at random into training, validation and test images.

    80 % train, 10 % validate and 10 % test: 48,000, 6,000 and 6,000 of the 60,000. `split_seed`
    decides which. `augmentation` is for the trainer and changes no tensor, so it is part of the
    description but not of the fingerprint. Shapes: x `(N, 3, 32, 32)` uint8, to be scaled to [0, 1]
    by :func:`resilinet.data.images.as_input`; y `(N,)` from 0 to 9.

    Raises:
        DataError: an argument is not allowed; :class:`PreparedDataError` where the arrays under `root` are missing,
            cut off or altered.
    """
    check_policy(augmentation)
    check_seed(split_seed)
    folder = Path(root) / "cifar10"
    manifest = checked_manifest(folder, MADE)
    x, y = checked_arrays(folder, manifest, ARRAYS)
    if x.shape != (len(y), 3, 32, 32) or y.ndim != 1:
        raise PreparedDataError(f"{folder}: arrays of {x.shape} and {y.shape}")
    parts = rows_at_random(len(y), split_seed)
    description = {
        "name": "cifar10",
        "preprocessing": "unit",
        "split": "random",
        "split_seed": split_seed,
    }
    facts = {"preprocessing_version": MADE["preprocessing"]["version"]}
    described = {**fingerprinted(description, (x, y), parts, facts), "augmentation": augmentation}
    return assembled(described, x, y, parts, CLASSES)
