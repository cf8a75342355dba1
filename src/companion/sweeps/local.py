"""Runs the trials whose results are missing: in processes side by side, within a time budget, resumable."""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import signal
import time
import warnings
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from companion.experiments.trial import Trial
from companion.results.store import Store
from companion.sweeps.events import STOPPING, Event, checkpoint_warnings, interrupts
from companion.sweeps.settings import Setup, check_data, missing
from companion.sweeps.worker import work
from resilinet.checkpoints import CheckpointWarning


def _work_apart(
    trials: Sequence[Trial], setup: Setup, deadline: float, parent: Connection, worker: int
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
        work(trials, setup, stop, tell, worker)


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
        KeyboardInterrupt: Ctrl-C; running epochs are finished first. A second one waits for nothing.

    Warns:
        CheckpointWarning: a checkpoint is damaged; its training starts afresh.
    """
    deadline = math.inf if time_budget is None else time.time() + time_budget
    todo = missing(trials, Store(setup.results))
    check_data(todo, setup)
    failed: list[Event] = []

    def hear(event: Event) -> None:
        if event.kind == "warned":  # said again here, where who called can hear it
            warnings.warn(event.message, CheckpointWarning, stacklevel=2)
            return
        if event.kind == "failed":
            failed.append(event)
        tell(event)

    if processes == 1:
        with interrupts(lambda: tell(STOPPING)) as asked:
            work(todo, setup, lambda: asked() or time.time() >= deadline, hear)
        return failed
    # A line of its own for each worker: on a shared queue one that is killed while it writes silences all others.
    context = multiprocessing.get_context("spawn")
    workers: list[SpawnProcess] = []
    lines: list[Connection] = []

    def pass_on() -> None:
        tell(STOPPING)
        for line in lines:
            with contextlib.suppress(OSError):
                line.send("stop")

    try:
        with interrupts(pass_on):
            for number in range(min(processes, len(todo))):
                line, far_end = context.Pipe()
                process = context.Process(
                    target=_work_apart, args=(todo, setup, deadline, far_end, number), daemon=True
                )
                process.start()
                far_end.close()
                workers.append(process)
                lines.append(line)
            while lines:
                for line in [line for line in wait(lines) if isinstance(line, Connection)]:
                    try:
                        event = line.recv()
                    except (EOFError, OSError):  # this worker has ended
                        lines.remove(line)
                        line.close()
                    else:
                        hear(event)
            for number, process in enumerate(workers):
                process.join()
                if process.exitcode:
                    hear(Event("failed", "", number, message=_how_it_ended(number, process.exitcode)))
    except KeyboardInterrupt:  # pressed twice, or all have ended
        for process in workers:
            process.terminate()
        raise
    return failed
