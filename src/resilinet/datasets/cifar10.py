"""CIFAR-10 as the paper uses it: 60,000 colour images of 32 x 32 pixels in ten classes.

Section 3.1 of the paper. The published training and test images are merged and split anew, as the
code released with the paper does. Arrays are made once by `resilinet data cifar10` and checked
against their manifest at every load.
"""

from __future__ import annotations

import tarfile
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resilinet.datasets import DataError, Dataset
from resilinet.datasets.assembly import assembled
from resilinet.datasets.augmentation import check_policy
from resilinet.datasets.download import fetch_archive
from resilinet.datasets.prepared import FORMAT, checked_arrays, checked_manifest, keep
from resilinet.datasets.splits import check_seed, rows_at_random
from resilinet.torchvision_import import import_torchvision

__all__ = ["CLASSES", "load_cifar10", "prepare_cifar10"]

CLASSES = 10

_HINT = "prepare the data with `resilinet data cifar10`"
_MADE: dict[str, Any] = {"dataset": "cifar10", "preprocessing": {"name": "unit", "version": 1}}
_ARRAYS = ("x.npy", "y.npy")


def prepare_cifar10(source: Path | None, root: Path) -> Path:
    """Write `x.npy`, `y.npy` and `manifest.json` into `root/cifar10` and return that folder.

    `source` is the folder `cifar-10-batches-py`, the folder it lies in, or the official archive
    `cifar-10-python.tar.gz`; with `None` the archive is downloaded. Shapes: x `(60000, 3, 32, 32)`
    uint8, first the five training files and then the test file; y `(60000,)` uint8.

    Raises:
        DataError: the download breaks off, or a file is missing or has another md5 than torchvision
            knows for it; the file is named.
    """
    with _as_batches(source, root) as batches:
        x, y, files = _read(batches)
    manifest = {
        "format": FORMAT,
        **_MADE,
        "source": {"md5": files},
        "images": len(y),
        "images_per_class": np.bincount(y, minlength=CLASSES).tolist(),
        "arrays": {},
    }
    folder = root / "cifar10"
    keep(folder, manifest, dict(zip(_ARRAYS, (x, y), strict=True)))
    return folder


def load_cifar10(root: Path, split_seed: int = 0, augmentation: str = "released-code") -> Dataset:
    """Load the prepared images and split them at random into training, validation and test images.

    80 % train, 10 % validate and 10 % test: 48,000, 6,000 and 6,000 of the 60,000. `split_seed`
    decides which. `augmentation` is for the trainer and changes no tensor, so it is part of the
    description but not of the fingerprint. Shapes: x `(N, 3, 32, 32)` uint8, to be scaled to [0, 1]
    by :func:`resilinet.datasets.images.as_input`; y `(N,)` from 0 to 9.

    Raises:
        DataError: an argument is not allowed, or the arrays under `root` are missing, cut off or
            altered.
    """
    check_policy(augmentation)
    check_seed(split_seed)
    folder = Path(root) / "cifar10"
    manifest = checked_manifest(folder, _MADE, _HINT)
    x, y = checked_arrays(folder, manifest, _ARRAYS, _HINT)
    if x.shape != (len(y), 3, 32, 32) or y.ndim != 1:
        raise DataError(f"{folder}: arrays of {x.shape} and {y.shape}; {_HINT}")
    parts = rows_at_random(len(y), split_seed)
    description = {
        "name": "cifar10",
        "preprocessing": "unit",
        "split": "random",
        "split_seed": split_seed,
    }
    facts = {"preprocessing_version": _MADE["preprocessing"]["version"]}
    return assembled(description, x, y, parts, CLASSES, facts=facts, augmentation=augmentation)


def _torchvision_cifar10() -> Any:
    return import_torchvision().datasets.CIFAR10


@contextmanager
def _as_batches(source: Path | None, root: Path) -> Iterator[Path]:
    """Give the folder that holds cifar-10-batches-py, for an archive one that vanishes afterwards."""
    cifar10 = _torchvision_cifar10()
    if source is None:
        source = fetch_archive(cifar10.url, root / "downloads", cifar10.filename)
    if not source.is_file():
        yield source.parent if source.resolve().name == cifar10.base_folder else source
        return
    _check_md5(source, cifar10.tgz_md5)
    with tempfile.TemporaryDirectory() as folder, tarfile.open(source) as archive:
        archive.extractall(folder, filter="data")
        yield Path(folder)


def _read(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8], dict[str, str]]:
    """Read the images, the labels and the md5 of each file, having checked every file."""
    cifar10 = _torchvision_cifar10()
    files = dict([*cifar10.train_list, *cifar10.test_list, [cifar10.meta["filename"], cifar10.meta["md5"]]])
    # These are pickles, which could do anything when read. torchvision checks them, too, but does
    # not say which one is at fault.
    for name, md5 in files.items():
        _check_md5(folder / cifar10.base_folder / name, md5)
    with warnings.catch_warnings():
        # The pickles were written by a NumPy of long ago, which the NumPy of today remarks on.
        warnings.filterwarnings("ignore", "dtype.*align", np.exceptions.VisibleDeprecationWarning)
        parts = [cifar10(folder, train=train) for train in (True, False)]
    x = np.concatenate([part.data for part in parts]).transpose(0, 3, 1, 2)
    y = np.concatenate([part.targets for part in parts])
    return np.ascontiguousarray(x), y.astype(np.uint8), files


def _check_md5(path: Path, md5: str) -> None:
    if not path.is_file():
        raise DataError(f"{path}: there is no such file; give the folder cifar-10-batches-py or the archive")
    found = import_torchvision().datasets.utils.calculate_md5(path)
    if found != md5:
        raise DataError(
            f"{path}: its md5 is {found} where {md5} is published, so it is cut off or altered, or another file; "
            "give cifar-10-python.tar.gz or the folder cifar-10-batches-py as published"
        )
