"""Prepared arrays on disk: NumPy files that are mapped rather than read, and a manifest that vouches for them.

Every file is compared with its manifest before it is used. Up to :data:`WHOLLY_CHECKED` bytes a file
is hashed whole. A larger one, which would take minutes, must have the type, the shape and the length
that the manifest states, and a sample of its rows must have the sha256 stated there; the sha256 of the
whole stands beside it for whoever wants to take the time.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from resilinet.data import DataError, Examples
from resilinet.data.assembly import fingerprint

__all__ = [
    "FORMAT",
    "WHOLLY_CHECKED",
    "PreparedDataError",
    "checked_arrays",
    "checked_manifest",
    "file_sha256",
    "fingerprint_of",
    "listed_parts",
    "sample_sha256",
]

FORMAT = 1
"""The version of the manifest's layout."""

WHOLLY_CHECKED = 1 << 30
"""Bytes; a file up to this size is hashed whole at every load."""

_SAMPLED_ROWS = 64


class PreparedDataError(DataError):
    """A folder that does not hold the prepared data that are asked for; preparing them again helps."""


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checked_manifest(folder: Path, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Read a manifest and compare it with what is `wanted` of it.

    Raises:
        PreparedDataError: it is missing, unreadable, or of other data.
    """
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        found = {key: manifest[key] for key in ("format", *wanted)}
        if not all(isinstance(entry, dict) for entry in manifest["arrays"].values()):
            raise TypeError("arrays")
    except FileNotFoundError:
        raise PreparedDataError(f"{path}: there is no such file") from None
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise PreparedDataError(f"{path}: not a manifest of prepared data ({fault!r})") from None
    if found != {"format": FORMAT, **wanted}:
        raise PreparedDataError(f"{path}: describes {found}, not { {'format': FORMAT, **wanted} }")
    return dict(manifest)


def checked_arrays(folder: Path, manifest: Mapping[str, Any], names: Sequence[str]) -> list[NDArray[Any]]:
    """Map the named arrays of a folder, read-only, having compared each with the manifest.

    Raises:
        PreparedDataError: a file is missing, cut off, altered, or not what the manifest says; it is named.
    """
    return [_checked(folder / name, manifest["arrays"].get(name, {})) for name in names]


def _checked(path: Path, entry: Mapping[str, Any]) -> NDArray[Any]:
    if not path.is_file():
        raise PreparedDataError(f"{path}: there is no such file")
    whole = path.stat().st_size <= WHOLLY_CHECKED
    if whole:
        _compare(path, "", file_sha256(path), entry.get("sha256"))
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as fault:
        raise PreparedDataError(f"{path}: cut off or no array ({fault})") from None
    for fact, found in (("dtype", array.dtype.str), ("shape", list(array.shape))):
        if found != entry.get(fact):
            raise PreparedDataError(f"{path}: {fact} {found} where the manifest has {entry.get(fact)}")
    if not whole:
        _compare(path, "a sample of ", sample_sha256(array), entry.get("sample_sha256"))
    return array


def _compare(path: Path, what: str, found: str, promised: object) -> None:
    if found != promised:
        raise PreparedDataError(
            f"{path}: the sha256 of {what}it is {found} where the manifest has {promised}; the file has "
            f"been cut off or altered"
        )


def sample_sha256(array: NDArray[Any]) -> str:
    """Hash rows spread evenly over an array, the first and the last among them."""
    rows = np.unique(np.linspace(0, max(len(array) - 1, 0), _SAMPLED_ROWS).astype(np.int64))
    return hashlib.sha256(np.ascontiguousarray(array[rows]).tobytes()).hexdigest()


def fingerprint_of(manifest: Mapping[str, Any]) -> str:
    """Hash what determines the tensors of images: the files in order, their classes, and what is made of them."""
    return fingerprint({key: manifest[key] for key in ("description", "version", "classes", "files_sha256")})


def listed_parts(
    folder: Path, description: Mapping[str, Any], shape: tuple[int, ...]
) -> tuple[str, list[Examples]]:
    """The fingerprint and the parts of a data set whose every part lies in files of its own, for which a list vouches.

    Shapes: x `(N, *shape)` uint8, mapped from its file and not to be written to; y `(N,)`.

    Raises:
        PreparedDataError: the files in `folder` are missing, cut off, altered, or of another description.
    """
    manifest = _listed_manifest(folder, description)
    names = [f"{part}-{array}.npy" for part in ("train", "validation", "test") for array in "xy"]
    arrays = checked_arrays(folder, manifest, names)
    parts = []
    for x, y in zip(arrays[::2], arrays[1::2], strict=True):
        if x.shape != (len(y), *shape) or y.ndim != 1:
            raise PreparedDataError(f"{folder}: arrays of {x.shape} and {y.shape}")
        parts.append(Examples(_mapped(x), torch.from_numpy(np.asarray(y).astype(np.int64))))
    return manifest["fingerprint"], parts


def _listed_manifest(folder: Path, description: Mapping[str, Any]) -> dict[str, Any]:
    manifest = checked_manifest(folder, {"dataset": description["name"], "description": description})
    try:
        fits = fingerprint_of(manifest) == manifest["fingerprint"]
        promised = manifest["files_sha256"]
    except KeyError as missing:
        raise PreparedDataError(f"{folder / 'manifest.json'}: {missing} is missing") from None
    if not fits:
        raise PreparedDataError(f"{folder / 'manifest.json'}: altered, as its facts have another fingerprint")
    files = folder / "files.csv"
    if not files.is_file():
        raise PreparedDataError(f"{files}: there is no such file")
    if file_sha256(files) != promised:
        raise PreparedDataError(f"{files}: it does not have the sha256 in the manifest; it has been altered")
    return manifest


def _mapped(array: NDArray[Any]) -> torch.Tensor:
    """Share the memory of a file that is mapped read-only."""
    with warnings.catch_warnings():
        # PyTorch has no read-only tensors and warns; a writable mapping would have to be backed by
        # as much memory as the file is long.
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        return torch.from_numpy(array)
