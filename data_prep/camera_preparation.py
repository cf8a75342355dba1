"""From the images of six cameras to checked arrays: what `resilinet data camera` does.

What six cameras see of one object in one frame is one example, in the order of the cameras. The released code groups
images by the number of the frame alone, in the order in which the file system lists them, and so mixes objects.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from data_prep.camera_arrays import CAMERAS, CLASSES, DESCRIPTION, SIDE
from data_prep.prepared_arrays import FORMAT, file_sha256
from data_prep.sealed_arrays import list_files, sealed, vouch
from data_prep.source_folders import folder_holding
from resilinet.data import DataError
from resilinet.messages import refused

__all__ = ["prepare_camera"]

_FOLDERS = {"train": "train_dir", "validation": "test_dir", "test": "holdout_dir"}
_IMAGE = re.compile(rf"({'|'.join(CLASSES)})_images/c([0-{CAMERAS - 1}])_([0-9]+)_([0-9]+)\.jpg")
"""Class, camera, object and frame."""
_VERSION = 1
"""Raised when what is made of the same files changes."""


def prepare_camera(source: Path, root: Path) -> Path:
    """Write the arrays of the camera experiment and return their folder, `root/camera`.

    `source`, or a folder within it, holds `train_dir`, `test_dir` (which validates) and `holdout_dir` (which tests),
    each with `person_images`, `car_images` and `bus_images`. An object and frame that not all cameras have an image of
    is dropped, and counted in the manifest. Written for each part: `<part>-x.npy`, `(N, 6, 3, 32, 32)` uint8, and
    `<part>-y.npy`, `(N,)` uint8.
    `files.csv` names the six files of each example, in this order, with their part and sha256. `manifest.json` holds
    the fingerprint, a hash of these sha256 and not of the pixels, because JPEG decoders may differ by a shade.

    Raises:
        DataError: a folder is missing, a class has no whole set, a file is none of these images, or an image is not
            whole, not of 32 x 32 pixels, or not in colour.
    """
    source = folder_holding(source, tuple(_FOLDERS.values()))
    parts: dict[str, dict[Path, int]] = {}
    dropped: dict[str, int] = {}
    for part, name in _FOLDERS.items():
        parts[part], dropped[part] = _images(source / name)
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "dataset": DESCRIPTION["name"],
        "description": DESCRIPTION,
        "version": _VERSION,
        "classes": list(CLASSES),
        "sets_per_class": {},
        "incomplete_sets_dropped": dropped,
        "arrays": {},
    }
    folder = root / "camera"
    with sealed(folder, manifest) as place:
        listed = []
        for part, images in parts.items():
            x = np.stack([_pixels(path) for path in images]).reshape(-1, CAMERAS, 3, SIDE, SIDE)
            y = np.array(list(images.values())[::CAMERAS], np.uint8)
            for name, array in ((f"{part}-x.npy", x), (f"{part}-y.npy", y)):
                np.save(place / name, array, allow_pickle=False)
                manifest["arrays"][name] = vouch(place / name)
            manifest["sets_per_class"][part] = np.bincount(y, minlength=len(CLASSES)).tolist()
            listed += [(part, path.relative_to(source).as_posix(), file_sha256(path)) for path in images]
        list_files(place, manifest, listed)
    return folder


def _images(folder: Path) -> tuple[dict[Path, int], int]:
    """The class of every image in a part's whole sets, six after six, and how many sets are not whole."""
    for path in (folder, *(folder / f"{kind}_images" for kind in CLASSES)):
        if not path.is_dir():
            raise DataError(
                f"{path}: there is no such folder; give the one that holds {', '.join(_FOLDERS.values())}, each with "
                f"{', '.join(f'{kind}_images' for kind in CLASSES)}"
            )
    sets: dict[tuple[int, str, str], list[Path]] = defaultdict(list)
    # What begins with a dot an operating system or an editor left there.
    inside = (path for path in folder.glob("[!.]*/*") if not path.name.startswith("."))
    beside = (path for path in folder.glob("[!.]*") if not path.is_dir())
    for path in sorted([*beside, *inside]):
        match = _IMAGE.fullmatch(path.relative_to(folder).as_posix())
        if not match:
            raise DataError(
                f"{path}: no image of a camera; these are called c<camera>_<object>_<frame>.jpg, with cameras from 0 "
                f"to {CAMERAS - 1}"
            )
        sets[CLASSES.index(match[1]), match[3], match[4]].append(path)
    whole = {key: paths for key, paths in sorted(sets.items()) if len(paths) == CAMERAS}
    for label, kind in enumerate(CLASSES):
        if not any(key[0] == label for key in whole):
            raise DataError(
                f"{folder / f'{kind}_images'}: of no object and frame do all {CAMERAS} cameras have an image"
            )
    return {path: key[0] for key, paths in whole.items() for path in paths}, len(sets) - len(whole)


def _pixels(path: Path) -> NDArray[np.uint8]:
    """The image in a file, `(3, 32, 32)`."""
    try:
        with Image.open(path) as image:
            pixels = np.asarray(image)
    except Exception as fault:  # what a decoder raises depends on the damage
        if refused(fault):
            raise
        # An unknown format is reported with the name of the file once more.
        raise DataError(
            f"{path}: not a whole image ({str(fault).partition(' ' + repr(str(path)))[0]})"
        ) from None
    if image.mode != "RGB" or image.size != (SIDE, SIDE):
        width, height = image.size
        raise DataError(
            f"{path}: {width} x {height} pixels of mode {image.mode}, where cameras have {SIDE} x {SIDE} of mode RGB"
        )
    return pixels.transpose(2, 0, 1)
