"""Ten small made-up logs in the form of MHEALTH, and the place of the real ones, if any."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from data_prep.mhealth_checksums import COMPLETE_LOG, SUBJECTS, Published, log_name

REAL = os.environ.get("RESILINET_MHEALTH", "")
needs_real_data = pytest.mark.skipif(
    not REAL,
    reason="RESILINET_MHEALTH names no folder with mHealth_complete.log and integer/ of ten logs",
)


@dataclass(frozen=True)
class Sample:
    """Where each form of the made-up recordings lies, and what is published of them."""

    full: Path
    truncated: Path
    complete: Path
    published: Published
    complete_text: str


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def make_sample(folder: Path, rows: int = 30, seed: int = 0) -> Sample:
    """Write the logs in their three forms, the last two by plain string handling.

    Each log begins and ends with rows of label 0, as a real recording does. Channel 9 is constant.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    full, truncated, complete = {}, {}, []
    for number in SUBJECTS:
        values = generator.normal(0.0, 3.0, size=(rows + number, 23))
        values[:, 8] = -0.5
        labels = generator.integers(1, 13, size=len(values))
        labels[:3] = labels[-2:] = 0
        lines = [
            [f"{value:.5g}" for value in row] + [str(label)]
            for row, label in zip(values, labels, strict=True)
        ]
        active = [["%d" % float(field) for field in line] for line in lines if line[-1] != "0"]  # noqa: UP031
        full[number] = "".join("\t".join(line) + "\n" for line in lines)
        truncated[number] = "".join(" ".join(line) + "\n" for line in active)
        complete += active[1:]
    text = "".join(" ".join(line) + "\n" for line in complete)
    for name, logs in (("full", full), ("truncated", truncated)):
        (folder / name).mkdir(parents=True)
        for number, content in logs.items():
            (folder / name / log_name(number)).write_text(content, newline="\n")
    (folder / COMPLETE_LOG).write_text(text, newline="\n")
    published = Published(
        full={n: sha256(content) for n, content in full.items()},
        truncated={n: sha256(content) for n, content in truncated.items()},
        complete=sha256(text),
        rows={n: content.count("\n") for n, content in truncated.items()},
    )
    return Sample(folder / "full", folder / "truncated", folder / COMPLETE_LOG, published, text)
