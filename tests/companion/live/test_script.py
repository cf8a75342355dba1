"""Scripts of live runs are refused before anything runs where they cannot be followed."""

from __future__ import annotations

import pytest

from companion.live.script import Event, Script, kills
from resilinet.models.partitions import mlp

FAIL, BACK = Event("fail", "n2", 1), Event("restore", "n2", 2)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"rate": 0}, "a rate of 0 requests a second is out of range; give up to 10000."),
        ({"rate": float("nan")}, "a rate of nan"),
        ({"duration": -1}, "a duration of -1 s is out of range"),
        ({"events": (Event("fail", "n2", 30),)}, "n2 is to fail at 30 s, but the run lasts 10 s."),
    ],
)
def test_numbers_that_make_no_run_are_refused(values: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Script(**({"rate": 5, "duration": 10} | values))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("events", "problem"),
    [
        ([Event("fail", "n9", 1)], "'n9' is no node; there are i, n1, n2, n3, n4."),
        ([BACK], "n2 cannot restore at 2 s: by then it has not failed."),
        ([FAIL, Event("freeze", "n2", 3)], "n2 cannot freeze at 3 s: by then it has failed already."),
        ([FAIL, BACK, Event("restore", "n2", 3)], "n2 cannot restore at 3 s"),
    ],
)
def test_events_must_follow_from_one_another(events: list[Event], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Script(5, 10, 1, tuple(events)).check(mlp())


def test_events_are_taken_in_the_order_of_time() -> None:
    script = Script(5, 10, 1, (BACK, FAIL))
    script.check(mlp())
    assert script.ordered == (FAIL, BACK)


def test_kills_take_the_nodes_in_turn_and_let_each_return() -> None:
    events = kills(("n1", "n2"), 3, 2.0)
    assert [(event.kind, event.node, event.at) for event in events] == [
        ("fail", "n1", 1.0),
        ("restore", "n1", 2.0),
        ("fail", "n2", 3.0),
        ("restore", "n2", 4.0),
        ("fail", "n1", 5.0),
        ("restore", "n1", 6.0),
    ]
    Script(5, 8, 1, events).check(mlp())
