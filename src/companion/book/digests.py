"""Digests of what the book is made from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path

from resilinet.atomic_files import PARTIAL

ASIDE = (
    "__pycache__",
    ".*_cache",
    ".ipynb_checkpoints",
    ".git",
    ".DS_Store",
    ".*.sw?",
    ".#*",
    "*~",
    f"*{PARTIAL}",
)
"""Patterns of names that change nothing: caches, what editors leave, what is still being written or was left half."""
LARGE = 2**24
"""Bytes from which on a file that cells have read is known by size and time, as data sets are."""


def digest(*parts: str | bytes) -> str:
    """Returns the SHA-256 of the parts, each preceded by its length so that no two lists collide."""
    total = hashlib.sha256()
    for part in parts:
        content = part.encode(errors="surrogateescape") if isinstance(part, str) else part
        total.update(len(content).to_bytes(8, "big"))
        total.update(content)
    return total.hexdigest()


def contents(places: Iterable[Path], root: Path, *aside: str) -> Iterator[str | bytes]:
    """Yields names and contents of the files at and below some places, also behind links, each folder once.

    Args:
        places: files and folders; they need not exist.
        root: what names are relative to, where a file lies below it.
        aside: patterns of further names, of files or folders, that count for nothing.
    """
    for place in places:
        paths, seen = [place], set[str]()
        for folder, folders, files in os.walk(place, followlinks=True):
            new = os.path.realpath(folder) not in seen
            seen.add(os.path.realpath(folder))
            folders[:] = [name for name in _counted(folders, *aside) if new]
            paths += [Path(folder, name) for name in _counted(files, *aside) if new]
        for path in paths:
            if path.is_file():
                yield path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
                yield path.read_bytes()


def state(path: Path) -> str:
    """Returns a digest of what stands in a file, or of the names in a folder; an empty one if neither can be read."""
    try:
        if path.is_dir():
            return digest("folder", *_counted(os.listdir(path)))  # noqa: PTH208 (names alone)
        size, changed = path.stat().st_size, path.stat().st_mtime_ns
        return digest(path.read_bytes()) if size < LARGE else digest(str(size), str(changed))
    except OSError:
        return ""


def _counted(names: Iterable[str], *aside: str) -> list[str]:
    return sorted(name for name in names if not any(fnmatch(name, each) for each in (*ASIDE, *aside)))
