"""Accepted verdicts: what a ledger is held against, and what counts as no longer supported."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from companion.paper import Verdict, verify
from companion.paper.accepted_verdicts import AcceptedError, Kind, accept, changes, place, read
from companion.paper.verdicts import Entry
from companion.results.store import Store

ROOT = Path(__file__).parents[3]
READING = ("published", "train-frequency")
ENTRY = Entry(
    "table-1-health",
    "resilinet/n1",
    Verdict.REPRODUCED,
    ours=92.5,
    seeds=2,
    wanted=2,
    trials=("a" * 64, "b" * 64),
)


def kinds(entries: list[Entry], path: Path, **how: bool) -> list[Kind]:
    return [change.kind for change in changes(entries, read(path), **how)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = place(tmp_path, *READING)
    assert accept([ENTRY], path) == 1
    return path


def test_what_was_accepted_supports_itself(path: Path) -> None:
    assert kinds([ENTRY], path) == []
    assert kinds([dataclasses.replace(ENTRY, trials=ENTRY.trials[::-1])], path) == []


@pytest.mark.parametrize("verdict", [Verdict.TREND, Verdict.NOT_REPRODUCED])
def test_another_verdict_is_a_change_for_better_or_worse(
    path: Path, verdict: Verdict, tmp_path: Path
) -> None:
    other = dataclasses.replace(ENTRY, verdict=verdict)
    assert kinds([other], path) == [Kind.CHANGED]
    accept([other], tmp_path / "worse.json")
    assert kinds([ENTRY], tmp_path / "worse.json") == [Kind.CHANGED]


@pytest.mark.parametrize("verdict", [Verdict.INCOMPLETE, Verdict.NOT_ATTEMPTED])
def test_a_verdict_whose_trials_are_gone_is_lost(path: Path, verdict: Verdict) -> None:
    assert kinds([dataclasses.replace(ENTRY, verdict=verdict, seeds=1)], path) == [Kind.LOST]
    assert kinds([], path) == [Kind.LOST]


def test_what_is_lost_says_why(path: Path) -> None:
    note = "What it is compared with has not been trained for all seeds."
    entry = dataclasses.replace(ENTRY, verdict=Verdict.INCOMPLETE, note=note)
    (change,) = changes([entry], read(path))
    assert change.text == f"reproduced when it was accepted, incomplete now. {note}"


def test_the_same_trials_with_another_value_are_altered(path: Path) -> None:
    other = dataclasses.replace(ENTRY, ours=92.4)
    assert kinds([other], path) == [Kind.ALTERED]
    assert kinds([dataclasses.replace(ENTRY, ours=None)], path) == [Kind.ALTERED]
    assert kinds([dataclasses.replace(ENTRY, ours=92.5 + 1e-9)], path) == []
    # Trained elsewhere, the same trials have slightly other outcomes; further trials move a mean.
    assert kinds([other], path, values=False) == []
    assert kinds([dataclasses.replace(other, trials=(*ENTRY.trials, "c" * 64))], path) == []


def test_trainings_that_are_added_break_nothing(path: Path) -> None:
    incomplete = dataclasses.replace(ENTRY, key="dfg/n1", verdict=Verdict.INCOMPLETE)
    assert kinds([ENTRY, incomplete], path) == []
    complete = dataclasses.replace(incomplete, verdict=Verdict.NOT_REPRODUCED)
    (change,) = changes([ENTRY, complete], read(path))
    assert (change.kind, change.breaks) == (Kind.NEW, False)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-20],
        lambda text: text.replace('"schema": 1', '"schema": 2'),
        lambda text: text.replace("reproduced", "splendid"),
        lambda text: text.replace("verdict", "judgement"),
        lambda text: "[]",
        lambda text: "[" * 100_000,
        lambda text: text.replace("92.5", "9" * 400),
        lambda text: text.replace('"reproduced"', '"given"'),
        lambda text: text.replace("92.5", '"x"'),
        lambda text: '{"schema": 1, "verdicts": {}}',
        lambda text: '{"schema": 1, "verdicts": []}',
        lambda text: json.dumps(json.loads(text) | {"verdicts": 2 * json.loads(text)["verdicts"]}),
    ],
)
def test_a_damaged_file_is_refused_by_name(path: Path, damage: object) -> None:
    path.write_text(damage(path.read_text()))  # type: ignore[operator]
    with pytest.raises(AcceptedError, match="not a whole file of accepted verdicts") as refusal:
        read(path)
    assert str(refusal.value).count(str(path)) == 1


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(AcceptedError, match="--accept"):
        read(tmp_path / "nothing.json")


def test_the_committed_results_support_the_committed_verdicts() -> None:
    entries = verify(Store(ROOT / "results"), *READING)
    broken = [one for one in changes(entries, read(place(ROOT / "results", *READING))) if one.breaks]
    assert broken == []


def test_verdicts_under_both_kinds_of_statistics_are_accepted_and_guarded(tmp_path: Path) -> None:
    both = dataclasses.replace(ENTRY, per_route=dataclasses.replace(ENTRY, ours=93.0))
    path = place(tmp_path, *READING)
    assert accept([both], path) == 2
    assert kinds([both], path) == []
    worse = dataclasses.replace(both, per_route=dataclasses.replace(ENTRY, verdict=Verdict.UNDECIDED))
    (change,) = changes([worse], read(path))
    assert (change.kind, change.key) == (Kind.CHANGED, "resilinet/n1 per route")
    assert kinds([ENTRY], path) == [Kind.LOST]
