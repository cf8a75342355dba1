"""Live runs by a script: what is recorded is what happened."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from companion.live.recording import Recording
from companion.live.script import Event, Script
from companion.live.scripted_run import Now, Run, record
from live_network import Live, chain

Start = Callable[..., Live]
X = torch.rand(20, 6, generator=torch.Generator().manual_seed(0))
Y = torch.arange(20) % 6


def recorded(run: Live, script: Script) -> Recording:
    return record(
        Run(run.network, run.plan, run.processes, run.client, X, Y, script), {"scheme": "resilinet"}
    )


def test_a_run_records_kills_freezes_and_returns(live: Start) -> None:
    run = live(chain(), patience=0.6, deadline=2.0)
    events = (
        Event("fail", "n2", 0.3),
        Event("restore", "n2", 1.0),
        Event("freeze", "n1", 2.0),
        Event("restore", "n1", 4.0),
    )
    found = recorded(run, Script(40, 5.0, 3, events))
    # A return has happened when the node listens, on a slow machine after the next event.
    assert {(event.kind, event.node) for event in found.events} == {
        (event.kind, event.node) for event in events
    }
    assert found.events[0].scenario == "n2"
    assert found.events[-1].scenario == "none"
    assert len(found.requests) == 200
    assert all(one.equal for one in found.requests if one.answered)
    assert sum(one.answered for one in found.requests) > 0
    assert found.ended == ""
    assert found.traffic[-1][1]["i->n1"] > found.traffic[0][1]["i->n1"] == 0
    assert sum(phase.answered + phase.lost for phase in found.phases()) == 200


def test_what_happens_to_nodes_that_run_elsewhere_is_recorded_as_well(live: Start) -> None:
    run = live(chain(), deadline=2.0)
    found = Run(run.network, run.plan, None, run.client, X, Y, Script(40, 2.0))
    steps = iter([run.processes.kill, run.restart])

    def tell(_: Now) -> None:
        before = run.client.failed
        if step := next(steps, None):
            step("n2")
            while run.client.failed == before:
                run.client.wait_for(timeout=0.1)

    found.tell = tell
    recording = record(found, {"scheme": "resilinet"})
    assert [(event.kind, event.node, event.scenario) for event in recording.events] == [
        ("fail", "n2", "n2"),
        ("restore", "n2", "none"),
    ]
    assert [phase.scenario for phase in recording.phases()] == ["none", "n2", "none"]
    assert {event.detected for event in recording.events} == {None}


def test_what_an_earlier_run_has_sent_is_not_counted_again(live: Start) -> None:
    run = live(chain(), deadline=10.0)
    for _ in range(2):
        found = recorded(run, Script(20, 0.5))
        assert found.frames["i->n1"] == 10
        assert found.traffic[-1][1]["i->n1"] == 10 * (6 * 4 + 6 + 2)


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        ("n4", "the cloud, n4, has failed: no answer can leave the network"),
        ("i", "every source has failed (i): no data enter the network"),
    ],
)
def test_without_source_or_cloud_a_run_ends_and_says_why(live: Start, node: str, reason: str) -> None:
    found = recorded(live(chain()), Script(20, 60.0, 1, (Event("fail", node, 0.2),)))
    assert found.ended == reason
    assert len(found.requests) < 20 * 60


def test_a_batch_of_more_examples_than_there_are_is_refused(live: Start) -> None:
    with pytest.raises(ValueError, match="a batch of 21 is more than the 20 examples there are"):
        recorded(live(chain()), Script(20, 1.0, 21))


def test_where_the_cloud_is_to_return_a_run_goes_on(live: Start) -> None:
    events = (Event("fail", "n4", 0.2), Event("restore", "n4", 0.6))
    found = recorded(live(chain(), deadline=1.0), Script(20, 1.5, 1, events))
    assert found.ended == ""
    assert len(found.requests) == 30
