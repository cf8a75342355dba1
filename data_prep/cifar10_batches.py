"""CIFAR-10 as published becomes checked arrays."""

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

from data_prep.cifar10_arrays import ARRAYS, CLASSES, MADE
from data_prep.download import fetched
from data_prep.prepared_arrays import FORMAT
from data_prep.sealed_arrays import keep
from data_prep.source_folders import folder_holding
from data_prep.torchvision_import import import_torchvision
from resilinet.atomic_files import naming
from resilinet.data import DataError


def prepare_cifar10(source: Path | None, root: Path) -> Path:
    """Write `x.npy`, `y.npy` and `manifest.json` into `root/cifar10` and return that folder.

    `source` is the folder `cifar-10-batches-py`, whatever it is called now, one around it, or the official
    archive `cifar-10-python.tar.gz`; with `None` the archive is downloaded. Shapes: x `(60000, 3, 32, 32)`
    uint8, first the five training files and then the test file; y `(60000,)` uint8.

    Raises:
        DataError: the download breaks off, or a file is missing or has another md5 than torchvision
            knows for it; the file is named.
    """
    with _as_batches(source, root) as batches:
        x, y, files = _read(batches)
    manifest = {
        "format": FORMAT,
        **MADE,
        "source": {"md5": files},
        "images": len(y),
        "images_per_class": np.bincount(y, minlength=CLASSES).tolist(),
        "arrays": {},
    }
    folder = root / "cifar10"
    keep(folder, manifest, dict(zip(ARRAYS, (x, y), strict=True)))
    return folder


def _torchvision_cifar10() -> Any:
    return import_torchvision().datasets.CIFAR10


def _files() -> dict[str, str]:
    """The published md5 of each file."""
    cifar10 = _torchvision_cifar10()
    return dict([*cifar10.train_list, *cifar10.test_list, [cifar10.meta["filename"], cifar10.meta["md5"]]])


@contextmanager
def _as_batches(source: Path | None, root: Path) -> Iterator[Path]:
    """Give the folder that holds the files, for an archive one that vanishes afterwards."""
    cifar10 = _torchvision_cifar10()
    if source is None:
        with (
            fetched(cifar10.url, root / "downloads", cifar10.filename) as download,
            _as_batches(download, root) as batches,
        ):
            yield batches
    elif source.is_file():
        _check_md5(source, cifar10.tgz_md5)
        with tempfile.TemporaryDirectory() as folder:
            with naming(Path(folder)), tarfile.open(source) as archive:
                archive.extractall(folder, filter="data")
            yield Path(folder) / cifar10.base_folder
    else:
        yield folder_holding(source, tuple(_files()))


def _read(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8], dict[str, str]]:
    """Read the images, the labels and the md5 of each file, having checked every file."""
    files = _files()
    # These are pickles, which could do anything when read. torchvision checks them, too, but does
    # not say which one is at fault.
    for name, md5 in files.items():
        _check_md5(folder / name, md5)
    # By torchvision, but from a folder of any name.
    cifar10 = type("CIFAR10", (_torchvision_cifar10(),), {"base_folder": ""})
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
