"""The forms in which MHEALTH can be at hand, each read into the same recording and checked.

A folder of the ten published logs, as the official archive holds them, a folder of the ten logs
with values cut to whole numbers, or the one file that the paper's released code makes of them.
What is read is compared with the published checksums, so nothing damaged, edited or made up
passes for MHEALTH.
"""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from data_prep.mhealth_checksums import COMPLETE_LOG, SUBJECTS, Published, log_name
from data_prep.mhealth_log import read_log
from data_prep.prepared_arrays import file_sha256
from resilinet.data import DataError

__all__ = ["Kind", "Recording", "extract_logs", "read_recording"]

_LARGEST_LOG = 1 << 28
"""Bytes; ten times what the largest log of the archive holds, to stop a decompression bomb."""


class Kind(Enum):
    """The form of a source; its value is how a manifest names it."""

    FULL = "ten full-precision logs"
    TRUNCATED = "ten integer-truncated logs"
    COMPLETE = "one integer-truncated file without first rows"


@dataclass(frozen=True, eq=False)
class Recording:
    """All rows with an activity (label 1 to 12), subject by subject, in the order recorded.

    Shapes: `rows` is `(N, 24)`, sensor values and label; `subject` is `(N,)`, 1 to 10. `files`
    maps the name of each source file to its sha256.
    """

    kind: Kind
    files: Mapping[str, str]
    rows: NDArray[np.float64]
    subject: NDArray[np.uint8]


def extract_logs(archive: Path, folder: Path) -> Path:
    """Unpack the ten logs of an archive into a folder and return the folder.

    Only the logs are read, and each is written under a name of our own, so no name in the
    archive can lead outside the folder.

    Raises:
        DataError: the archive is missing, damaged, oversized, or a log is not in it exactly once.
    """
    if not archive.is_file():
        raise DataError(f"{archive}: there is no such file")
    try:
        with zipfile.ZipFile(archive) as content:
            for name in map(log_name, SUBJECTS):
                members = [m for m in content.infolist() if m.filename.split("/")[-1] == name]
                if len(members) != 1:
                    raise DataError(f"{archive}: holds {name} {len(members)} times, not once")
                if members[0].file_size > _LARGEST_LOG:
                    raise DataError(
                        f"{archive}: {name} would unpack to {members[0].file_size:,} bytes; "
                        f"at most {_LARGEST_LOG:,} are allowed"
                    )
                with content.open(members[0]) as packed, (folder / name).open("wb") as file:
                    shutil.copyfileobj(packed, file)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as fault:
        raise DataError(
            f"{archive}: not a whole zip archive ({fault}); delete it and fetch it again"
        ) from None
    return folder


def read_recording(source: Path, published: Published) -> Recording:
    """Read a source, telling its form from what it holds.

    `source` is a folder of ten logs, the complete file, or a folder that holds it.

    Raises:
        DataError: the source is missing, incomplete, faulty in a named line, or not as published.
    """
    if source.is_dir():
        missing = [name for name in map(log_name, SUBJECTS) if not (source / name).is_file()]
        if not missing:
            return _read_logs(source, published)
        if len(missing) < len(SUBJECTS) or not (source / COMPLETE_LOG).is_file():
            raise DataError(
                f"{source}: {', '.join(missing)} missing; a folder must hold all ten logs "
                f"{log_name(1)} to {log_name(10)}, or {COMPLETE_LOG}"
            )
        source = source / COMPLETE_LOG
    return _read_complete(source, published)


def _read_logs(folder: Path, published: Published) -> Recording:
    kinds: dict[int, Kind] = {}
    files: dict[str, str] = {}
    parts: list[NDArray[np.float64]] = []
    console = Console(stderr=True)
    for number in track(
        SUBJECTS,
        "Reading ten logs",
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ):
        path = folder / log_name(number)
        rows = read_log(path)
        files[path.name] = found = file_sha256(path)
        active = rows[rows[:, -1] != 0]
        if found == published.full[number]:
            kinds[number] = Kind.FULL
        elif found == published.truncated[number]:
            kinds[number] = Kind.TRUNCATED
        else:
            raise _not_as_published(path, found, len(active), published.rows[number])
        parts.append(active)
    if len(set(kinds.values())) > 1:
        few = [log_name(n) for n in SUBJECTS if kinds[n] is Kind.TRUNCATED]
        raise DataError(
            f"{folder}: {', '.join(few)} integer-truncated, the others in full precision; "
            "all ten logs must be of one form"
        )
    return Recording(
        kind=kinds[SUBJECTS[0]],
        files=files,
        rows=np.concatenate(parts),
        subject=np.repeat(np.array(SUBJECTS, np.uint8), [len(part) for part in parts]),
    )


def _read_complete(path: Path, published: Published) -> Recording:
    rows = read_log(path)
    found = file_sha256(path)
    # The file says nothing of subjects, but it is the ten logs one after another, each without
    # its first row, and its checksum leaves no doubt that it is that file.
    counts = [published.rows[number] - 1 for number in SUBJECTS]
    if found != published.complete:
        raise _not_as_published(path, found, int(np.count_nonzero(rows[:, -1])), sum(counts))
    subject = np.repeat(np.array(SUBJECTS, np.uint8), counts)
    return Recording(Kind.COMPLETE, {path.name: found}, rows, subject)


def _not_as_published(path: Path, found: str, rows: int, expected: int) -> DataError:
    """Say how a file of sound lines differs from every published form of it."""
    if rows != expected:
        return DataError(
            f"{path}: {rows:,} rows with a label from 1 to 12 where {expected:,} are expected; "
            f"{'the file is cut short' if rows < expected else 'the file has rows too many'}"
        )
    return DataError(
        f"{path}: its sha256 is {found}, which is no published form of this file; "
        "its contents have been changed"
    )
