"""Shows where a sweep stands: in a terminal, or in a chapter, which first runs the trials that it lacks.

A chapter that only reads needs no training code, so what trains is imported where something is run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

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

from companion.experiments import is_known, trials_of
from companion.experiments.trial import Trial
from companion.results.store import Store

if TYPE_CHECKING:
    from companion.sweeps.ray import Cluster
    from companion.sweeps.shared import Event, Setup

_COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TimeElapsedColumn(),
    TextColumn("left"),
    TimeRemainingColumn(compact=True),
)


@dataclass
class Reached:
    """The farthest epoch of each trial, by its identity, so that every epoch counts once."""

    epochs: dict[str, int] = field(default_factory=dict)

    def advance(self, event: Event) -> int:
        """Note the end of an epoch, and return how many more are done than before."""
        # A resumed trial begins in the middle: its earlier epochs are done, too. One that was lost with its node may
        # begin before what it had reached: those epochs are done already.
        before = self.epochs.get(event.trial, 0)
        self.epochs[event.trial] = max(event.epoch, before)
        return self.epochs[event.trial] - before


class Terminal:
    """Bars for a sweep and its running trials; away from a terminal a line for each trial."""

    def __init__(self, todo: Sequence[Trial], console: Console) -> None:
        """Show the epochs of the trials that are to be run."""
        self.todo, self.console = {trial.id: trial for trial in todo}, console
        self.progress = Progress(*_COLUMNS, console=console, disable=not console.is_terminal)
        epochs = sum(trial.recipe.epochs for trial in todo)
        self.everything = self.progress.add_task(f"epochs of {len(todo)} trials", total=epochs)
        self.bars: dict[str, TaskID] = {}
        self.reached = Reached()

    def say(self, sentence: str) -> None:
        """Print a sentence between the bars."""
        self.console.print(f"resilinet: {sentence}", highlight=False, soft_wrap=True)

    def show(self, event: Event) -> None:
        """Bring the bars up to date."""
        if event.kind == "stopping":
            self.say(f"{event.message}.")
            return
        trial, bars = self.todo.get(event.trial), self.bars
        label = f"{trial.scheme}, seed {trial.seed}" if trial else "a worker"
        again = event.kind == "started" and event.trial in self.reached.epochs
        ended = event.kind in ("finished", "stopped", "failed")
        if (ended or again) and event.trial in bars:
            self.progress.remove_task(bars.pop(event.trial))
        if event.kind == "started":
            bars[event.trial] = self.progress.add_task(label, total=event.epochs)
            self.reached.epochs.setdefault(event.trial, 0)
        elif event.kind == "epoch" and event.trial in bars:
            self.progress.advance(self.everything, self.reached.advance(event))
            self.progress.update(bars[event.trial], completed=event.epoch)
        if (again or ended) and not self.console.is_terminal:
            kind = "started again" if again else event.kind
            self.console.print(f"{kind}: {label} ({event.trial[:16]})", highlight=False)


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

    It is :func:`companion.sweeps.local.sweep`, or :func:`companion.sweeps.ray.sweep_on_cluster` where a cluster is
    given.
    """
    from companion.sweeps import local, ray, shared

    todo = shared.missing(trials, Store(setup.results))
    if not todo:
        return []
    terminal = Terminal(todo, console or Console(stderr=True))
    with terminal.progress, shared.checkpoint_warnings(terminal.say):
        if cluster is not None:
            return ray.sweep_on_cluster(
                trials, setup, cluster, time_budget=time_budget, on_event=terminal.show
            )
        return local.sweep(
            trials, setup, processes=processes, time_budget=time_budget, on_event=terminal.show
        )


def prepare(profile: str, results: str | Path, *artefacts: str) -> Store:
    """The results store that a chapter reads; runs what is missing unless it only reads.

    Under ``published`` nothing is run: what is missing is shown as missing. Under ``smoke`` and ``full`` the missing
    trials of the artefacts are run in this process, with a line of progress, and can be interrupted and resumed.
    Checkpoints and prepared data lie in ``runs`` and ``data`` beside the results folder. Trials on data that this
    edition cannot know are left out, which that line says; the chapter shows them as missing.

    Args:
        profile: ``published``, ``smoke`` or ``full``.
        results: the results folder.
        artefacts: keys of :data:`companion.experiments.ARTEFACTS`.

    Raises:
        ValueError: there is no such profile or artefact.
        DataError: data that this edition knows are not prepared.
        RuntimeError: a trial failed; the message names the first and its reason.
    """
    folder = Path(results)
    store, trials = Store(folder), trials_of(profile, *artefacts)
    if profile != "published":
        import torch  # here, as a chapter that only reads needs no training code

        from companion.sweeps.shared import Setup

        # Without a thread for each tiny product: that costs more than it saves.
        threads = 1 if profile == "smoke" else torch.get_num_threads()
        setup = Setup(folder, folder.parent / "runs", folder.parent / "data", threads, keep_weights=False)
        say, known = ticker(), [trial for trial in trials if is_known(trial.data)]
        if left_out := len(trials) - len(known):
            note = f"{left_out} trials left out, on data that this edition does not know"
            say(note)
            complete(known, setup, lambda text: say(f"{text}; {note}"))
        else:
            complete(known, setup, say)
    return store


def complete(trials: Sequence[Trial], setup: Setup, say: Callable[[str], None]) -> None:
    """Run trials until each has a result, be it from here or from another chapter that runs beside this one.

    Raises:
        RuntimeError: a trial failed.
    """
    from companion.sweeps import local, shared

    store, began, done = Store(setup.results), time.monotonic(), 0
    todo = shared.missing(trials, store)
    epochs_left, epochs_run, reached = sum(trial.recipe.epochs for trial in todo), 0, Reached()

    def show(event: Event) -> None:
        if event.kind == "stopping":
            say(event.message)
            return
        nonlocal done, epochs_left, epochs_run
        if event.kind == "epoch":
            epochs_left -= reached.advance(event)
            epochs_run += 1
        done += event.kind == "finished"
        left = (time.monotonic() - began) / epochs_run * epochs_left if epochs_run else 0.0
        say(f"{done} of {len(todo)} missing trials run, about {left / 60:.0f} min left")

    waiting = todo
    while waiting:
        # Else other processes are at work on all of them, and a sweep would do no more than load the data.
        if shared.unclaimed(waiting, setup):
            failed = local.sweep(waiting, setup, on_event=show)
            if failed:
                raise RuntimeError(f"trial {failed[0].trial[:16]} failed: {failed[0].message}")
        waiting = shared.missing(waiting, store)
        if waiting:
            time.sleep(1)  # whoever holds them may be killed, so that we look again
    if todo:
        say(f"{len(todo)} trials run in {(time.monotonic() - began) / 60:.1f} min")


def ticker() -> Callable[[str], None]:
    """A line in the notebook that is replaced by the next one, so that a page does not fill with progress."""
    from IPython.display import DisplayHandle, TextDisplayObject

    class Line(TextDisplayObject):
        """Plain text, without quotation marks."""

        def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
            return {"text/plain": str(self.data)}

    handle = DisplayHandle()
    shown = False

    def say(text: str) -> None:
        nonlocal shown
        line = Line(text)
        (handle.update if shown else handle.display)(line)
        shown = True

    return say
