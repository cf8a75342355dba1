"""Where a data set lies within the folder that somebody names, which may be the one it was unpacked into."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from resilinet.data import DataError

__all__ = ["entry", "folder_holding"]

_DEEP = 2
"""How many folders below the one that is named are looked into."""


def folder_holding(source: Path, *layouts: Sequence[str]) -> Path:
    """The nearest folder, `source` or one within it, that holds every name of one of these layouts, in any case.

    Where none holds all of them, it is the nearest that holds one, and `source` where none does, so that whoever reads
    it can say what is missing.

    Raises:
        DataError: there is no such folder, it is a file, or several lie equally near.
    """
    if not source.is_dir():
        absent = "the link leads nowhere" if source.is_symlink() else "there is no such file or folder"
        raise DataError(f"{source}: {'a file, not a folder; unpack it first' if source.exists() else absent}")
    wanted = [{name.lower() for name in layout} for layout in layouts]
    some: list[Path] = []
    level = [source]
    for _ in range(_DEEP + 1):
        held = {folder: _entries(folder, source) for folder in level}
        names = {folder: {each.name.lower() for each in entries} for folder, entries in held.items()}
        # By where it lies, as a link to one of them is no second one.
        whole = {
            folder.resolve(): folder for folder in level if any(each <= names[folder] for each in wanted)
        }
        if len(whole) > 1:
            raise DataError(
                f"{source}: {' and '.join(map(str, whole.values()))} hold the same; give one of them"
            )
        if whole:
            return next(iter(whole.values()))
        some += [folder for folder in level if any(each & names[folder] for each in wanted)]
        level = sorted(folder / each.name for folder in level for each in held[folder] if each.is_dir())
    return some[0] if some else source


def entry(folder: Path, name: str) -> Path:
    """What a folder holds under a name, written in whatever case; the plain path where it holds nothing of the kind."""
    if (folder / name).exists():
        return folder / name
    alike = (folder / each.name for each in _entries(folder, folder) if each.name.lower() == name.lower())
    return next(alike, folder / name)


def _entries(folder: Path, source: Path) -> list[os.DirEntry[str]]:
    """What lies in a folder; nothing where others keep it to themselves, unless it is the one that was named."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except PermissionError:
        if folder == source:
            raise
        return []
