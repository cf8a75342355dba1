"""What an exception says, short enough for a sentence."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TypeGuard


def brief(error: BaseException) -> str:
    """The first sentence of an exception without its full stop, or its type's name where it says nothing.

    >>> brief(RuntimeError("Out of luck. Try again."))
    'Out of luck'
    """
    return str(error).split("\n")[0].split(". ")[0].rstrip(".") or type(error).__name__


def refused(error: BaseException) -> TypeGuard[OSError]:
    """Whether the system refused to read a file, which may be sound: for want of permission, say, or of open files.

    A folder in the place of a file is no such case, nor is what a decoder reports as an ``OSError`` of its own.
    """
    return isinstance(error, OSError) and error.errno is not None and not isinstance(error, IsADirectoryError)


def unreadable(path: Path | str, error: BaseException) -> str:
    """Why reading a file that PyTorch should have written ended with this error, without PyTorch's own words for it.

    Those come from whichever of its formats a damaged file resembles.
    """
    path = Path(path)
    if path.is_dir():
        return "it is a folder"
    if path.is_file() and not zipfile.is_zipfile(path):
        return "it is empty or cut off, or PyTorch has not written it"
    if isinstance(error, KeyError):
        return f"{error} is missing"
    return brief(error)
