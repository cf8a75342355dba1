"""Which photographs are ImageNet's, which its stand-in's, and where their files lie.

Both come as a folder for each class under `train` and under `val`, the layout in which torchvision
and most others unpack ImageNet.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from data_prep.photograph_arrays import Collection
from data_prep.torchvision_import import import_torchvision
from resilinet.data import DataError
from resilinet.messages import brief

__all__ = ["Sample", "find_samples"]


Sample = tuple[Path, int]
"""A file and its class."""


def find_samples(collection: Collection, source: Path) -> tuple[list[str], dict[str, list[Sample]]]:
    """List the classes, and the files of `train` and `val` with their class, in alphabetic order.

    Raises:
        DataError: the layout is unknown, a class has no images, there are fewer than ten images to
            train on, or the classes or numbers of images are not those of the collection.
    """
    if not all((source / part).is_dir() for part in ("train", "val")):
        raise DataError(
            f"{source}: unknown layout; it must hold the folders train and val, and each of them a folder of "
            "images for each class, such as n01440764"
        )
    samples: dict[str, list[Sample]] = {}
    classes: dict[str, list[str]] = {}
    for part in ("train", "val"):
        try:
            folder = import_torchvision().datasets.ImageFolder(source / part)
        except FileNotFoundError as fault:
            raise DataError(f"{source / part}: {brief(fault)}; each class is a folder of images") from None
        classes[part] = folder.classes
        samples[part] = [(Path(path), label) for path, label in folder.samples]
        _check_collection(collection, source / part, folder.classes, len(folder.samples))
    if classes["train"] != classes["val"]:
        odd = min(set(classes["train"]) ^ set(classes["val"]))
        raise DataError(f"{source}: the class {odd} lies under train or val only")
    if len(samples["train"]) < 10:
        raise DataError(
            f"{source / 'train'}: a tenth of {len(samples['train'])} images is none to validate on"
        )
    return classes["train"], samples


def _check_collection(collection: Collection, folder: Path, classes: Sequence[str], images: int) -> None:
    """Refuse other photographs, so that no result of theirs bears this name."""
    if len(classes) != collection.classes or (collection.synsets and tuple(classes) != collection.synsets):
        raise DataError(
            f"{folder}: holds {len(classes)} classes from {classes[0]} to {classes[-1]}, which are not the "
            f"{collection.classes:,} of {collection.name}"
        )
    wanted = (collection.images or {}).get(folder.name, images)
    if images != wanted:
        raise DataError(f"{folder}: {images:,} images where {collection.name} has {wanted:,}")
