"""A sweep that shows where it stands: trials done, the epochs of each worker, and the time left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

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

from companion.experiments.trial import Trial
from companion.results.store import Store
from companion.sweeps.events import STOPPING, Event, checkpoint_warnings
from companion.sweeps.local import sweep
from companion.sweeps.ray import Cluster, sweep_on_cluster
from companion.sweeps.settings import Setup, missing


@dataclass
class Reached:
    """The farthest epoch of each trial, by its identity, so that every epoch counts once."""

    epochs: dict[str, int] = field(default_factory=dict)

    def hear(self, event: Event) -> int:
        """Take in that an epoch is over, and return how many more are done than before."""
        # A resumed trial begins in the middle: its earlier epochs are done, too. One that was lost with its node may
        # begin before what it had reached: those epochs are done already.
        before = self.epochs.get(event.trial, 0)
        self.epochs[event.trial] = max(event.epoch, before)
        return self.epochs[event.trial] - before


def watched_sweep(
    trials: Sequence[Trial],
    setup: Setup,
    *,
    processes: int = 1,
    cluster: Cluster | None = None,
    time_budget: float | None = None,
    console: Console | None = None,
) -> list[Event]:
    """A sweep with a progress display; away from a terminal it prints a line per trial.

    It is :func:`companion.sweeps.sweep`, or :func:`companion.sweeps.ray.sweep_on_cluster` where a cluster is given.
    """
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

    def say(sentence: str) -> None:
        console.print(f"resilinet: {sentence}", highlight=False, soft_wrap=True)

    with (
        Progress(*columns, console=console, disable=not console.is_terminal) as progress,
        checkpoint_warnings(say),
    ):
        everything = progress.add_task(f"epochs of {len(todo)} trials", total=epochs)
        bars: dict[str, TaskID] = {}
        reached = Reached()

        def tell(event: Event) -> None:
            if event is STOPPING:
                say(f"{event.message}.")
                return
            trial = todo.get(event.trial)
            label = f"{trial.scheme}, seed {trial.seed}" if trial else "a worker"
            again = event.kind == "started" and event.trial in reached.epochs
            ended = event.kind in ("finished", "stopped", "failed")
            if (ended or again) and event.trial in bars:
                progress.remove_task(bars.pop(event.trial))
            if event.kind == "started":
                bars[event.trial] = progress.add_task(label, total=event.epochs)
                reached.epochs.setdefault(event.trial, 0)
            elif event.kind == "epoch" and event.trial in bars:
                progress.advance(everything, reached.hear(event))
                progress.update(bars[event.trial], completed=event.epoch)
            if (again or ended) and not console.is_terminal:
                kind = "started again" if again else event.kind
                console.print(f"{kind}: {label} ({event.trial[:16]})", highlight=False)

        if cluster is not None:
            return sweep_on_cluster(trials, setup, cluster, time_budget=time_budget, tell=tell)
        return sweep(trials, setup, processes=processes, time_budget=time_budget, tell=tell)
