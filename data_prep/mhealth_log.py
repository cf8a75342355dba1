"""One log of the MHEALTH recordings: lines of 23 sensor values and an activity label.

A log is read at full speed first; only a log that turns out to be faulty is gone through line by
line, to say which line is at fault.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from data_prep.health_arrays import CHANNELS, LABELS
from resilinet.data import DataError

__all__ = ["COLUMNS", "parsed", "read_log"]

COLUMNS = CHANNELS + 1

_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")

COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"\x28\xb5\x2f\xfd")
"""How files begin that gzip, bzip2, xz, 7-Zip or Zstandard wrote."""


def read_log(path: Path) -> NDArray[np.float64]:
    """Read a log into an array `(rows, 24)`: 23 sensor values and the label, in file order.

    Units: acceleration m/s², angular rate deg/s, magnetic field in local units, ECG mV.

    Raises:
        DataError: the log is missing, empty, cut off, malformed, holds a value that is not
            finite or a label outside 0..12; file and line are named.
    """
    if not path.is_file():
        raise DataError(f"{path}: there is no such file")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty; lines of {COLUMNS} numbers are expected")
    with path.open("rb") as file:
        if file.read(6).startswith(COMPRESSED):
            raise DataError(f"{path}: a compressed file; unpack it, and give what comes out")
    try:
        # A blank line would be skipped silently, hence the count of lines below.
        rows = parsed(path)
    except ValueError as fault:
        raise _first_fault(path) or DataError(f"{path}: cannot be read ({fault})") from None
    whole = len(rows) == _lines(path) and rows.shape[1] == COLUMNS
    if not (whole and np.isfinite(rows).all() and np.isin(rows[:, -1], LABELS).all()):
        raise _first_fault(path) or DataError(f"{path}: cannot be read as lines of numbers")
    return rows


def parsed(log: Path | IO[bytes]) -> NDArray[np.float64]:
    """The numbers of a log `(rows, columns)`, whose lines may still be faulty.

    Raises:
        ValueError: something is no number, or lines differ in length.
    """
    rows: NDArray[np.float64] = np.loadtxt(log, comments=None, ndmin=2, encoding="ascii")
    return rows


def _lines(path: Path) -> int:
    """Count complete lines; a last line without an end makes the count fall short."""
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def _first_fault(path: Path) -> DataError | None:
    """Go through a log line by line and describe its first fault."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            fault = _fault(line)
            if fault:
                return DataError(f"{path}, line {number}: {fault}")
    return None


def _fault(line: bytes) -> str | None:
    """Say what is wrong with a line, or nothing."""
    fields = line.split()
    if _is_plainly_sound(line, fields):
        return None
    if len(fields) != COLUMNS:
        return f"{len(fields)} values where {COLUMNS} are expected ({CHANNELS} sensor values, a label)"
    for column, field in enumerate(fields, start=1):
        shown = field.decode("ascii", "backslashreplace")
        if field.lower().lstrip(b"+-") in (b"nan", b"inf", b"infinity"):
            return f"{shown} in column {column} is not finite"
        if not _NUMBER.fullmatch(field):
            return f"{shown!r} in column {column} is not a number"
        if not np.isfinite(float(field)):
            return f"{shown} in column {column} is not finite"
    if float(fields[-1]) not in LABELS:
        return f"label {fields[-1].decode()} is not one of the whole numbers 0 to {LABELS[-1]}"
    if not line.endswith(b"\n"):
        return "the file ends within this line; it has been cut off"
    return None


def _is_plainly_sound(line: bytes, fields: list[bytes]) -> bool:
    """Pass most sound lines quickly; whoever does not pass is looked at value by value."""
    try:
        total = sum(map(float, fields))
    except ValueError:
        return False
    # Python reads 1_000 as a number, which the fast reader does not.
    return (
        len(fields) == COLUMNS
        and math.isfinite(total)
        and float(fields[-1]) in LABELS
        and line.endswith(b"\n")
        and b"_" not in line
    )
