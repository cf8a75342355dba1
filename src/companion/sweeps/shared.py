"""What sweeps have in common, wherever they run: their setup, data and locks, what they report, and Ctrl-C."""

from __future__ import annotations

import contextlib
import json
import signal
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, TextIO

from filelock import FileLock, Timeout

from companion.experiments.loading import load
from companion.experiments.trial import Trial, Values
from companion.results.store import Store
from resilinet.atomic_files import PARTIAL
from resilinet.checkpoints import CheckpointWarning
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

    def folder(self, trial: Trial) -> Path:
        """Where the checkpoint, the weights and the lock of a trial lie."""
        return self.runs / trial.id[:16]

    def clear(self, trial: Trial) -> None:
        """Remove from a finished trial's folder what is needed no more, and what a killed process left half written."""
        spare = ("checkpoint.pt",) if self.keep_weights else ("checkpoint.pt", "weights.pt", "statistics.pt")
        folder = self.folder(trial)
        for path in (*(folder / name for name in spare), *folder.glob(f"*{PARTIAL}")):
            path.unlink(missing_ok=True)


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
    """One text for each data set: its whole description, as the fingerprint does not cover augmentation."""
    return json.dumps(dict(description), sort_keys=True)


def claim(trial: Trial, setup: Setup, store: Store) -> FileLock | None:
    """The lock on a trial's folder, held, or None where another process runs the trial or has run it.

    The operating system frees the lock of a killed process, so nothing needs to be cleaned up, and any number of
    workers and sweeps may share one store.
    """
    lock = _locked(setup.folder(trial))
    if lock is not None and trial.id in store:
        lock.release()
        return None
    return lock


def unclaimed(trials: Iterable[Trial], setup: Setup) -> bool:
    """Whether there is a trial that no process runs at this moment."""
    for trial in trials:
        if (lock := _locked(setup.folder(trial))) is not None:
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


@dataclass(frozen=True)
class Event:
    """What a sweep reports of a trial: ``started``, ``epoch``, ``finished``, ``stopped`` or ``failed``.

    What a worker process sends as ``warned`` becomes a warning in the sweep's process, and no event there. Of no trial
    are ``failed``, when a worker process is gone, and :data:`STOPPING`.
    """

    kind: str
    trial: str
    worker: int
    epoch: int = 0
    epochs: int = 0
    message: str = ""


STOPPING: Final = Event(
    "stopping", "", 0, message="stopping when the running epochs are over; interrupt again to stop at once"
)
"""Ctrl-C was pressed: the sweep ends when its running epochs are over."""


@contextlib.contextmanager
def interrupts(pressed: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Take Ctrl-C as a request: give a function that says whether it was pressed; the first one interrupts nothing.

    Only the main thread receives it, and not in a program that ignores it, which goes on ignoring it: elsewhere the
    answer is always no.

    Args:
        pressed: called at the first Ctrl-C, to confirm it.

    Raises:
        KeyboardInterrupt: at the end of the block, if it was pressed; within the block at the second time.
    """
    asked = False

    def press(*_: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        pressed()

    former = signal.getsignal(signal.SIGINT)
    receiving = callable(former)
    if receiving:
        try:
            signal.signal(signal.SIGINT, press)
        except ValueError:  # not the main thread of the main interpreter
            receiving = False
    try:
        yield lambda: asked
    finally:
        if receiving:
            signal.signal(signal.SIGINT, former)
    if asked:
        raise KeyboardInterrupt


@contextlib.contextmanager
def checkpoint_warnings(show: Callable[[str], object]) -> Iterator[None]:
    """Give ``show`` the sentence of each warning of a checkpoint that would be shown; others are shown as usual."""
    usual = warnings.showwarning

    def showwarning(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if issubclass(category, CheckpointWarning):
            show(str(message))
        else:
            usual(message, category, filename, lineno, file, line)

    with warnings.catch_warnings():
        warnings.showwarning = showwarning
        yield
