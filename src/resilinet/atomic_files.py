"""Files that appear whole or not at all, also where a writer is killed or two write the same one at once."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

PARTIAL = ".partial"
"""How the name of a file ends that is still being written; a killed writer leaves one, and it counts for nothing."""


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let what the system refuses within the block name a path where it names none, as a full disk does.

    Raises:
        OSError: the system refuses something.
    """
    try:
        yield
    except OSError as error:
        if error.filename is not None:
            raise
        reason = (
            error.strerror or f"not all of it can be written ({error})"
        )  # as NumPy says it, without a number
        raise OSError(error.errno, reason, str(path)) from error


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a place beside ``path`` to write to; what lies there when the block ends takes the place of ``path``.

    It reaches the disk before its name changes, so that not even a power cut leaves half of it. After an error the
    former file stays, and nothing of the new one.

    Raises:
        OSError: the system refuses to write there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own, so that two writers of one file never mix; the last to end is the one that stays.
    partial = path.with_name(f"{path.name}.{secrets.token_hex(8)}{PARTIAL}")
    try:
        with naming(path):
            yield partial
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
