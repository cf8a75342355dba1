"""What the page for reviewers counts: times of trainings."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from pathlib import Path

import pytest

from companion.experiments import EXPERIMENTS
from companion.results.store import Store
from companion.tables.training_times import ratio, training_times, trials_of_experiment
from made_up import made_up


def test_training_times_leave_out_what_was_resumed(tmp_path: Path) -> None:
    store, trials = Store(tmp_path), trials_of_experiment(EXPERIMENTS["health"], "published")
    for trial, wall, resumed in zip(trials, (3600.0, 7200.0, 1.0), (False, False, True), strict=False):
        made = {"wall_seconds": wall, "resumed": resumed}
        store.write(replace(made_up(trial, lambda *_: 90.0), provenance=made))
    health, mobilenet, *_ = training_times(store)
    assert (health.done, health.planned) == (3, len(trials))
    assert health.minutes == pytest.approx(90)
    assert health.hours == pytest.approx((3600 + 7200 + 1) / 3600)
    assert health.left == pytest.approx(1.5 * (len(trials) - 3))
    # Published is the paper's size here.
    assert health.full == pytest.approx(1.5 * len(trials))
    assert dataclasses.astuple(mobilenet)[1:] == (0, mobilenet.planned, None, 0.0, None, None)


def test_full_size_takes_more_operations_and_epochs() -> None:
    times = {key: ratio(experiment) for key, experiment in EXPERIMENTS.items()}
    assert times["health"] == pytest.approx(1)
    # Twice the width is nearly four times the operations of the inner convolutions; 75 epochs are 7.5 times 10.
    assert times["resnet"] is not None
    assert 2 * 7.5 < times["resnet"] < 4 * 7.5
    assert times["imagenet"] is None
