"""Runs the trials whose results are missing: in processes side by side, within a time budget, resumable."""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import signal
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

import torch

from resilinet.allocator import keep_freed_memory
from resilinet.datasets import Dataset
from resilinet.datasets.loading import load
from resilinet.ensemble import run_together
from resilinet.reasons import explain
from resilinet.runner import run
from resilinet.store import Store
from resilinet.sweeps.claiming import claimed
from resilinet.sweeps.warned import checkpoint_warnings
from resilinet.together import Group, grouped, name_of
from resilinet.training import CheckpointWarning, Interrupted, Progress
from resilinet.trials import Record, Trial


@dataclass(frozen=True)
class Setup:
    """Where and how a sweep runs; nothing here is part of a trial's identity.

    Attributes:
        results: the results store.
        runs: checkpoints, weights and locks of trials, one folder each.
        data: the folder of prepared data sets.
        threads: of each process.
        device: where trials are computed, for example ``cuda``; processes on one device share it.
        compiled: compile the nodes of networks, see :mod:`resilinet.compiling`.
        keep_weights: keep ``weights.pt`` of finished trials.
        together: how many trials of the Health experiment a process trains as one ensemble, see
            :mod:`resilinet.ensemble`; worth while on an accelerator.
    """

    results: Path = Path("results")
    runs: Path = Path("runs")
    data: Path = Path("data")
    threads: int = 1
    device: str = "cpu"
    compiled: bool = False
    keep_weights: bool = True
    together: int = 1


@dataclass(frozen=True)
class Event:
    """What a worker tells about a trial: ``started``, ``epoch``, ``finished``, ``stopped`` or ``failed``.

    What a worker process says as ``warned`` is a warning in the sweep's process, and no event there.
    """

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
    groups: Sequence[Group],
    setup: Setup,
    stop: Callable[[], bool],
    tell: Callable[[Event], None],
    worker: int = 0,
) -> None:
    """Run every trial that nobody else has run or is running, until ``stop``, asked after each epoch, says so."""
    torch.set_num_threads(setup.threads)
    keep_freed_memory()
    store = Store(setup.results)
    data: dict[str, Dataset] = {}
    for group in groups:
        if stop():
            return
        with claimed(group, setup.runs, store) as mine:
            if not mine:
                continue
            for trial in mine:
                tell(Event("started", trial.id, worker, epochs=trial.recipe.epochs))
            try:
                key = str(mine[0].data["fingerprint"])
                if key not in data:
                    data = {key: load(mine[0].data, setup.data)}
                for record in _trained(group, mine, data[key], setup, stop, tell, worker):
                    store.write(record)
                    tidy(record.trial, setup)
                    epochs = record.trial.recipe.epochs
                    tell(Event("finished", record.trial.id, worker, epochs, epochs))
            except Interrupted:
                for trial in mine:
                    tell(Event("stopped", trial.id, worker))
                return
            except Exception as error:
                # Trials that cannot run must not take the others with them; the caller names them at the end.
                for trial in mine:
                    if trial.id not in store:
                        tell(Event("failed", trial.id, worker, message=explain(error)))


def _trained(
    group: Group,
    mine: Sequence[Trial],
    data: Dataset,
    setup: Setup,
    stop: Callable[[], bool],
    tell: Callable[[Event], None],
    worker: int,
) -> Iterator[Record]:
    """The records of those trials of a group that are this worker's, trained by themselves or as one ensemble."""

    def report(*progress: Progress) -> None:
        for trial, own in zip(mine, progress, strict=True):
            tell(Event("epoch", trial.id, worker, own.epoch, own.epochs))

    if len(group) == 1:
        folder = setup.runs / mine[0].id[:16]
        yield run(
            mine[0], data, folder, device=setup.device, compiled=setup.compiled, stop=stop, report=report
        )
        return
    checkpoint = setup.runs / name_of(group) / "checkpoint.pt"
    yield from run_together(
        mine,
        data,
        setup.runs,
        setup.device,
        checkpoint=checkpoint,
        stop=stop,
        report=lambda progress: report(*progress),
    )
    checkpoint.unlink(missing_ok=True)


def tidy(trial: Trial, setup: Setup) -> None:
    """Remove from a finished trial's folder what nobody needs any more."""
    folder = setup.runs / trial.id[:16]
    (folder / "checkpoint.pt").unlink(missing_ok=True)
    if not setup.keep_weights:
        (folder / "weights.pt").unlink(missing_ok=True)


def _work_apart(
    groups: Sequence[Group], setup: Setup, deadline: float, parent: Connection, worker: int
) -> None:
    """What a worker process does: :func:`work`, until it is late, told to stop, or left alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process; the parent passes it on

    def stop() -> bool:
        # The parent says nothing but "stop"; a parent that is gone reads as an end, which counts as said.
        return time.time() >= deadline or parent.poll()

    def tell(event: Event) -> None:
        with contextlib.suppress(OSError):  # nobody listens any more; the checkpoint is kept all the same
            parent.send(event)

    with checkpoint_warnings(lambda sentence: tell(Event("warned", "", worker, message=sentence))):
        work(groups, setup, stop, tell, worker)


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
        DataError: a data set is missing, damaged, or not the one the trials describe.
        KeyboardInterrupt: Ctrl-C; workers finish their running epoch first.

    Warns:
        CheckpointWarning: a checkpoint is damaged; its training starts afresh.
    """
    deadline = math.inf if time_budget is None else time.time() + time_budget
    todo = missing(trials, Store(setup.results))
    for description in {str(trial.data["fingerprint"]): trial.data for trial in todo}.values():
        load(description, setup.data)  # refused here, once, rather than by every trial
    left = {trial.id for trial in todo}
    groups = [group for group in grouped(trials, setup.together) if any(trial.id in left for trial in group)]
    failed: list[Event] = []

    def hear(event: Event) -> None:
        if event.kind == "warned":  # said again here, where who called can hear it
            warnings.warn(event.message, CheckpointWarning, stacklevel=3)
            return
        if event.kind == "failed":
            failed.append(event)
        tell(event)

    if processes == 1:
        work(groups, setup, lambda: time.time() >= deadline, hear)
        return failed
    # A line of its own for each worker: on a shared queue one that is killed while it writes silences all others.
    context = multiprocessing.get_context("spawn")
    workers: list[SpawnProcess] = []
    lines: list[Connection] = []
    for number in range(min(processes, len(groups))):
        line, far_end = context.Pipe()
        process = context.Process(
            target=_work_apart, args=(groups, setup, deadline, far_end, number), daemon=True
        )
        process.start()
        far_end.close()
        workers.append(process)
        lines.append(line)
    interrupted = False
    while lines:
        try:
            for line in [line for line in wait(lines) if isinstance(line, Connection)]:
                try:
                    event = line.recv()
                except (EOFError, OSError):  # this worker has ended
                    lines.remove(line)
                    line.close()
                else:
                    hear(event)
        except KeyboardInterrupt:
            interrupted = True
            for line in lines:
                with contextlib.suppress(OSError):
                    line.send("stop")
    for number, process in enumerate(workers):
        process.join()
        if process.exitcode:
            hear(
                Event(
                    "failed", "", number, message=f"worker {number} ended with exit code {process.exitcode}"
                )
            )
    if interrupted:
        raise KeyboardInterrupt
    return failed
