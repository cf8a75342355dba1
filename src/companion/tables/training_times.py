"""What the trainings took, from the records; what the missing ones and the paper's size should take, estimated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from companion.experiments import ARTEFACTS, EXPERIMENTS, Experiment
from companion.experiments.trial import Record, Trial
from companion.paper.operations import forward_operations
from companion.results.store import Store
from resilinet.schemes import RESILINET

HOUR: Final = 3600.0


@dataclass(frozen=True)
class TrainingTime:
    """The trainings of an experiment and the time they take on one core, others beside them.

    Attributes:
        experiment: its name.
        done: trials with a result.
        planned: trials of all its artefacts.
        minutes: that a stored one took on average; None where there are none.
        hours: that all stored ones took together.
        left: hours that the missing ones should take, if each takes the average; None where that is not known.
        full: hours that all should take at the paper's size, an estimate by :func:`ratio`; None where not known.
    """

    experiment: str
    done: int
    planned: int
    minutes: float | None
    hours: float
    left: float | None
    full: float | None


def training_times(store: Store, profile: str = "published") -> list[TrainingTime]:
    """For every experiment that an artefact shows what its trainings took and should take.

    The average is over trials that ran in one go: early results of stopped ones give the time of their last part alone.

    Raises:
        StoreError: a stored result cannot be trusted.
    """
    shown = [experiment for experiment in EXPERIMENTS.values() if trials_of_experiment(experiment, profile)]
    return [_of(experiment, store, profile) for experiment in shown]


def trials_of_experiment(experiment: Experiment, profile: str) -> list[Trial]:
    """Every trial of the artefacts of an experiment, each once."""
    mine = (artefact for artefact in ARTEFACTS.values() if artefact.experiment is experiment)
    return list({trial.id: trial for artefact in mine for trial in artefact.trials(profile)}.values())


def ratio(experiment: Experiment, profile: str = "published") -> float | None:
    """How many times the operations of a trial of a profile one of the paper's size takes; None on other data.

    Operations of a forward pass, as PyTorch counts them, times the epochs of the main recipe.
    """
    size, paper = experiment.size(profile), experiment.size("full")
    if size.data != paper.data:
        return None
    return (
        _operations(experiment.key, "full")
        * paper.recipe.epochs
        / (_operations(experiment.key, profile) * size.recipe.epochs)
    )


@cache
def _operations(key: str, profile: str) -> float:
    experiment = EXPERIMENTS[key]
    return float(forward_operations(experiment.trial(experiment.size(profile), RESILINET, 0)))


def _of(experiment: Experiment, store: Store, profile: str) -> TrainingTime:
    trials = trials_of_experiment(experiment, profile)
    records = [record for trial in trials if (record := store.get(trial.id)) is not None]
    seconds, times = _mean_seconds(records), ratio(experiment, profile)
    paper = len(trials_of_experiment(experiment, "full"))
    return TrainingTime(
        experiment=experiment.name_at(profile),
        done=len(records),
        planned=len(trials),
        minutes=None if seconds is None else seconds / 60,
        hours=sum(record.provenance.get("wall_seconds", 0.0) for record in records) / HOUR,
        left=None if seconds is None else seconds * (len(trials) - len(records)) / HOUR,
        full=None if seconds is None or times is None else seconds * times * paper / HOUR,
    )


def _mean_seconds(records: Sequence[Record]) -> float | None:
    whole = [
        record.provenance["wall_seconds"]
        for record in records
        if "wall_seconds" in record.provenance and not record.provenance.get("resumed")
    ]
    return float(np.mean(whole)) if whole else None
