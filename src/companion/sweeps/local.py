"""Runs the trials whose results are missing: in processes side by side, within a time budget, resumable."""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import signal
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

import torch

from companion.experiments.trial import Trial
from companion.results.store import Store
from companion.sweeps.run import explain, keep_freed_memory, run
from companion.sweeps.shared import (
    STOPPING,
    Event,
    Setup,
    check_data,
    checkpoint_warnings,
    claim,
    interrupts,
    loaded,
    missing,
)
from resilinet.checkpoints import CheckpointWarning
from resilinet.training import Interrupted, Progress


def _work_apart(
    trials: Sequence[Trial], setup: Setup, deadline: float, parent: Connection, worker: int
) -> None:
    """What a worker process does: :func:`work`, until it is late, asked to stop, or left alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process; the parent passes it on

    def stop() -> bool:
        # The parent sends nothing but "stop"; a parent that is gone reads as an end of the file, which counts as sent.
        return time.time() >= deadline or parent.poll()

    def report(event: Event) -> None:
        with contextlib.suppress(OSError):  # the parent is gone; the checkpoint is kept all the same
            parent.send(event)

    with checkpoint_warnings(lambda sentence: report(Event("warned", "", worker, message=sentence))):
        work(trials, setup, stop, report, worker)


def _received(pipe: Connection) -> Event | None:
    """The next event of a worker, or None where it has ended."""
    try:
        event: Event = pipe.recv()
    except (EOFError, OSError):
        pipe.close()
        return None
    return event


def _lost(workers: Sequence[SpawnProcess]) -> Iterator[Event]:
    """Wait for the end of all workers, and name those that did not end by themselves."""
    for number, process in enumerate(workers):
        process.join()
        if process.exitcode:
            yield Event("failed", "", number, message=_how_it_ended(number, process.exitcode))


def _how_it_ended(worker: int, exitcode: int) -> str:
    if exitcode == -getattr(signal, "SIGKILL", 0):
        return (
            f"worker {worker} was killed, perhaps because memory ran out; finished epochs are kept, so call again, "
            "with fewer processes if memory is short"
        )
    return f"worker {worker} ended with exit code {exitcode}"


def sweep(
    trials: Sequence[Trial],
    setup: Setup,
    *,
    processes: int = 1,
    time_budget: float | None = None,
    on_event: Callable[[Event], None] = lambda event: None,
) -> list[Event]:
    """Run what is missing and return the events of trials that failed.

    Args:
        trials: in the order in which they are wanted.
        setup: where and how.
        processes: how many trials run side by side.
        time_budget: seconds after which every process stops at the end of its epoch; None for no bound.
        on_event: called with every event, in this process.

    Raises:
        StoreError: a result that exists cannot be trusted.
        DataError: a data set is missing, damaged, or not the one the trials describe.
        KeyboardInterrupt: Ctrl-C; running epochs are finished first. A second one waits for nothing.

    Warns:
        CheckpointWarning: a checkpoint is damaged; its training starts afresh.
    """
    deadline = math.inf if time_budget is None else time.time() + time_budget
    todo = missing(trials, Store(setup.results))
    check_data(todo, setup)
    failed: list[Event] = []

    def take(event: Event) -> None:
        if event.kind == "warned":  # said again here, where who called can hear it
            warnings.warn(event.message, CheckpointWarning, stacklevel=2)
            return
        if event.kind == "failed":
            failed.append(event)
        on_event(event)

    if processes == 1:
        with interrupts(lambda: on_event(STOPPING)) as asked:
            work(todo, setup, lambda: asked() or time.time() >= deadline, take)
        return failed
    # A pipe for each worker: on a shared queue one that is killed while it writes silences all others.
    workers: list[SpawnProcess] = []
    pipes: list[Connection] = []

    def stop_all() -> None:
        on_event(STOPPING)
        for pipe in pipes:
            with contextlib.suppress(OSError):
                pipe.send("stop")

    try:
        with interrupts(stop_all):
            for number in range(min(processes, len(todo))):
                process, pipe = _started(todo, setup, deadline, number)
                workers.append(process)
                pipes.append(pipe)
            while pipes:
                for pipe in [pipe for pipe in wait(pipes) if isinstance(pipe, Connection)]:
                    if (event := _received(pipe)) is None:
                        pipes.remove(pipe)
                    else:
                        take(event)
            for event in _lost(workers):
                take(event)
    except KeyboardInterrupt:  # pressed twice, or all have ended
        for process in workers:
            process.terminate()
        raise
    return failed


def _started(
    trials: Sequence[Trial], setup: Setup, deadline: float, worker: int
) -> tuple[SpawnProcess, Connection]:
    """A worker process, and this process's end of the pipe between the two."""
    context = multiprocessing.get_context("spawn")
    pipe, far_end = context.Pipe()
    arguments = (trials, setup, deadline, far_end, worker)
    process = context.Process(target=_work_apart, args=arguments, daemon=True)
    process.start()
    far_end.close()
    return process, pipe


def work(
    trials: Sequence[Trial],
    setup: Setup,
    stop: Callable[[], bool],
    on_event: Callable[[Event], None],
    worker: int = 0,
) -> None:
    """Run every trial that no other process runs or has run, until ``stop``, asked after each epoch, says so."""
    torch.set_num_threads(setup.threads)
    keep_freed_memory()
    store = Store(setup.results)
    for trial in trials:
        if stop():
            return
        if (lock := claim(trial, setup, store)) is None:
            continue
        epochs = trial.recipe.epochs
        on_event(Event("started", trial.id, worker, epochs=epochs))

        def report(progress: Progress, trial_id: str = trial.id) -> None:
            on_event(Event("epoch", trial_id, worker, progress.epoch, progress.epochs))

        try:
            data, folder = loaded(trial.data, setup), setup.folder(trial)
            store.write(run(trial, data, folder, device=setup.device, stop=stop, report=report))
            setup.clear(trial)
            on_event(Event("finished", trial.id, worker, epochs, epochs))
        except Interrupted:
            on_event(Event("stopped", trial.id, worker))
            return
        except Exception as error:
            # A trial that cannot run must not take the others with it; the caller names it at the end.
            on_event(Event("failed", trial.id, worker, message=explain(error)))
        finally:
            lock.release()
