"""The live runs that the book shows: recorded ones from the results, or short ones of a tiny network."""

from __future__ import annotations

from pathlib import Path

import torch

from companion.experiments import artefact_of
from companion.experiments.loading import load
from companion.experiments.networks import build_network
from companion.experiments.trial import Trial
from companion.live.recording import Recording, read_recording
from companion.live.script import Event, Script, kills
from companion.live.scripted_run import Run, record, started
from companion.live.settled import settle
from companion.results.store import Store

TIMELINE = Script(
    rate=20,
    duration=20,
    batch=16,
    events=(
        Event("fail", "n2", 3),
        Event("restore", "n2", 7),
        Event("freeze", "n1", 11),
        Event("restore", "n1", 15),
    ),
)
"""A kill, a freeze, and a return from each."""


def recorded_timeline(results: Path | str) -> Recording:
    """The recorded run of :data:`TIMELINE`.

    Raises:
        RecordingError: it is missing or not whole.
    """
    return read_recording(Path(results) / "live" / "timeline.json")


def stored_accuracies(trial: Trial, results: Path | str) -> dict[str, float | None]:
    """The accuracy of each scenario in the results store, from 0 to 1; empty where the trial is not in it.

    None stands for a scenario without information flow, whose guess is none of the network's.
    """
    found = Store(results).get(trial.id)
    if found is None:
        return {}
    counts = found.per_route or found.counts
    return {key: None if count is None else count / found.total for key, count in counts.items()}


def recordings(profile: str, results: Path | str) -> tuple[Recording, Recording]:
    """The run of :data:`TIMELINE`, and one of many kills; under ``smoke`` both take a few seconds here and now.

    Raises:
        RecordingError: a recording is missing or not whole.
    """
    if profile != "smoke":
        return recorded_timeline(results), read_recording(Path(results) / "live" / "kills.json")
    torch.set_num_threads(1)
    trial = artefact_of("table-1-health").rows(profile)["resilinet"][0]
    network, test = build_network(trial).eval(), load(trial.data, Path()).test
    events = tuple(Event(event.kind, event.node, event.at / 4) for event in TIMELINE.events)
    short = Script(TIMELINE.rate, TIMELINE.duration / 4, TIMELINE.batch, events)
    with started(network, test.x, test.y, short) as run:
        timeline = record(run, trial.values)
        settle(run.client, timeout=60)
        many = Script(100, 4, 1, kills(network.topology.failable, 3, 1.0, 0.5))
        again = Run(network, run.plan, run.processes, run.client, test.x, test.y, many)
        return timeline, record(again, trial.values)
