"""A sweep that shows where it stands: trials done, the epochs of each worker, and the time left."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from resilinet.store import Store
from resilinet.sweep import Event, Setup, missing, sweep
from resilinet.trials import Trial


def watched_sweep(
    trials: Sequence[Trial],
    setup: Setup,
    *,
    processes: int = 1,
    time_budget: float | None = None,
    console: Console | None = None,
) -> list[Event]:
    """:func:`resilinet.sweep.sweep` with a progress display; away from a terminal it prints a line a trial."""
    console = console or Console(stderr=True)
    todo = {trial.id: trial for trial in missing(trials, Store(setup.results))}
    if not todo:
        return []
    epochs = sum(trial.recipe.epochs for trial in todo.values())
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        everything = progress.add_task(f"epochs of {len(todo)} trials", total=epochs)
        bars: dict[int, tuple[TaskID, int]] = {}

        def tell(event: Event) -> None:
            trial = todo.get(event.trial)
            if event.kind == "started" and trial is not None:
                name = f"{trial.scheme}, seed {trial.seed}"
                if event.worker in bars:
                    progress.remove_task(bars[event.worker][0])
                bars[event.worker] = (progress.add_task(name, total=event.epochs), 0)
            elif event.kind == "epoch" and event.worker in bars:
                bar, before = bars[event.worker]
                # A resumed trial begins in the middle: its earlier epochs are done, too.
                progress.advance(everything, event.epoch - before)
                progress.update(bar, completed=event.epoch)
                bars[event.worker] = (bar, event.epoch)
            if event.kind in ("finished", "stopped", "failed") and not console.is_terminal:
                label = f"{trial.scheme}, seed {trial.seed}" if trial else "a worker"
                console.print(f"{event.kind}: {label} ({event.trial[:16]})", highlight=False)

        return sweep(trials, setup, processes=processes, time_budget=time_budget, tell=tell)
