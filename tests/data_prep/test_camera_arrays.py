"""Prepared images of six cameras are loaded as they were prepared, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from camera_images import write_cameras
from companion.experiments.loading import load
from data_prep.camera_arrays import DESCRIPTION, load_camera
from data_prep.camera_preparation import prepare_camera
from resilinet.data import DataError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    prepare_camera(write_cameras(tmp_path / "source"), tmp_path)
    return tmp_path


def test_a_set_is_one_example_whose_description_leads_back_to_it(root):
    data = load_camera(root)
    assert data.name == "camera"
    assert data.classes == 3
    assert data.augmentation == "none"
    assert dict(data.description) == {**DESCRIPTION, "fingerprint": data.fingerprint}
    assert torch.equal(load(data.description, root).train.x, data.train.x)


def test_a_description_that_says_less_is_that_of_other_data(root):
    with pytest.raises(DataError, match="the trial describes data with preprocessing no value"):
        load({"name": "camera"}, root)


def edited(root: Path, **facts: object) -> None:
    path = root / "camera" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))


def test_what_is_missing_or_altered_is_named(root):
    with pytest.raises(DataError, match=r"manifest.json: there is no such file$"):
        load_camera(root / "elsewhere")
    listed = root / "camera" / "files.csv"
    before = listed.read_text()
    listed.write_text(before.replace("c0_", "c1_", 1))
    with pytest.raises(DataError, match=r"files.csv: it does not have the sha256 .*$"):
        load_camera(root)
    listed.write_text(before)
    path = root / "camera" / "test-x.npy"
    np.save(path, np.load(path)[:, ::-1])
    with pytest.raises(DataError, match=r"test-x.npy: .* cut off or altered$"):
        load_camera(root)
    edited(root, classes=["a", "b", "c"])
    with pytest.raises(DataError, match=r"manifest.json: altered, .*$"):
        load_camera(root)
    edited(root, dataset="cifar10")
    with pytest.raises(DataError, match=r"manifest\.json: describes "):
        load_camera(root)
