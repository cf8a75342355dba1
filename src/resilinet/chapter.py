"""What a chapter does first: see to it that the trials it shows have been run, as its profile asks."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from resilinet.experiments import trials_of
from resilinet.store import Store
from resilinet.trials import Trial

if TYPE_CHECKING:
    from resilinet.sweeps import Event, Setup


def prepare(profile: str, results: str | Path, *artefacts: str) -> Store:
    """The results store that a chapter reads; runs what is missing unless it only reads.

    Under ``published`` nothing is run: what is missing is shown as missing. Under ``smoke`` and ``full`` the missing
    trials of the artefacts are run in this process, with a line of progress, and can be interrupted and resumed.
    Checkpoints and prepared data lie in ``runs`` and ``data`` beside the results folder.

    Args:
        profile: ``published``, ``smoke`` or ``full``.
        results: the results folder.
        artefacts: keys of :data:`resilinet.experiments.ARTEFACTS`.

    Raises:
        ValueError: there is no such profile or artefact.
        RuntimeError: a trial failed; the message names the first and its reason.
    """
    folder = Path(results)
    store, trials = Store(folder), trials_of(profile, *artefacts)
    if profile != "published":
        from resilinet.sweeps import Setup  # here, as a chapter that only reads needs no training code

        # Without a thread for each tiny product: that costs more than it saves.
        threads = 1 if profile == "smoke" else int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1))
        setup = Setup(folder, folder.parent / "runs", folder.parent / "data", threads, keep_weights=False)
        complete(trials, setup, ticker())
    return store


def complete(trials: Sequence[Trial], setup: Setup, say: Callable[[str], None]) -> None:
    """Run trials until each has a result, be it from here or from another chapter that runs beside this one.

    Raises:
        RuntimeError: a trial failed.
    """
    from resilinet.sweeps import missing, sweep

    store, began, done = Store(setup.results), time.monotonic(), 0
    todo = missing(trials, store)
    epochs_left = epochs = sum(trial.recipe.epochs for trial in todo)

    def tell(event: Event) -> None:
        nonlocal done, epochs_left
        if event.kind == "epoch":
            epochs_left -= 1
        done += event.kind == "finished"
        spent = time.monotonic() - began
        left = spent / (epochs - epochs_left) * epochs_left if epochs > epochs_left else 0.0
        say(f"{done} of {len(todo)} missing trials run, about {left / 60:.0f} min left")

    waiting = todo
    while waiting:
        failed = sweep(waiting, setup, tell=tell)
        if failed:
            raise RuntimeError(f"trial {failed[0].trial[:16]} failed: {failed[0].message}")
        waiting = missing(waiting, store)
        if waiting:
            # Another process holds them and is at work; it may be killed, so that we look again.
            time.sleep(1)
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
