"""Counts of the Health and camera data, and a few seconds of one recording, for pages that are built without them.

The data themselves are not passed on. What is said of them was made by `resilinet data facts` and lies beside this
module; the fingerprint in each file names the data that it was made from.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from data_prep.camera_arrays import CAMERAS, CLASSES, load_camera
from data_prep.health_arrays import load_health, whole_subjects
from resilinet.data.splits import rows_at_random

SECONDS, HERTZ = 4, 50
"""How long the excerpt of a recording is, and how many rows make a second of it."""
_WALKING = 4


def data_facts(name: str) -> dict[str, Any]:
    """What is kept of a data set of :data:`NAMES`; see :func:`health_facts` and :func:`camera_facts`."""
    text = files(__package__).joinpath(f"{name}_facts.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def as_text(name: str, root: Path) -> str:
    """The file of a data set's facts, made anew from the data prepared under ``root``: a line for each fact.

    Raises:
        ValueError: there is no such data set; :class:`resilinet.data.DataError` where the data are not prepared, or are
            damaged.
    """
    if name not in _MAKERS:
        raise ValueError(f"{name!r} has no facts; choose from {', '.join(_MAKERS)}.")
    lines = (f"{json.dumps(key)}: {json.dumps(value)}" for key, value in _MAKERS[name](root).items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def health_facts(root: Path) -> dict[str, Any]:
    """Count what the prepared Health data hold, by the paper's random split and by people.

    Returns:
        ``fingerprint`` of the random split; ``rows_per_class``, label 0 first; ``zeros``, how many rows are 0 in each
        of the 23 channels; ``test`` rows of the random split, how many of them are ``repeated``, equal to a training
        row in every channel, and ``neighboured``, taken right before or after one by the same person in the same
        activity; ``folds`` by people with the same two counts; ``excerpt``, one person who is walking.

    Raises:
        DataError: the data are not prepared under ``root``, or are damaged.
    """
    fingerprint = load_health(root).fingerprint  # which checks the arrays as well
    x, y, subject = (
        np.load(root / "health" / "released-code" / f"{name}.npy") for name in ("x", "y", "subject")
    )
    train, _, test = rows_at_random(len(y), 0)
    trained = np.zeros(len(y) + 2, bool)
    trained[train + 1] = True
    follows = np.concatenate([[False], (subject[1:] == subject[:-1]) & (y[1:] == y[:-1]), [False]])
    neighboured = (trained[:-2] & follows[:-1]) | (trained[2:] & follows[1:])
    folds = []
    for fold in range(len(np.unique(subject)) // 2):
        theirs, _, others = whole_subjects(subject, 0, fold)
        folds.append({"test": len(others), "repeated": _repeated(x, theirs, others)})
    (walking,) = np.nonzero((subject == 1) & (y == _WALKING))
    middle = walking[len(walking) // 2 :][: SECONDS * HERTZ]
    return {
        "fingerprint": fingerprint,
        "rows_per_class": np.bincount(y, minlength=13).tolist(),
        "zeros": (x == 0).sum(0).tolist(),
        "test": len(test),
        "repeated": _repeated(x, train, test),
        "neighboured": int(neighboured[test].sum()),
        "folds": folds,
        "excerpt": {"subject": 1, "label": _WALKING, "hertz": HERTZ, "rows": x[middle].tolist()},
    }


def _repeated(x: NDArray[Any], train: NDArray[np.int64], test: NDArray[np.int64]) -> int:
    """How many rows of the test part equal one of the training part."""
    rows = np.ascontiguousarray(x).view(np.dtype((np.void, x.dtype.itemsize * x.shape[1]))).ravel()
    return int(np.isin(rows[test], rows[train]).sum())


def camera_facts(root: Path) -> dict[str, Any]:
    """Count what the prepared sets of six images hold.

    Returns:
        ``fingerprint``; ``sets`` of each class and those ``dropped``, by part; ``black`` images of all ``images``;
        ``seen``, for each class how many of all its sets hold an image of each camera that is not black;
        ``seen_by_e3_alone``, sets of which only the fourth and fifth camera see anything, whose images e3 takes; of the
        ``test`` sets, how many have an object of whose number and class there are training sets (``known``), how many
        have one of these at most two frames away (``near``), and for how many the training set with the nearest
        pixels has their class (``nearest``).

    Raises:
        DataError: the data are not prepared under ``root``, or are damaged.
    """
    data = load_camera(root)
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    x = np.concatenate([np.asarray(part.x) for part in parts.values()])
    y = np.concatenate([np.asarray(part.y) for part in parts.values()])
    seen: NDArray[np.bool_] = np.any(x.reshape(len(x), CAMERAS, -1), axis=2)
    away = _frames_from_training(root / "camera" / "files.csv")
    flat = {
        part: np.asarray(parts[part].x).reshape(len(parts[part]), -1).astype(np.float64)
        for part in ("train", "test")
    }
    nearest = [int(((flat["train"] - one) ** 2).sum(1).argmin()) for one in flat["test"]]
    manifest = json.loads((root / "camera" / "manifest.json").read_text(encoding="utf-8"))
    return {
        "fingerprint": data.fingerprint,
        "classes": list(CLASSES),
        "sets": {part: data.label_counts(part) for part in ("train", "validation", "test")},
        "dropped": manifest["incomplete_sets_dropped"],
        "images": seen.size,
        "black": int((~seen).sum()),
        "seen": [seen[y == label].sum(0).tolist() for label in range(len(CLASSES))],
        "seen_by_e3_alone": int((~seen[:, [0, 1, 2, 5]].any(1)).sum()),
        "test": len(data.test),
        "known": sum(steps is not None for steps in away),
        "near": sum(steps is not None and steps <= 2 for steps in away),
        "nearest": int((np.asarray(data.train.y)[nearest] == np.asarray(data.test.y)).sum()),
    }


def _frames_from_training(listed: Path) -> list[int | None]:
    """How many frames each test set is away from a training set of its class and number; None where there is none."""
    frames: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    with listed.open(newline="", encoding="utf-8") as lines:
        for line in list(csv.DictReader(lines))[::CAMERAS]:
            kind, name = line["file"].split("/")[-2:]
            _, number, frame = Path(name).stem.split("_")
            frames[line["part"], kind, number].append(int(frame))
    return [
        min((abs(frame - other) for other in frames.get(("train", kind, number), ())), default=None)
        for (part, kind, number), tested in frames.items()
        if part == "test"
        for frame in tested
    ]


_MAKERS: Final[Mapping[str, Callable[[Path], dict[str, Any]]]] = {
    "health": health_facts,
    "camera": camera_facts,
}
NAMES: Final = tuple(_MAKERS)
"""The data sets of which there are facts."""
