"""Runs the trials whose results are missing: in processes side by side, within a time budget, resumable."""

from __future__ import annotations

import multiprocessing
import queue
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from resilinet.store import Store
from resilinet.trials import Trial


@dataclass(frozen=True)
class Setup:
    """Where and how a sweep runs; nothing here is part of a trial's identity.

    Attributes:
        results: the results store.
        runs: checkpoints, weights and locks of trials, one folder each.
        data: the folder of prepared data sets.
        threads: of each process.
        keep_weights: keep ``weights.pt`` of finished trials.
    """

    results: Path = Path("results")
    runs: Path = Path("runs")
    data: Path = Path("data")
    threads: int = 1
    keep_weights: bool = True


@dataclass(frozen=True)
class Event:
    """What a worker tells about a trial: ``started``, ``epoch``, ``finished``, ``stopped`` or ``failed``."""

    kind: str
    trial: str
    worker: int
    epoch: int = 0
    epochs: int = 0
    message: str = ""


def missing(trials: Sequence[Trial], store: Store) -> list[Trial]:
    """The trials, each once, that have no result yet.

    Raises:
        StoreError: a result that exists cannot be trusted.
    """
    unique = {trial.id: trial for trial in trials}
    return [trial for trial_id, trial in unique.items() if store.get(trial_id) is None]


def work(
    trials: Sequence[Trial],
    setup: Setup,
    deadline: float | None,
    tell: Callable[[Event], None],
    worker: int = 0,
) -> None:
    """Run every trial that nobody else has run or is running.

    A trial is claimed by a lock on its folder. The operating system frees the lock of a killed process, so
    nothing needs to be cleaned up, and any number of workers and sweeps may share one store.
    """
    import torch

    from resilinet.datasets.loading import load
    from resilinet.runner import run
    from resilinet.training import Interrupted, Progress

    torch.set_num_threads(setup.threads)
    store = Store(setup.results)
    data: dict[str, Any] = {}
    late = (lambda: False) if deadline is None else (lambda: time.time() >= deadline)
    for trial in trials:
        if late():
            return
        folder = setup.runs / trial.id[:16]
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(folder / "lock", timeout=0):
                if trial.id in store:
                    continue
                tell(Event("started", trial.id, worker, epochs=trial.recipe.epochs))

                def report(progress: Progress, trial: Trial = trial) -> None:
                    tell(Event("epoch", trial.id, worker, progress.epoch, progress.epochs))

                key = str(trial.data["fingerprint"])
                if key not in data:
                    data = {key: load(trial.data, setup.data)}
                store.write(run(trial, data[key], folder, stop=late, report=report))
                (folder / "checkpoint.pt").unlink(missing_ok=True)
                if not setup.keep_weights:
                    (folder / "weights.pt").unlink(missing_ok=True)
                tell(Event("finished", trial.id, worker, trial.recipe.epochs, trial.recipe.epochs))
        except Timeout:
            continue
        except Interrupted:
            tell(Event("stopped", trial.id, worker))
            return
        except Exception as error:
            # One trial that cannot run must not take the others with it; the caller names it at the end.
            tell(
                Event(
                    "failed",
                    trial.id,
                    worker,
                    message=f"{error} [{traceback.format_exc(limit=-1).splitlines()[1].strip()}]",
                )
            )


def sweep(
    trials: Sequence[Trial],
    setup: Setup,
    *,
    processes: int = 1,
    time_budget: float | None = None,
    tell: Callable[[Event], None] = lambda event: None,
) -> list[Event]:
    """Run what is missing and return the events of trials that failed.

    Args:
        trials: in the order in which they are wanted.
        setup: where and how.
        processes: how many trials run side by side.
        time_budget: seconds after which every process stops at the end of its epoch; None for no bound.
        tell: hears every event, in this process.

    Raises:
        StoreError: a result that exists cannot be trusted.
    """
    deadline = None if time_budget is None else time.time() + time_budget
    todo = missing(trials, Store(setup.results))
    failed: list[Event] = []

    def hear(event: Event) -> None:
        if event.kind == "failed":
            failed.append(event)
        tell(event)

    if processes == 1:
        work(todo, setup, deadline, hear)
        return failed
    context = multiprocessing.get_context("spawn")
    events = context.Queue()
    workers = [
        context.Process(target=work, args=(todo, setup, deadline, events.put, number), daemon=True)
        for number in range(min(processes, len(todo)))
    ]
    for process in workers:
        process.start()
    while True:
        running = any(process.is_alive() for process in workers)
        try:
            hear(events.get(timeout=0.2))
        except queue.Empty:
            if not running:
                break
    for number, process in enumerate(workers):
        process.join()
        if process.exitcode:
            hear(
                Event(
                    "failed", "", number, message=f"worker {number} ended with exit code {process.exitcode}"
                )
            )
    return failed
