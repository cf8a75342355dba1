"""From folders of photographs to checked arrays: what `resilinet data imagenet` and `imagenette160` do.

ImageNet is 98 GB once it is decoded, so images go one after another from their files to the arrays and
are never together in memory. Every image is squashed to a square, as Keras's `target_size` does for the
code released with the paper; nothing is cropped away. Between pixels it is averaged (bilinear with
antialiasing), where Keras takes the nearest pixel by default, which roughens what it makes smaller.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from data_prep.photograph_arrays import Collection, description_of, tenth_held_out
from data_prep.photograph_folders import find_samples
from data_prep.prepared_arrays import FORMAT, checked_manifest, file_sha256
from data_prep.sealed_arrays import list_files, sealed, vouch
from data_prep.source_folders import folder_holding
from data_prep.torchvision_import import import_torchvision
from resilinet.data import DataError
from resilinet.data.splits import check_seed, shuffled
from resilinet.messages import refused

__all__ = ["prepare_images"]


_VERSION = 1
"""Raised when what is made of the same files changes."""

_AT_ONCE = 256
"""Images decoded side by side before they are written."""


def prepare_images(collection: Collection, source: Path, root: Path, split_seed: int = 0) -> Path:
    """Write the arrays of a collection and return their folder, `root/<name>/split-<split_seed>`.

    `source`, or a folder within it, holds `train` and `val`, each with a folder of images for each class.
    Under `val` lie the test images; a random tenth of those under `train`, chosen by `split_seed`, validates.
    Written for each part, in random order, so that its first images are a fair sample of it:
    `<part>-x.npy`, `(N, 3, side, side)` uint8, and `<part>-y.npy`, `(N,)` int16. `files.csv` names
    the file of each image in this order, with its part and sha256. `manifest.json` holds the
    fingerprint, a hash of these sha256 and not of the pixels, because JPEG decoders may differ by
    a shade.

    Raises:
        DataError: the layout is unknown, a class has no images, the images are not those of the
            collection, a file is no whole image, or there is too little room on the disk.
    """
    check_seed(split_seed)
    source = folder_holding(source, ("train", "val"))
    classes, samples = find_samples(collection, source)
    train, validation = tenth_held_out(len(samples["train"]), split_seed)
    parts = {
        "train": [samples["train"][row] for row in train],
        "validation": [samples["train"][row] for row in validation],
        "test": [samples["val"][row] for row in shuffled(len(samples["val"]), split_seed)],
    }
    folder = root / collection.name / f"split-{split_seed}"
    _check_room(root, sum(map(len, parts.values())) * 3 * collection.side**2)
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "dataset": collection.name,
        "description": description_of(collection, split_seed),
        "version": _VERSION,
        "classes": classes,
        "images": {part: len(files) for part, files in parts.items()},
        "arrays": {},
    }
    with sealed(folder, manifest) as place:
        listed: list[tuple[str, str, str]] = []
        for part, files in parts.items():
            sums = _write_images(place / f"{part}-x.npy", [path for path, _ in files], collection.side, part)
            np.save(
                place / f"{part}-y.npy", np.array([label for _, label in files], "<i2"), allow_pickle=False
            )
            names = (path.relative_to(source).as_posix() for path, _ in files)
            listed += [(part, name, found) for name, found in zip(names, sums, strict=True)]
            for name in (f"{part}-x.npy", f"{part}-y.npy"):
                manifest["arrays"][name] = vouch(place / name)
        list_files(place, manifest, listed)
    return folder


def prepared_fingerprint(folder: Path) -> str:
    """The fingerprint of what :func:`prepare_images` wrote into a folder, as the manifest there has it."""
    return str(checked_manifest(folder, {})["fingerprint"])


def _check_room(root: Path, wanted: int) -> None:
    root.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(root).free
    if free < wanted:
        raise DataError(f"{root}: {wanted / 1e9:.1f} GB are needed, and {free / 1e9:.1f} GB are free")


def _write_images(path: Path, files: Sequence[Path], side: int, part: str) -> list[str]:
    """Write the images of these files as one NumPy array and return the sha256 of each file."""
    sums = []
    console = Console(stderr=True)
    with path.open("wb") as file:
        shape = (len(files), 3, side, side)
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        for found, pixels in track(
            _images(files, side),
            f"Images of {part}",
            total=len(files),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        ):
            sums.append(found)
            file.write(pixels.tobytes())
    return sums


def _images(files: Sequence[Path], side: int) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Decode files in order, a number of them at once: decoders leave other threads to run."""
    with ThreadPoolExecutor() as pool:
        for start in range(0, len(files), _AT_ONCE):
            yield from pool.map(partial(_image, side=side), files[start : start + _AT_ONCE])


def _image(path: Path, side: int) -> tuple[str, NDArray[np.uint8]]:
    """Return the sha256 of a file and its image `(3, side, side)`."""
    vision = import_torchvision()
    try:
        image = vision.datasets.folder.pil_loader(path)
    except Exception as fault:  # what a decoder raises depends on the damage
        if refused(fault):
            raise
        # An unknown format is reported with the name of Python's file object, which helps nobody.
        raise DataError(f"{path}: not a whole image ({str(fault).partition(' <')[0]})") from None
    squashed = vision.transforms.functional.resize(image, [side, side])
    return file_sha256(path), vision.transforms.functional.pil_to_tensor(squashed).numpy()
