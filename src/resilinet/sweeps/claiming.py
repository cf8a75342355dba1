"""Who runs a trial: whoever holds the lock on its folder.

The operating system frees the lock of a killed process, so nothing needs to be cleaned up, and any number of workers
and sweeps may share one store.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock, Timeout

from companion.experiments.trial import Trial
from companion.results.store import Store


def claim(trial: Trial, runs: Path, store: Store) -> FileLock | None:
    """The lock on a trial's folder, held, or None where somebody runs the trial or has run it."""
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
