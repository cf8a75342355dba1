"""From an MHEALTH source to checked arrays with a manifest: what `resilinet data health` does.

Two preprocessings are known. `released-code` repeats what the code released with the paper does:
rows of the null class dropped, values truncated towards zero, the first remaining row of each
subject lost. `float` keeps precision and all rows with an activity.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_prep.download import fetched
from data_prep.health_arrays import LABELS, PREPROCESSINGS, Preprocessing
from data_prep.mhealth_checksums import ARCHIVE_URL, MHEALTH, SUBJECTS, Published
from data_prep.mhealth_sources import Kind, Recording, extract_logs, is_archive, read_recording
from data_prep.prepared_arrays import FORMAT
from data_prep.sealed_arrays import keep
from resilinet.data import DataError

__all__ = ["prepare_health", "released_code_text"]


def prepare_health(
    source: Path | None,
    root: Path,
    preprocessing: str = "released-code",
    *,
    published: Published = MHEALTH,
    url: str = ARCHIVE_URL,
) -> Path:
    """Write `x.npy`, `y.npy`, `subject.npy` and `manifest.json` and return their folder.

    `source` is the ten logs' folder or one around it, the integer-truncated file, or the archive
    as a zip file; with `None` the archive is downloaded from `url`. The folder is
    `root/health/<preprocessing>`. Shapes: x `(N, 23)` int16 or float32, y and subject `(N,)`
    uint8.

    Raises:
        DataError: the preprocessing is unknown, or the source is missing, faulty, not as
            published, or not precise enough for the preprocessing.
    """
    if preprocessing not in PREPROCESSINGS:
        allowed = " or ".join(PREPROCESSINGS)
        raise DataError(f"preprocessing {preprocessing!r} is unknown; it must be {allowed}")
    with _as_logs(source, root, url) as logs:
        recording = read_recording(logs, published)
    if preprocessing == "float":
        arrays = _full_precision(recording)
    else:
        arrays = _released_code(recording)
        _check_released_code(arrays, published)
    folder = root / "health" / preprocessing
    keep(folder, _manifest(PREPROCESSINGS[preprocessing], recording, arrays), arrays)
    return folder


def released_code_text(x: NDArray[np.int16], y: NDArray[np.uint8]) -> bytes:
    """Return the text file that the released code makes: 23 values and the label a line."""
    rows = np.column_stack([x, y.astype(np.int16)])
    line = " ".join(["%d"] * rows.shape[1]) + "\n"
    return (line * len(rows) % tuple(rows.ravel().tolist())).encode("ascii")


@contextmanager
def _as_logs(source: Path | None, root: Path, url: str) -> Iterator[Path]:
    """Give a path to logs, unpacking an archive into a folder that vanishes afterwards."""
    if source is None:
        with fetched(url, root / "downloads", "mhealth.zip") as archive, _as_logs(archive, root, url) as logs:
            yield logs
    elif is_archive(source):
        with tempfile.TemporaryDirectory() as folder:
            try:
                yield extract_logs(source, Path(folder))
            except DataError as fault:  # of a file that nobody has seen, and that will be gone
                raise DataError(str(fault).replace(folder, str(source))) from None
    else:
        yield source


def _released_code(recording: Recording) -> dict[str, NDArray[Any]]:
    rows, subject = np.trunc(recording.rows), recording.subject
    if recording.kind is not Kind.COMPLETE:
        # The released code takes the first row of each file, after the null class is gone, for
        # a header; ten samples of 343,195 are lost, which gives the paper's count.
        kept = np.ones(len(rows), bool)
        kept[[np.argmax(subject == number) for number in SUBJECTS]] = False
        rows, subject = rows[kept], subject[kept]
    limits = np.iinfo(np.int16)
    if rows.min() < limits.min or rows.max() > limits.max:
        raise DataError(f"a sensor value lies outside {limits.min} to {limits.max}")
    return _arrays(rows.astype("<i2"), subject)


def _full_precision(recording: Recording) -> dict[str, NDArray[Any]]:
    if recording.kind is not Kind.FULL:
        raise DataError(
            "preprocessing float needs the ten full-precision logs or the official archive, "
            f"and this source is {recording.kind.value}"
        )
    return _arrays(recording.rows.astype("<f4"), recording.subject)


def _arrays(rows: NDArray[Any], subject: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    return {
        "x.npy": np.ascontiguousarray(rows[:, :-1]),
        "y.npy": rows[:, -1].astype(np.uint8),
        "subject.npy": subject,
    }


def _check_released_code(arrays: dict[str, NDArray[Any]], published: Published) -> None:
    """Refuse arrays that do not spell, digit by digit, the file the released code makes."""
    text = released_code_text(arrays["x.npy"], arrays["y.npy"])
    found = hashlib.sha256(text).hexdigest()
    if found != published.complete:
        raise DataError(
            f"the prepared rows have sha256 {found} as text where the released code's file has "
            f"{published.complete}; the source is not MHEALTH as published"
        )


def _manifest(
    preprocessing: Preprocessing, recording: Recording, arrays: dict[str, NDArray[Any]]
) -> dict[str, Any]:
    y, subject = arrays["y.npy"], arrays["subject.npy"]
    return {
        "format": FORMAT,
        "dataset": "health",
        "preprocessing": preprocessing.described,
        "source": {"kind": recording.kind.value, "sha256": dict(recording.files)},
        "rows": len(y),
        "rows_per_class": np.bincount(y, minlength=len(LABELS)).tolist(),
        "rows_per_subject": {str(n): int(np.count_nonzero(subject == n)) for n in SUBJECTS},
        "arrays": {},
    }
