"""Trials that are one ensemble, from their descriptions to their records."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from resilinet.datasets import Dataset
from resilinet.ensemble import Report, train_together
from resilinet.experiments.networks import build_network
from resilinet.runner import check_data, commit, finished, provenance
from resilinet.trials import Record, Trial


def run_together(
    trials: Sequence[Trial],
    data: Dataset,
    folder: Path,
    device: str = "cpu",
    *,
    checkpoint: Path | None = None,
    stop: Callable[[], bool] = lambda: False,
    report: Report = lambda progress: None,
) -> list[Record]:
    """Train trials as one ensemble and evaluate each, as :func:`resilinet.runner.run` does one by one.

    Args:
        trials: what to run; they share what :func:`resilinet.ensemble.train_together` says.
        data: the data set that they describe.
        folder: where the weights of each trial go in the end, in a folder that bears the first 16 digits of its
            identity.
        device: where all is computed, for example ``cuda``.
        checkpoint: where each finished epoch of the ensemble is kept; ``checkpoint.pt`` in that folder by default.
        stop: asked after every epoch.
        report: told after every epoch.

    Returns:
        A record for each trial. Its wall time is an equal share of the ensemble's training, so that times of trials
        add up, and its own evaluation; its provenance says beside how many others it was trained.

    Raises:
        DataError: ``data`` is not the data set that a trial describes.
        ValueError: the trials cannot be one ensemble.
        Interrupted: ``stop`` said so; a later call goes on.
    """
    for trial in trials:
        check_data(trial, data)
    code, began = commit(), time.perf_counter()
    earlier: list[float] = []  # seconds that runs before an interruption took
    checkpoint = checkpoint or folder / "checkpoint.pt"
    resumed = checkpoint.exists()
    networks = [build_network(trial).to(device) for trial in trials]
    trained = train_together(
        networks, trials, data, checkpoint=checkpoint, stop=stop, report=report, resume=earlier.append
    )
    share = (sum(earlier) + time.perf_counter() - began) / len(trials)
    made = provenance(code, device, share, resumed) | {"trained_beside": len(trials) - 1}
    return [
        finished(trial, data, network, history, best_epoch, folder / trial.id[:16], made)
        for trial, network, (history, best_epoch) in zip(trials, networks, trained, strict=True)
    ]
