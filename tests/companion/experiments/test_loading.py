"""A data set is found by its description, and what is wrong with either is said in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from companion.experiments.loading import NAMES, differences, load
from companion.experiments.synthetic import synthetic_health, synthetic_images
from data_prep.health_arrays import load_health
from data_prep.mhealth_preparation import prepare_health
from mhealth_samples import make_sample
from resilinet.data import DataError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data folder with both preprocessings of made-up recordings."""
    sample = make_sample(tmp_path / "sources")
    for preprocessing in ("released-code", "float"):
        prepare_health(sample.full, tmp_path, preprocessing, published=sample.published)
    return tmp_path


def test_description_leads_back_to_the_data(root):
    images = [synthetic_images(100, 8, 4, 3, views=views) for views in (1, 2)]
    for data in (load_health(root), synthetic_health(100), *images):
        again = load(data.description, root)
        assert dict(again.description) == dict(data.description)
        assert torch.equal(again.test.x, data.test.x)
        with pytest.raises(
            DataError,
            match=r"^the trial describes data with fingerprint 00000000\.\.\., but the data at hand are those with "
            rf"fingerprint {data.fingerprint[:8]}\.\.\.; .*\.$",
        ):
            load({**data.description, "fingerprint": "0" * 64}, root)


def test_hashes_that_begin_alike_are_told_apart():
    wanted, found = {"fingerprint": "a" * 64, "seed": 0}, {"fingerprint": "a" * 63 + "b", "size": 3}
    assert differences(wanted, found) == (
        f"the trial describes data with fingerprint {'a' * 64}, seed 0, size no value, but the data at hand are those "
        f"with fingerprint {'a' * 63}b, seed no value, size 3"
    )


def test_advice_names_the_folder_in_use(root, tmp_path):
    description, empty = load_health(root).description, tmp_path / "of mine"
    with pytest.raises(DataError, match=f"`resilinet data health --data '{empty}'`"):
        load(description, empty)
    with pytest.raises(DataError, match=f"{root} holds others.* with --data"):
        load({**description, "fingerprint": "0" * 64}, root)


def test_folder_that_is_a_file_is_refused(root, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"file/.*: cannot be read \(Not a directory\); give the folder"):
        load(load_health(root).description, tmp_path / "file")


@pytest.mark.parametrize("name", ["mnist", None, []])
def test_unknown_data_set_is_refused(tmp_path, name):
    with pytest.raises(DataError, match=f"is no data set; there are health, .* and {NAMES[-1]}"):
        load({"name": name}, tmp_path)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"camera"}))  # which is loaded in one way alone
def test_description_that_lacks_something_is_refused(tmp_path, name):
    with pytest.raises(DataError, match=f"description of {name} lacks '"):
        load({"name": name}, tmp_path)
