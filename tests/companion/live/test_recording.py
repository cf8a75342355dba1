"""Recordings of live runs: what they measure, and that only whole ones are read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from companion.live.recording import Ended, Happened, Recording, RecordingError, read_recording

CHAIN, AROUND = ("i->n1", "n1->n2"), ("i->n2",)
RECORDING = Recording(
    trial={"scheme": "resilinet"},
    setting={"rate": 1.0, "duration": 10.0, "batch": 2, "deadline": 1.0, "heartbeat": 0.2, "patience": 0.6},
    routes=[("none", CHAIN), ("n1", AROUND)],
    events=[
        Happened("fail", "n1", 2.0, 2.01, "n1", 1),
        Happened("restore", "n1", 6.0, 6.02, "none", 0),
    ],
    requests=[
        Ended(0.5, 0.6, 0, 2, True),
        Ended(1.9, 2.1, 0, 1, True),  # under way when n1 failed, and behind it already
        Ended(2.2, 3.2, -1, 0, False),
        Ended(2.5, 2.6, 1, 1, True),
        Ended(5.0, 5.5, 1, 0, True),
        Ended(6.1, 6.2, 1, 2, True),  # sent before anyone noticed the return
        Ended(6.5, 6.75, 0, 2, True),
    ],
    traffic=[(0.0, {"i->n1": 0}), (10.0, {"i->n1": 100})],
    frames={"i->n1": 4},
)


def test_a_detour_is_over_with_the_first_answer_that_came_around_the_node() -> None:
    fail, back = RECORDING.events
    assert RECORDING.until_detour(fail) == pytest.approx(0.6)
    assert RECORDING.until_return(back) == pytest.approx(0.75)
    assert RECORDING.until_return(fail) is None
    assert RECORDING.until_detour(back) is None


def test_phases_count_by_the_time_of_asking_and_measure_their_own_route() -> None:
    first, second, third = RECORDING.phases()
    assert (first.scenario, first.answered, first.lost, first.accuracy) == ("none", 2, 0, 0.75)
    assert (second.scenario, second.answered, second.lost, second.accuracy) == ("n1", 2, 1, 0.25)
    assert (third.scenario, third.answered, third.by_its_route, third.accuracy) == ("none", 2, 1, 1.0)
    assert (third.begins, third.ends) == (6.0, 10.0)


def test_a_node_by_which_no_answer_leads_is_never_detoured() -> None:
    silent = replace(RECORDING, requests=RECORDING.requests[:3])
    assert silent.until_detour(silent.events[0]) is None
    assert silent.phases()[1].accuracy is None


def test_a_recording_is_read_as_it_was_written(tmp_path: Path) -> None:
    RECORDING.write(tmp_path / "run.json")
    assert read_recording(tmp_path / "run.json") == RECORDING


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"schema": "other"}, "not of schema"),
        ({"requests": [[0, 1, 2, 0, 1]]}, "a request ended as"),
        ({"requests": [[0, 1, 0]]}, "not a recording"),
        ({"events": [{"kind": "fail"}]}, "not a recording"),
        ({"more": 1}, "not a recording"),
        ({"traffic": None}, "not a recording"),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, change: dict[str, object], problem: str) -> None:
    path = tmp_path / "run.json"
    RECORDING.write(path)
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change), encoding="utf-8")
    with pytest.raises(RecordingError, match=problem):
        read_recording(path)
    path.write_text(path.read_text(encoding="utf-8")[:-50], encoding="utf-8")
    with pytest.raises(RecordingError, match="not a recording of a live run"):
        read_recording(path)
