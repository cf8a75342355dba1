"""What a chapter does first: see to it that the trials it shows have been run, as its profile asks."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from companion.experiments import is_known, trials_of
from companion.experiments.trial import Trial
from companion.results.store import Store

if TYPE_CHECKING:
    from companion.sweeps import Event, Setup


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
        import torch

        from companion.sweeps import Setup  # here, as a chapter that only reads needs no training code

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
    from companion.sweeps import STOPPING, missing, sweep
    from companion.sweeps.progress import Reached
    from companion.sweeps.worker import unclaimed

    store, began, done = Store(setup.results), time.monotonic(), 0
    todo = missing(trials, store)
    epochs_left, epochs_run, reached = sum(trial.recipe.epochs for trial in todo), 0, Reached()

    def tell(event: Event) -> None:
        if event is STOPPING:
            say(event.message)
            return
        nonlocal done, epochs_left, epochs_run
        if event.kind == "epoch":
            epochs_left -= reached.hear(event)
            epochs_run += 1
        done += event.kind == "finished"
        left = (time.monotonic() - began) / epochs_run * epochs_left if epochs_run else 0.0
        say(f"{done} of {len(todo)} missing trials run, about {left / 60:.0f} min left")

    waiting = todo
    while waiting:
        # Else other processes are at work on all of them, and a sweep would do no more than load the data.
        if unclaimed(waiting, setup.runs):
            failed = sweep(waiting, setup, tell=tell)
            if failed:
                raise RuntimeError(f"trial {failed[0].trial[:16]} failed: {failed[0].message}")
        waiting = missing(waiting, store)
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
