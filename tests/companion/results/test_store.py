"""Results appear whole or not at all, and what cannot be trusted is refused by name."""

import codecs
import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from companion.experiments import EXPERIMENTS
from companion.experiments.trial import NUMERICS, Record, identity
from companion.results.store import Store, StoreError, read_record
from resilinet.atomic_files import PARTIAL, whole_file
from resilinet.schemes import DFG, RESILINET

HEALTH = EXPERIMENTS["health"]
PAPER = HEALTH.size("published")

READINGS = ("failout", "normal", "poor", "hazardous")

RECORD = Record(
    trial=HEALTH.trial(PAPER, RESILINET, 0),
    total=100,
    counts={
        "none": 97,
        "n1": 0,
        "n2": 100,
        "n3": 90,
        "n1+n2": None,
        "n1+n3": 9,
        "n2+n3": None,
        "n1+n2+n3": None,
    },
    survival={
        name: {
            "none": 96,
            "n1": 0,
            "n2": 99,
            "n3": 90,
            "n1+n2": None,
            "n1+n3": 8,
            "n2+n3": None,
            "n1+n2+n3": None,
        }
        for name in READINGS
    },
    labels={"train": [0, 5, 3], "test": [0, 60, 40]},
    history=[{"loss": 0.1, "validation_accuracy": 2 / 3}] * PAPER.recipe.epochs,
    best_epoch=1,
    parameters=1234,
    provenance={"commit": "unknown", "threads": 1},
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results")


IMAGES = EXPERIMENTS["resnet"]
FOUR = {"none": 90, "z1": 80, "z2": 70, "z1+z2": None}


def altered(path: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    return path


def test_what_is_written_is_read(store: Store) -> None:
    assert store.get(RECORD.id) is None
    assert RECORD.id not in store
    path = store.write(RECORD)
    assert path == store.path(RECORD.id)
    assert RECORD.id in store
    assert store.read(RECORD.id) == store.get(RECORD.id) == RECORD
    other = replace(RECORD, trial=HEALTH.trial(PAPER, DFG, 0))
    store.write(other)
    assert sorted(store, key=lambda record: record.trial.scheme) == [other, RECORD]


def test_a_file_tells_whose_it_is(store: Store) -> None:
    content = json.loads(store.write(RECORD).read_text())
    assert (content["id"], content["numerics"]) == (RECORD.id, NUMERICS)
    assert content["trial"] == RECORD.trial.values


def test_files_appear_whole_or_not_at_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is renamed into place is complete; a write that fails leaves the former result and nothing else."""
    store.write(RECORD)

    def fail(*arguments: object) -> None:
        raise OSError("the disk is full")

    seen = []
    real = Path.replace

    def look(partial: Path, path: Path) -> Path:
        seen.append(json.loads(partial.read_text())["total"])
        return real(partial, path)

    monkeypatch.setattr(Path, "replace", look)
    store.write(replace(RECORD, total=101, labels={"train": [0, 5, 3], "test": [0, 60, 41]}))
    assert seen == [101]
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk is full"):
        store.write(replace(RECORD, total=102))
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.write(replace(RECORD, history=[{"loss": float("nan")}]))
    assert store.read(RECORD.id).total == 101
    assert [path.name for path in store.folder.iterdir()] == [store.path(RECORD.id).name]


def test_leftovers_of_a_killed_write_are_ignored(store: Store) -> None:
    path = store.write(RECORD)
    path.with_name(f"{path.name}.0123{PARTIAL}").write_text('{"schema": 1, "id"')
    assert list(store) == [RECORD]


def test_two_writers_of_one_file_never_mix(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file.json"
    with whole_file(path) as first:
        first.write_text("first")
        with whole_file(path) as second:
            second.write_text("second")
            assert not path.exists()
        assert path.read_text() == "second"
    assert path.read_text() == "first"
    assert list(path.parent.iterdir()) == [path]


def test_an_empty_or_missing_folder_holds_nothing(store: Store) -> None:
    assert list(store) == []
    with pytest.raises(StoreError, match=f"there is no result of trial {RECORD.id[:16]}"):
        store.read(RECORD.id)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"{", b"null", b"[]", b'"text"', b"\xff\xfe", b'{"schema": 1}']
)
def test_what_is_no_result_is_refused_by_name(store: Store, content: bytes) -> None:
    path = store.write(RECORD)
    path.write_bytes(content)
    with pytest.raises(StoreError, match=rf"{path.name}: .*(not a|is missing)"):
        store.read(RECORD.id)
    with pytest.raises(StoreError, match=path.name):
        list(store)


def test_a_truncated_file_is_refused_wherever_it_was_cut(store: Store) -> None:
    path = store.write(RECORD)
    whole = path.read_bytes()
    for length in range(0, len(whole) - 2, 97):
        path.write_bytes(whole[:length])
        with pytest.raises(StoreError, match=f"{path.name}: not a whole result file .* run the trial again"):
            store.get(RECORD.id)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.update(schema=2), "not a result of schema 1"),
        (lambda c: c.pop("counts"), "'counts' is missing"),
        (lambda c: c.pop("numerics"), "'numerics' is missing"),
        (lambda c: c["trial"].update(seed=1), "its values have identity .*, but it says"),
        (lambda c: c["trial"]["recipe"].update(epochs=20), "its values have identity .*, but it says"),
        (lambda c: c["trial"]["data"].update(name="synthetic-health"), "its values have identity"),
        (lambda c: c["trial"].pop("seed"), "describe no trial: .*'seed'"),
        (lambda c: c["trial"].update(scheme="magic"), "'magic' is no scheme"),
        (lambda c: c.update(trial=None), "describe no trial"),
        (lambda c: c.update(numerics=NUMERICS + 1), "its values have identity .*, but it says"),
        (lambda c: c.update(id="f" * 64), "but it says ffffffffffffffff"),
        (lambda c: c.update(id=None), "but it says None"),
        (
            lambda c: c["counts"].update(n1=-1),
            "counts of scenario 'n1' is -1, not a whole number from 0 to 100",
        ),
        (
            lambda c: c["counts"].update(n1=101),
            "counts of scenario 'n1' is 101, not a whole number from 0 to 100",
        ),
        (lambda c: c["counts"].update(n1=0.97), "counts of scenario 'n1' is 0.97, not a whole number"),
        (lambda c: c["counts"].update(n1=True), "counts of scenario 'n1' is True, not a whole number"),
        (lambda c: c["counts"].update(n1="97"), "counts of scenario 'n1' is '97', not a whole number"),
        (lambda c: c["counts"].update(none=None), "the scenario without failures was not counted"),
        (lambda c: c["counts"].pop("none"), "counts lacks the scenario 'none'"),
        (lambda c: c.update(counts={"none": 100}), "counts lacks the scenario 'n1'"),
        (lambda c: c["counts"].update(z1=5), "counts has the scenario 'z1', which its network has not"),
        (lambda c: c["survival"]["normal"].pop("n1"), "survival/normal lacks the scenario 'n1'"),
        (lambda c: c["survival"]["normal"].update(none=None), "survival/normal: .*was not counted"),
        (lambda c: c.update(per_route={"none": 97}), "per_route lacks the scenario 'n1'"),
        (lambda c: c.update(per_route=None), "per_route is None, not counts by scenario"),
        (lambda c: c["survival"]["normal"].update(none=101), "normal of scenario 'none' is 101"),
        (lambda c: c.update(total=-5), "total is -5, not a whole number from 1 up"),
        (lambda c: c.update(total="100"), "total is '100', not a whole number from 1 up"),
        (lambda c: c.update(best_epoch=-4), "best_epoch is -4, not a whole number from 1 to 50"),
        (lambda c: c.update(best_epoch=51), "best_epoch is 51, not a whole number from 1 to 50"),
        (lambda c: c.update(parameters="many"), "parameters is 'many', not a whole number from 1 up"),
        (lambda c: c.update(route_numbers=None), "route_numbers is None, not a whole number from 0 up"),
        (lambda c: c.update(labels={}), "labels is {}, not examples of each class in train and test"),
        (
            lambda c: c["labels"].update(train=[0, "5", 3]),
            "labels of train is .*'5'.*, not how many examples",
        ),
        (lambda c: c["labels"].update(train=[0, 0, 0]), "labels of train is .*, not how many examples"),
        (
            lambda c: c["labels"].update(test=[0, 60, 41]),
            "labels of test add up to 101, not to the total of 100",
        ),
        (lambda c: c.update(history=[]), "history is .*, not a list of epochs"),
        (lambda c: c["history"].pop(), "history has 49 epochs, not the 50 of its recipe"),
        (lambda c: c.update(best_epoch=2), "best_epoch is 2, but epoch 1 is the first of the highest"),
        (
            lambda c: c["history"][7].update(validation_accuracy=0.9),
            "best_epoch is 1, but epoch 8 is the first of the highest",
        ),
        (lambda c: c["labels"].update(train=[5, 3]), "labels has 2 classes in train and 3 in test"),
        (lambda c: c.update(history="x"), "history is 'x', not a list of epochs"),
        (lambda c: c["history"][0].pop("loss"), "epoch 1 of history is .*, not a loss and"),
        (lambda c: c["history"][0].update(loss=float("nan")), "epoch 1 of history is .*, not a loss and"),
        (lambda c: c["history"][0].update(validation_accuracy=1.5), "validation_accuracy from 0 to 1"),
        (lambda c: c.update(provenance=3), "provenance is 3, not values by name"),
        (lambda c: c.update(counts=[1, 2]), "counts"),
        (lambda c: c.update(survival=[1]), "survival"),
        (lambda c: c["survival"].update(normal=3), "normal is 3, not counts by scenario"),
        (lambda c: c.update(survival={}), "survival lacks 'failout'"),
        (lambda c: c["survival"].pop("poor"), "survival lacks 'poor'"),
    ],
)
def test_a_file_that_was_tampered_with_is_refused(
    store: Store, change: Callable[[dict[str, Any]], Any], message: str
) -> None:
    path = altered(store.write(RECORD), change)
    with pytest.raises(StoreError, match=rf"{path.name}: .*{message}.*; it is refused\."):
        store.get(RECORD.id)


def test_a_foreign_file_under_the_name_of_a_trial_is_refused(store: Store) -> None:
    mine = store.write(RECORD)
    other = replace(RECORD, trial=HEALTH.trial(PAPER, RESILINET, 1))
    store.write(other).replace(mine)
    with pytest.raises(
        StoreError, match=f"{mine.name}: it holds trial {other.id[:16]}, which its name denies"
    ):
        store.get(RECORD.id)


def test_a_renamed_file_is_refused(store: Store) -> None:
    path = store.write(RECORD)
    renamed = path.rename(path.with_name("0123456789abcdef.json"))
    with pytest.raises(StoreError, match=renamed.name):
        list(store)
    with pytest.raises(StoreError, match=renamed.name):
        read_record(renamed)


def test_results_of_other_numerics_do_not_pass_for_current_ones(store: Store) -> None:
    """A file that agrees with itself, but was made when the same trial gave other numbers."""
    old = identity(RECORD.trial.values, NUMERICS - 1)
    path = altered(store.write(RECORD), lambda c: c.update(numerics=NUMERICS - 1, id=old))
    path = path.rename(store.path(old))
    with pytest.raises(StoreError, match=f"{path.name}: .*made with numerics {NUMERICS - 1}"):
        list(store)
    assert store.get(RECORD.id) is None


@pytest.mark.parametrize("code", [errno.EACCES, errno.EMFILE, errno.EIO])
def test_what_the_system_refuses_to_read_is_named_and_not_called_damaged(
    store: Store, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    path = store.write(RECORD)

    def refuse(self: Path, *_: object, **__: object) -> str:
        raise OSError(code, os.strerror(code), str(self))

    monkeypatch.setattr(Path, "read_text", refuse)
    for read in (lambda: list(store), lambda: store.get(RECORD.id)):
        with pytest.raises(StoreError, match=rf"^{path}: cannot be read \({os.strerror(code)}\)\.$"):
            read()


def test_a_folder_that_may_not_be_listed_does_not_pass_for_an_empty_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(RECORD)

    def refuse(folder: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))

    for name in ("listdir", "scandir"):
        monkeypatch.setattr(os, name, refuse)
    with pytest.raises(PermissionError, match="results"):
        list(store)


def test_a_full_disk_is_named_with_the_file_that_has_no_room(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match=rf"No space left on device: '{store.path(RECORD.id)}'"):
        store.write(RECORD)
    assert not list(store.folder.iterdir())


def test_a_byte_order_mark_and_other_line_ends_change_no_result(store: Store) -> None:
    path = store.write(RECORD)
    path.write_bytes(codecs.BOM_UTF8 + path.read_bytes().replace(b"\n", b"\r\n"))
    assert store.read(RECORD.id) == RECORD


def test_a_folder_in_the_place_of_a_file_is_refused(store: Store) -> None:
    store.path(RECORD.id).mkdir(parents=True)
    with pytest.raises(StoreError, match=f"{RECORD.id[:16]}.json: not a whole result file"):
        store.get(RECORD.id)


def test_counts_are_of_the_scenarios_of_the_trial_s_own_network(store: Store) -> None:
    """Whatever network, partition and skips it has; the one without skips has as many scenarios."""
    trial = IMAGES.trial(IMAGES.size("published"), DFG, 0, skips=())
    scaled = dict.fromkeys(READINGS[1:], FOUR)  # without failout nothing but the settings lets a node die
    record = replace(RECORD, trial=trial, counts=FOUR, survival=scaled, per_route=FOUR)
    record = replace(record, history=RECORD.history[: trial.recipe.epochs])
    store.write(record)
    assert store.read(trial.id) == record
    for name in ("per_route", "route_numbers"):  # which every network with batch normalisation has
        path = altered(store.write(record), lambda c, name=name: c.pop(name))
        with pytest.raises(StoreError, match=f"{path.name}: '{name}' is missing; it is refused."):
            store.read(trial.id)
    path = store.write(replace(record, counts=RECORD.counts))
    with pytest.raises(StoreError, match=f"{path.name}: counts lacks the scenario 'z1'; it is refused."):
        store.read(trial.id)


def test_a_network_of_three_nodes_has_two_scenarios(store: Store) -> None:
    trial = replace(RECORD.trial, partition=(4, 6), skips=())
    counts = {"none": 97, "n1": None}
    record = replace(RECORD, trial=trial, counts=counts, survival={"failout": counts})
    store.write(record)
    assert store.read(trial.id) == record


def test_a_trial_that_no_network_answers_is_refused(store: Store) -> None:
    for change, message in (
        ({"network": {"model": "transformer"}}, "'transformer' is no model of this package"),
        ({"network": {}}, "its trial describes no network: 'model'"),
        ({"skips": (("n1", "moon"),)}, "its trial describes no network: .*'moon'"),
    ):
        path = store.write(replace(RECORD, trial=replace(RECORD.trial, **change)))
        with pytest.raises(StoreError, match=f"{path.name}: .*{message}.*; it is refused."):
            read_record(path)


def test_reading_results_loads_no_pytorch(store: Store) -> None:
    store.write(RECORD)
    code = (
        "import sys; from companion.results.store import Store;"
        "print(len(list(Store(sys.argv[1]))), 'torch' in sys.modules)"
    )
    words = [sys.executable, "-c", code, str(store.folder)]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout.split() == ["1", "False"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "results"
    file.write_text("")
    store = Store(file)
    for use in (
        lambda: RECORD.id in store,
        lambda: store.get(RECORD.id),
        lambda: store.read(RECORD.id),
        lambda: list(store),
        lambda: store.write(RECORD),
    ):
        with pytest.raises(StoreError, match=f"{file}: a file, not a folder of results; name a folder."):
            use()


def test_numbers_that_json_does_not_know_are_refused_by_name(store: Store) -> None:
    path = altered(store.write(RECORD), lambda c: c["trial"].update(seed=float("nan")))
    with pytest.raises(StoreError, match=f"{path.name}: "):
        read_record(path)
    path.write_text("[" * 100_000)
    with pytest.raises(StoreError, match=f"{path.name}: not a whole result file"):
        read_record(path)
