"""What one worker of a sweep does: trial after trial that nobody else has run or is running."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch

from resilinet.allocator import keep_freed_memory
from resilinet.datasets import Dataset
from resilinet.datasets.loading import load
from resilinet.ensemble_runner import run_together
from resilinet.reasons import explain
from resilinet.runner import run
from resilinet.store import Store
from resilinet.sweeps.claiming import claimed
from resilinet.sweeps.data import key
from resilinet.sweeps.events import Event
from resilinet.sweeps.setup import Setup
from resilinet.together import Group, name_of
from resilinet.training import Interrupted, Progress
from resilinet.trials import Record, Trial
from resilinet.whole_file import PARTIAL


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
                name = key(mine[0].data)
                if name not in data:
                    data = {name: load(mine[0].data, setup.data)}
                for record in _trained(group, mine, data[name], setup, stop, tell, worker):
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
    _remove(checkpoint.parent, checkpoint.name)


def tidy(trial: Trial, setup: Setup) -> None:
    """Remove from a finished trial's folder what nobody needs any more."""
    spare = ("checkpoint.pt",) if setup.keep_weights else ("checkpoint.pt", "weights.pt", "statistics.pt")
    _remove(setup.runs / trial.id[:16], *spare)


def _remove(folder: Path, *names: str) -> None:
    """Remove files, and what somebody who was killed left half written beside them."""
    for path in (*(folder / name for name in names), *folder.glob(f"*{PARTIAL}")):
        path.unlink(missing_ok=True)
