"""Arrays are written whole, or not at all, with a manifest that vouches for them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_prep.prepared_arrays import file_sha256, fingerprint_of, sample_sha256
from resilinet.atomic_files import naming


def vouch(path: Path) -> dict[str, Any]:
    """Describe an array in a NumPy file for a manifest: its type, its shape and what it hashes to."""
    array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return {
        "dtype": array.dtype.str,
        "shape": list(array.shape),
        "sha256": file_sha256(path),
        "sample_sha256": sample_sha256(array),
    }


@contextmanager
def sealed(folder: Path, manifest: dict[str, Any]) -> Iterator[Path]:
    """Give a place to write files in; once all are whole, move them to `folder`, the manifest last.

    The manifest is the seal: it may be completed until the end, and where it lies, everything does.
    After an error, nothing of what was written stays.

    Raises:
        OSError: the system refuses to write there, for want of room, say.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with naming(folder), tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as name:
        place = Path(name)
        yield place
        # Without its seal while files are exchanged, a folder is never half old and half new.
        (folder / "manifest.json").unlink(missing_ok=True)
        for path in sorted(place.iterdir()):
            path.replace(folder / path.name)
        seal = place / "manifest.json"
        seal.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        seal.replace(folder / seal.name)


def keep(folder: Path, manifest: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write whole arrays into `folder` by their file names, each vouched for in the manifest."""
    with sealed(folder, manifest) as place:
        for name, array in arrays.items():
            np.save(place / name, array, allow_pickle=False)
            manifest["arrays"][name] = vouch(place / name)


def list_files(place: Path, manifest: dict[str, Any], files: Iterable[tuple[str, str, str]]) -> None:
    """Write part, name and sha256 of each file to `files.csv`, and their hash and the fingerprint into the manifest."""
    lines = ["part,file,sha256", *(",".join(entry) for entry in files)]
    (place / "files.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    manifest["files_sha256"] = file_sha256(place / "files.csv")
    manifest["fingerprint"] = fingerprint_of(manifest)
