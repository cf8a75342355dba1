"""What one worker of a sweep does: trial after trial that nobody else has run or is running."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import torch
from filelock import FileLock, Timeout

from companion.experiments.trial import Trial
from companion.results.store import Store
from companion.sweeps.devices import keep_freed_memory
from companion.sweeps.events import Event
from companion.sweeps.run import run
from companion.sweeps.settings import Setup, loaded
from resilinet.atomic_files import PARTIAL
from resilinet.training import Interrupted, Progress


def work(
    trials: Sequence[Trial],
    setup: Setup,
    stop: Callable[[], bool],
    tell: Callable[[Event], None],
    worker: int = 0,
) -> None:
    """Run every trial that nobody else has run or is running, until ``stop``, asked after each epoch, says so."""
    torch.set_num_threads(setup.threads)
    keep_freed_memory()
    store = Store(setup.results)
    for trial in trials:
        if stop():
            return
        if (lock := claim(trial, setup.runs, store)) is None:
            continue
        epochs = trial.recipe.epochs
        tell(Event("started", trial.id, worker, epochs=epochs))

        def report(progress: Progress, trial_id: str = trial.id) -> None:
            tell(Event("epoch", trial_id, worker, progress.epoch, progress.epochs))

        try:
            data, folder = loaded(trial.data, setup), setup.runs / trial.id[:16]
            store.write(run(trial, data, folder, device=setup.device, stop=stop, report=report))
            tidy(trial, setup)
            tell(Event("finished", trial.id, worker, epochs, epochs))
        except Interrupted:
            tell(Event("stopped", trial.id, worker))
            return
        except Exception as error:
            # A trial that cannot run must not take the others with it; the caller names it at the end.
            tell(Event("failed", trial.id, worker, message=explain(error)))
        finally:
            lock.release()


def tidy(trial: Trial, setup: Setup) -> None:
    """Remove from a finished trial's folder what nobody needs any more."""
    spare = ("checkpoint.pt",) if setup.keep_weights else ("checkpoint.pt", "weights.pt", "statistics.pt")
    folder = setup.runs / trial.id[:16]
    # And what somebody who was killed left half written.
    for path in (*(folder / name for name in spare), *folder.glob(f"*{PARTIAL}")):
        path.unlink(missing_ok=True)


def claim(trial: Trial, runs: Path, store: Store) -> FileLock | None:
    """The lock on a trial's folder, held, or None where somebody runs the trial or has run it.

    The operating system frees the lock of a killed process, so nothing needs to be cleaned up, and any number of
    workers and sweeps may share one store.
    """
    lock = _locked(runs / trial.id[:16])
    if lock is not None and trial.id in store:
        lock.release()
        return None
    return lock


def unclaimed(trials: Iterable[Trial], runs: Path) -> bool:
    """Whether nobody runs some of the trials at this moment."""
    for trial in trials:
        if (lock := _locked(runs / trial.id[:16])) is not None:
            lock.release()
            return True
    return False


def _locked(folder: Path) -> FileLock | None:
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return None
    return lock


_NO_MEMORY = (
    "DefaultCPUAllocator",
    "CUDA error: out of memory",
    "STATUS_ALLOC_FAILED",
    "can't start new thread",
)
"""What a plain RuntimeError says, of PyTorch's or of Python's, where memory is short."""


def out_of_memory(error: BaseException) -> bool:
    """Whether a device, or this machine, had no memory left for a tensor or a thread."""
    said = isinstance(error, RuntimeError) and any(sign in str(error) for sign in _NO_MEMORY)
    return said or isinstance(error, MemoryError | torch.OutOfMemoryError)


def explain(error: BaseException) -> str:
    """Why a trial failed, and where, in one sentence."""
    if out_of_memory(error):
        wanted = re.search(r"tried to allocate ([\d.]+ \w+)", str(error), re.IGNORECASE)
        for_what = f"another {wanted[1]}" if wanted else "it"
        return (
            f"there is too little memory for {for_what}; train fewer trials side by side, or on a machine or a device "
            "with more"
        )
    where = traceback.extract_tb(error.__traceback__)[-1]
    said = str(error).strip().split("\n")[0]
    return f"{type(error).__name__}: {said} ({Path(where.filename).name}, line {where.lineno})"
