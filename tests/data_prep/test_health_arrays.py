"""Health is loaded as it was prepared, split without overlap, and known by its fingerprint."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.experiments.synthetic import synthetic_health
from data_prep.health_arrays import load_health, whole_subjects
from data_prep.mhealth_preparation import prepare_health
from mhealth_samples import REAL, make_sample, needs_real_data
from resilinet.data import DataError, Dataset

PARTS = ("train", "validation", "test")
PINNED_PEOPLE = [[[2], [3, 4]], [[7], [2, 9]], [[8], [1, 7]], [[6], [5, 8]], [[4], [6, 10]]]
PINNED_REAL = "694f7cc27d05b49807d439dfb4cf4a548691e62ec21159ad1f02014370556b15"
ARRAYS = ("x.npy", "y.npy", "subject.npy")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data folder with both preprocessings of made-up recordings."""
    sample = make_sample(tmp_path / "sources")
    for preprocessing in ("released-code", "float"):
        prepare_health(sample.full, tmp_path, preprocessing, published=sample.published)
    return tmp_path


def all_rows(data: Dataset) -> np.ndarray:
    """Values and label of every example, sorted, so that only the content counts."""
    rows = np.concatenate([np.column_stack([data.part(part).x, data.part(part).y]) for part in PARTS])
    return rows[np.lexsort(rows.T)]


@given(seed=st.integers(0, 1000), counts=st.lists(st.integers(1, 9), min_size=4, max_size=10))
@settings(max_examples=50, deadline=None)
def test_nobody_is_in_two_parts_of_a_split_by_subject(seed, counts):
    subject = np.repeat(np.arange(1, len(counts) + 1, dtype=np.uint8), counts)
    for fold in range(len(counts) // 2):
        parts = whole_subjects(subject, seed, fold)
        np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(len(subject)))
        people = [set(subject[part].tolist()) for part in parts]
        assert [len(group) for group in people] == [len(counts) - 3, 1, 2]
        assert set.union(*people) == set(range(1, len(counts) + 1)), "and everybody is in one"


@given(seed=st.integers(0, 1000), half=st.integers(2, 5))
@settings(max_examples=30, deadline=None)
def test_everybody_tests_in_one_fold_and_nobody_validates_twice(seed, half):
    subject = np.arange(2 * half, dtype=np.uint8)
    folds = [whole_subjects(subject, seed, fold) for fold in range(half)]
    assert sorted(np.concatenate([test for _, _, test in folds])) == list(range(2 * half))
    assert len({int(validation[0]) for _, validation, _ in folds}) == half


def test_the_people_of_every_fold_never_change():
    """Pinned: other people in a fold would be other data under the same name."""
    subject = np.arange(1, 11, dtype=np.uint8)
    people = [[subject[part].tolist() for part in whole_subjects(subject, 0, fold)[1:]] for fold in range(5)]
    assert people == PINNED_PEOPLE


def test_three_subjects_cannot_be_split():
    with pytest.raises(DataError, match="4 subjects or more, and there are 3"):
        whole_subjects(np.array([1, 1, 2, 3], np.uint8), 0, 0)


@pytest.mark.parametrize("fold", [5, -1, 1.0, True])
def test_a_fold_with_no_person_in_it_is_refused(fold):
    with pytest.raises(
        DataError, match=f"^fold {fold} has no person in it: 10 people make the folds 0 to 4$"
    ):
        whole_subjects(np.arange(10, dtype=np.uint8), 0, fold)


# --- loading -------------------------------------------------------------------------------------


@pytest.mark.parametrize("split", ["random", "subject"])
def test_loaded_examples_are_the_prepared_rows_each_once(root, split):
    data = load_health(root, split=split)
    folder = root / "health" / "released-code"
    rows = np.column_stack([np.load(folder / "x.npy"), np.load(folder / "y.npy")])
    np.testing.assert_array_equal(all_rows(data), rows[np.lexsort(rows.T)])
    assert data.train.x.dtype == torch.float32
    assert data.train.y.dtype == torch.int64
    assert data.train.x.shape[1:] == (23,)


def test_label_counts_cover_thirteen_classes(root):
    data = load_health(root)
    assert data.classes == 13
    for part in PARTS:
        counts = data.label_counts(part)
        assert len(counts) == 13
        assert counts[0] == 0, "the null class never occurs"
        assert sum(counts) == len(data.part(part))


def test_split_by_subject_keeps_people_apart(root):
    data = load_health(root, split="subject", split_seed=3, fold=2)
    subject = np.load(root / "health" / "released-code" / "subject.npy")
    sizes = np.bincount(subject)
    _, (validated,), tested = (sorted(set(subject[part].tolist())) for part in whole_subjects(subject, 3, 2))
    assert (len(data.validation), len(data.test)) == (sizes[validated], sizes[tested].sum())
    assert data.description["fold"] == 2


def test_a_random_split_has_no_folds(root):
    with pytest.raises(DataError, match="a random split has one fold, 0, and no fold 2"):
        load_health(root, fold=2)


def test_float_is_standardised_with_the_training_rows_alone(root):
    data = load_health(root, "float")
    varying = [channel for channel in range(23) if channel != 8]
    mean, std = data.train.x.double().mean(0), data.train.x.double().std(0, correction=0)
    torch.testing.assert_close(mean, torch.zeros_like(mean), atol=1e-5, rtol=0)
    torch.testing.assert_close(std[varying], torch.ones_like(std[varying]), atol=1e-5, rtol=0)
    assert (data.test.x.mean(0)[varying].abs() > 1e-3).any(), "test rows have means of their own"


def test_constant_channel_becomes_zero_under_float(root):
    data = load_health(root, "float")
    for part in PARTS:
        assert not data.part(part).x[:, 8].any()


# --- fingerprint ---------------------------------------------------------------------------------


def test_description_is_full_and_json(root):
    data = load_health(root, split_seed=5)
    assert json.loads(json.dumps(data.description)) == {
        "name": "health",
        "preprocessing": "released-code",
        "split": "random",
        "split_seed": 5,
        "fingerprint": data.fingerprint,
    }


def test_fingerprint_differs_with_each_argument_and_only_then(root):
    chosen = [
        load_health(root, preprocessing, split, seed).fingerprint
        for preprocessing in ("released-code", "float")
        for split in ("random", "subject")
        for seed in (0, 1)
    ]
    chosen += [load_health(root, split="subject", fold=fold).fingerprint for fold in range(1, 5)]
    assert len(set(chosen)) == len(chosen)
    assert load_health(root).fingerprint == chosen[0]


def test_fingerprint_tells_other_recordings_apart(root, tmp_path):
    other = make_sample(tmp_path / "other", seed=1)
    prepare_health(other.full, tmp_path / "root", published=other.published)
    assert load_health(tmp_path / "root").fingerprint != load_health(root).fingerprint


def test_fingerprint_does_not_depend_on_the_form_of_the_source(root, tmp_path):
    sample = make_sample(tmp_path / "again")
    prepare_health(sample.complete, tmp_path / "root", published=sample.published)
    assert load_health(tmp_path / "root").fingerprint == load_health(root).fingerprint


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*ARRAYS, "manifest.json"])
def test_missing_file_is_named(root, name):
    (root / "health" / "released-code" / name).unlink()
    with pytest.raises(DataError, match=rf"{name}: there is no such file$"):
        load_health(root)


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("damage", ["cut", "altered", "empty"])
def test_damaged_array_is_refused(root, name, damage):
    path = root / "health" / "released-code" / name
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes({"cut": content[:-7], "altered": content, "empty": b""}[damage])
    with pytest.raises(DataError, match=rf"{name}: .* cut off or altered"):
        load_health(root)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"arrays": {"x.npy": 3}}', "\udc80"])
def test_manifest_that_is_none_is_refused(root, text):
    path = root / "health" / "released-code" / "manifest.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(DataError, match=r"manifest.json: not a manifest of prepared data"):
        load_health(root)


def test_manifest_of_another_preprocessing_is_refused(root):
    path = root / "health" / "released-code" / "manifest.json"
    path.write_text((root / "health" / "float" / "manifest.json").read_text())
    with pytest.raises(DataError, match=r"manifest.json: describes .*float"):
        load_health(root)


def test_manifest_cannot_vouch_for_another_shape(root):
    path = root / "health" / "released-code" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["arrays"]["y.npy"]["shape"] = [1]
    path.write_text(json.dumps(manifest))
    with pytest.raises(DataError, match=r"y.npy: shape .* where the manifest has \[1\]"):
        load_health(root)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"preprocessing": "none"}, "'none' is unknown; it must be released-code or float"),
        ({"split": "thirds"}, "'thirds' is unknown; it must be random or subject"),
        ({"split_seed": -1}, "from 0 up, not -1"),
        ({"split_seed": 0.5}, "from 0 up, not 0.5"),
        ({"split_seed": True}, "from 0 up, not True"),
    ],
)
def test_argument_that_is_not_allowed_is_refused(root, arguments, message):
    with pytest.raises(DataError, match=message):
        load_health(root, **arguments)


def test_health_has_no_augmentation_in_its_description(root):
    """Results are stored under the hash of this description."""
    assert "augmentation" not in load_health(root).description
    assert load_health(root).augmentation == synthetic_health(100).augmentation == "none"


# --- the real recordings -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    root = tmp_path_factory.mktemp("data")
    prepare_health(Path(REAL, "mHealth_complete.log"), root)
    return load_health(root)


@needs_real_data
def test_real_split_has_the_stated_sizes_and_fingerprint(real):
    assert tuple(len(real.part(part)) for part in PARTS) == (274_548, 34_318, 34_319)
    assert real.fingerprint == PINNED_REAL


@needs_real_data
def test_guessing_from_training_frequencies_is_right_as_often_as_stated(real):
    """Without information flow Health is guessed right in 8.65 %, or 8.02 % a label too low."""
    train = np.array(real.label_counts("train")) / len(real.train)
    test = np.array(real.label_counts("test")) / len(real.test)
    assert 100 * train @ test == pytest.approx(8.65, abs=0.005)
    # The released code guesses k - 1 where the training label was k.
    assert 100 * train[1:] @ test[:-1] == pytest.approx(8.02, abs=0.005)
