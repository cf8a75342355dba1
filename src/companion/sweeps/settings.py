"""Where and how a sweep runs, what it has to run, and on which data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from companion.experiments.loading import load
from companion.experiments.trial import Trial, Values
from companion.results.store import Store
from resilinet.data import Dataset


@dataclass(frozen=True)
class Setup:
    """Where and how a sweep runs; nothing here is part of a trial's identity.

    Attributes:
        results: the results store.
        runs: checkpoints, weights and locks of trials, one folder each.
        data: the folder of prepared data sets.
        threads: of each process.
        device: where trials are computed, for example ``cuda``; processes on one device share it.
        keep_weights: keep ``weights.pt`` of finished trials.
    """

    results: Path = Path("results")
    runs: Path = Path("runs")
    data: Path = Path("data")
    threads: int = 1
    device: str = "cpu"
    keep_weights: bool = True


def missing(trials: Sequence[Trial], store: Store) -> list[Trial]:
    """The trials, each once, that have no result yet.

    Raises:
        StoreError: a result that exists cannot be trusted.
    """
    unique = {trial.id: trial for trial in trials}
    return [trial for trial_id, trial in unique.items() if store.get(trial_id) is None]


def check_data(trials: Iterable[Trial], setup: Setup) -> None:
    """Refuse once, before anything runs, data that every trial on it would refuse.

    Raises:
        DataError: a data set is missing, damaged, or not the one the trials describe.
    """
    for description in {_key(trial.data): trial.data for trial in trials}.values():
        load(description, setup.data)


def loaded(description: Values, setup: Setup) -> Dataset:
    """A data set, kept for the next trial of this process that is on it.

    Raises:
        DataError: it is missing, damaged, or not the one described.
    """
    return _load(_key(description), setup.data)


@lru_cache(maxsize=1)
def _load(key: str, root: Path) -> Dataset:
    return load(json.loads(key), root)


def _key(description: Values) -> str:
    """One text for each data set: its whole description, for the fingerprint says nothing of augmentation."""
    return json.dumps(dict(description), sort_keys=True)
