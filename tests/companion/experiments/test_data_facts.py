"""What pages say of data that are not passed on is what the prepared data hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from camera_images import SETS, write_cameras, write_image
from companion.experiments import EXPERIMENTS
from companion.experiments.data_facts import (
    HERTZ,
    NAMES,
    SECONDS,
    as_text,
    camera_facts,
    data_facts,
    health_facts,
)
from companion.results.store import Store
from data_prep.camera_preparation import prepare_camera
from data_prep.health_arrays import whole_subjects
from data_prep.mhealth_preparation import prepare_health
from data_prep.sealed_arrays import keep
from mhealth_samples import make_sample
from resilinet.data.splits import rows_at_random

RESULTS = Path(__file__).parents[3] / "results"


def test_committed_facts_are_of_the_data_that_trials_are_trained_on() -> None:
    for name in NAMES:
        assert data_facts(name)["fingerprint"] == EXPERIMENTS[name].size("published").data["fingerprint"]


def test_committed_facts_agree_with_what_trainings_counted() -> None:
    """A record has the labels of its training and test examples: what is left over is a tenth, to validate on."""
    facts = data_facts("health")
    trial = EXPERIMENTS["health"].size("published")
    record = next(one for one in Store(RESULTS) if one.trial.data == trial.data)
    validation = np.subtract(facts["rows_per_class"], record.labels["train"]) - record.labels["test"]
    assert facts["test"] == record.total
    assert validation.min() >= 0
    assert validation.sum() == sum(facts["rows_per_class"]) // 10
    assert sum(fold["test"] for fold in facts["folds"]) == sum(facts["rows_per_class"])
    excerpt = np.array(facts["excerpt"]["rows"])
    assert excerpt.shape == (SECONDS * HERTZ, 23)


def test_counts_of_health_are_those_of_a_search_row_by_row(tmp_path: Path) -> None:
    sample = make_sample(tmp_path / "sources")
    folder = prepare_health(sample.full, tmp_path, published=sample.published)
    x, y, subject = (np.load(folder / f"{name}.npy") for name in ("x", "y", "subject"))
    # Repetitions, which drawn values hardly have: every other row becomes the one before.
    x[1::2] = x[: 2 * (len(x) // 2) : 2]
    parts = rows_at_random(len(y), 0)

    def repeated(train: np.ndarray, test: np.ndarray) -> int:
        known = {tuple(row) for row in x[train].tolist()}
        return sum(tuple(row) in known for row in x[test].tolist())

    trained = set(parts[0].tolist())
    neighboured = sum(
        any(
            near in trained and (subject[near], y[near]) == (subject[row], y[row])
            for near in (row - 1, row + 1)
        )
        for row in parts[2].tolist()
    )
    found = _facts_of_altered(tmp_path, folder, x)
    assert (found["test"], found["repeated"]) == (len(parts[2]), repeated(parts[0], parts[2]))
    assert 0 < found["repeated"] < found["test"]
    assert found["neighboured"] == neighboured > 0
    assert found["zeros"] == [int(np.count_nonzero(column == 0)) for column in x.T]
    for fold, counted in enumerate(found["folds"]):
        train, _, test = whole_subjects(subject, 0, fold)
        assert counted == {"test": len(test), "repeated": repeated(train, test)}
    assert found["rows_per_class"] == np.bincount(y, minlength=13).tolist()


def _facts_of_altered(root: Path, folder: Path, x: np.ndarray) -> dict[str, Any]:
    """The facts of other values, for which the manifest vouches as well."""
    manifest = json.loads((folder / "manifest.json").read_text())
    arrays = {"x.npy": x, **{f"{name}.npy": np.load(folder / f"{name}.npy") for name in ("y", "subject")}}
    keep(folder, {**manifest, "arrays": {}}, arrays)
    return health_facts(root)


def test_counts_of_the_cameras_are_those_of_the_pictures(tmp_path: Path) -> None:
    source = write_cameras(tmp_path / "source")
    for camera in (0, 4):
        write_image(source / "train_dir" / "car_images" / f"c{camera}_0_00000000.jpg")
    for camera in (0, 1, 2, 5):
        write_image(source / "train_dir" / "person_images" / f"c{camera}_0_00000000.jpg")
    prepare_camera(source, tmp_path)
    facts = camera_facts(tmp_path)
    each = sum(SETS.values())
    assert facts["sets"] == {part: [sets] * 3 for part, sets in SETS.items()}
    assert (facts["images"], facts["black"]) == (6 * 3 * each, 2 + 4)
    assert facts["seen"] == [
        [each - 1, each - 1, each - 1, each, each, each - 1],
        [each - 1, each, each, each, each - 1, each],
        [each] * 6,
    ]
    assert facts["seen_by_e3_alone"] == 1
    # One set of each class to test on, of object 0 in frame 0, which is in training as well.
    assert (facts["test"], facts["known"], facts["near"]) == (3, 3, 3)
    assert 0 <= facts["nearest"] <= 3


def test_a_data_set_without_facts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^'cifar10' has no facts; choose from health, camera\.$"):
        as_text("cifar10", tmp_path)
