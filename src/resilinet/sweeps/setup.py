"""Where and how a sweep runs, and what it has to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from companion.experiments.trial import Trial
from companion.results.store import Store


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
