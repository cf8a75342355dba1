"""The forms in which MHEALTH can be at hand, each read into the same recording and checked.

A folder of the ten published logs, as the official archive holds them, a folder of the ten logs
with values cut to whole numbers, or the one file that the paper's released code makes of them.
What is read is compared with the published checksums, so nothing damaged, edited or made up
passes for MHEALTH.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from data_prep.mhealth_checksums import COMPLETE_LOG, SUBJECTS, Published, log_name
from data_prep.mhealth_log import parsed, read_log
from data_prep.prepared_arrays import file_sha256
from data_prep.source_folders import entry, folder_holding
from resilinet.atomic_files import naming
from resilinet.data import DataError

__all__ = ["Kind", "Recording", "extract_logs", "is_archive", "read_recording"]

T = TypeVar("T")

_LOGS = tuple(map(log_name, SUBJECTS))

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
    maps the name of each source file to its sha256 as published.
    """

    kind: Kind
    files: Mapping[str, str]
    rows: NDArray[np.float64]
    subject: NDArray[np.uint8]


def is_archive(source: Path) -> bool:
    """Whether a file is a zip archive, by its name or by how it begins, be it whole or not."""
    if not source.is_file():
        return False
    with source.open("rb") as file:
        return source.suffix.lower() == ".zip" or file.read(4) == b"PK\3\4"


def extract_logs(archive: Path, folder: Path) -> Path:
    """Unpack the ten logs of an archive into a folder and return the folder.

    Only the logs are read, and each is written under a name of our own, so no name in the
    archive can lead outside the folder.

    Raises:
        DataError: the archive is damaged, oversized, or a log is not in it exactly once.
    """
    try:
        with zipfile.ZipFile(archive) as content:
            for name in _LOGS:
                members = [m for m in content.infolist() if m.filename.split("/")[-1].lower() == name.lower()]
                if len(members) != 1:
                    raise DataError(
                        f"{archive}: holds {name} {len(members)} times, not once; it must hold all ten logs"
                    )
                if members[0].file_size > _LARGEST_LOG:
                    raise DataError(
                        f"{archive}: {name} would unpack to {members[0].file_size:,} bytes; "
                        f"at most {_LARGEST_LOG:,} are allowed"
                    )
                with content.open(members[0]) as packed, (folder / name).open("wb") as file, naming(folder):
                    shutil.copyfileobj(packed, file)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as fault:
        raise DataError(
            f"{archive}: not a whole zip archive ({fault}); delete it and fetch it again"
        ) from None
    return folder


def read_recording(source: Path, published: Published) -> Recording:
    """Read a source, telling its form from what it holds.

    `source` is the complete file, or a folder that holds it or the ten logs, itself or in a folder within.

    Raises:
        DataError: the source is missing, incomplete, faulty in a named line, or not as published.
    """
    if source.is_file():
        return _read_complete(source, published)
    folder = folder_holding(source, _LOGS, (COMPLETE_LOG,))
    missing = [name for name in _LOGS if not entry(folder, name).is_file()]
    if not missing:
        return _read_logs(folder, published)
    if len(missing) == len(_LOGS) and (complete := entry(folder, COMPLETE_LOG)).is_file():
        return _read_complete(complete, published)
    lacking = "no log of the ten is here" if len(missing) == len(_LOGS) else f"{', '.join(missing)} missing"
    raise DataError(
        f"{folder}: {lacking}; give a folder that holds all ten logs {_LOGS[0]} to {_LOGS[-1]} or {COMPLETE_LOG}, or "
        "the path of the archive itself"
    )


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
        forms = {published.full[number]: Kind.FULL, published.truncated[number]: Kind.TRUNCATED}
        rows, files[log_name(number)], kinds[number] = _read(
            entry(folder, log_name(number)), forms, published.rows[number]
        )
        parts.append(rows[rows[:, -1] != 0])
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
    # The file says nothing of subjects, but it is the ten logs one after another, each without
    # its first row, and its checksum leaves no doubt that it is that file.
    counts = [published.rows[number] - 1 for number in SUBJECTS]
    one_of_ten = {sha256 for logs in (published.full, published.truncated) for sha256 in logs.values()}
    forms = {published.complete: True} | dict.fromkeys(one_of_ten, False)
    named_so = path.name.lower() in map(str.lower, _LOGS)
    if named_so or not (read := _read(path, forms, sum(counts)))[2]:
        raise DataError(f"{path}: one of ten logs; give the folder that holds all of them")
    subject = np.repeat(np.array(SUBJECTS, np.uint8), counts)
    return Recording(Kind.COMPLETE, {COMPLETE_LOG: read[1]}, read[0], subject)


def _read(path: Path, forms: Mapping[str, T], expected: int) -> tuple[NDArray[np.float64], str, T]:
    """The rows of a log, its published sha256, and which of the published forms that is, by their sha256.

    Raises:
        DataError: the log is missing or faulty, or none of these; without label 0 it has `expected` rows.
    """
    for text in _as_published(path.read_bytes() if path.is_file() else b""):
        found = hashlib.sha256(text).hexdigest()
        if found in forms:
            return parsed(io.BytesIO(text)), found, forms[found]
    rows = read_log(path)
    raise _not_as_published(path, int(np.count_nonzero(rows[:, -1])), expected)


def _as_published(raw: bytes) -> Iterator[bytes]:
    """A log as it is, and as it may have been published: its checksum shows whether it was.

    Editors, transfers and version control change the encoding, line ends and spaces, and add or drop a last line end.
    None of this changes a value.
    """
    yield raw
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raw = raw.decode("utf-16", "replace").encode()
    lines = raw.removeprefix(codecs.BOM_UTF8).splitlines()
    yield b"".join(line + b"\n" for line in lines)
    for separator in (b"\t", b" "):
        yield b"".join(separator.join(line.split()) + b"\n" for line in lines if line.strip())


def _not_as_published(path: Path, rows: int, expected: int) -> DataError:
    """Say how a file of sound lines differs from every published form of it."""
    if rows != expected:
        return DataError(
            f"{path}: {rows:,} rows with a label from 1 to 12 where {expected:,} are expected; "
            + (
                "the file is cut short, or not all of the recordings"
                if rows < expected
                else "the file has rows too many"
            )
        )
    return DataError(
        f"{path}: its sha256 is {file_sha256(path)}, which is no published form of this file; "
        "its contents have been changed"
    )
