"""What runs on the nodes of a cluster: one trial, and the board by which it and the driver hear of each other."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from companion.experiments.trial import Record, Trial
from companion.sweeps.devices import usable
from companion.sweeps.run import run
from companion.sweeps.trial_errors import explain
from resilinet.data import DataError, Dataset
from resilinet.data.loading import load
from resilinet.sweeps.data import key
from resilinet.sweeps.events import Event
from resilinet.sweeps.setup import Setup
from resilinet.training import Interrupted, Progress

PATIENCE = 10.0
"""Seconds a trial waits after an epoch to hear whether it shall stop, and the driver for a node to tidy up."""


@dataclass(frozen=True)
class Outcome:
    """How a trial ended on its node: ``finished`` with a record, ``stopped``, or ``failed`` with a message."""

    kind: str
    record: Record | None = None
    message: str = ""


class Board:
    """Where running trials leave events and learn whether to stop: a Ray actor, one for each driver."""

    def __init__(self) -> None:
        """Begin without news."""
        self.news: list[tuple[Event, str]] = []
        self.stopping = False

    def hear(self, event: Event | None, node: str) -> bool:
        """Keep an event and the node that it comes from, and say whether trials shall stop."""
        if event is not None:
            self.news.append((event, node))
        return self.stopping

    def take(self) -> list[tuple[Event, str]]:
        """All events since the last call."""
        news, self.news = self.news, []
        return news

    def stop(self) -> None:
        """Let every trial stop at the end of its epoch."""
        self.stopping = True


class _Line:
    """A running trial's line to the board."""

    def __init__(self, board: Any) -> None:
        import ray

        self.board = board
        self.node = ray.get_runtime_context().get_node_id()
        self.answer: Future[bool] = Future()

    def tell(self, event: Event | None) -> None:
        self.answer = self.board.hear.remote(event, self.node).future()

    def stop(self) -> bool:
        """What the board answered to what was told last."""
        try:
            # Waiting as Ray does, by ray.get, would lend this trial's CPUs to another one for as long as that runs.
            return self.answer.result(timeout=PATIENCE)
        except TimeoutError:
            return False
        except Exception:
            return True  # the board is gone, and the driver with it; nobody would take the result


def train_one(values: Mapping[str, Any], identity: str, setup: Setup, board: Any, worker: int) -> Outcome:
    """Run a trial on this node, from its checkpoint where one lies in reach.

    Args:
        values: of the trial.
        identity: that the driver knows the trial by.
        setup: with paths that hold on this node.
        board: a handle on the driver's :class:`Board`.
        worker: the number by which events name this place.
    """
    line = _Line(board)
    line.tell(None)
    if line.stop():
        return Outcome("stopped")
    torch.set_num_threads(setup.threads)
    try:
        trial = Trial.from_values(values)
        if trial.id != identity:
            raise ValueError(
                f"here the trial has the identity {trial.id[:16]}, so this node has another version of the package "
                "than the driver"
            )
        folder = setup.runs / trial.id[:16]
        folder.mkdir(parents=True, exist_ok=True)
        line.tell(Event("started", trial.id, worker, epochs=trial.recipe.epochs))
        data = _load(key(trial.data), setup.data)

        def report(progress: Progress) -> None:
            line.tell(Event("epoch", trial.id, worker, progress.epoch, progress.epochs))

        device = usable(setup.device)
        record = run(trial, data, folder, device=device, stop=line.stop, report=report)
        return Outcome("finished", record)
    except Interrupted:
        return Outcome("stopped")
    except Exception as error:
        # An answer, rather than an exception: Ray's would carry the traceback of this node to the reader.
        return Outcome("failed", message=f"on node {platform.node()}, {explain(error)}")


def look(descriptions: Sequence[Mapping[str, Any]], root: Path) -> str:
    """What is wrong with data sets on this node, in one sentence, or nothing."""
    try:
        for description in descriptions:
            _load(key(description), root)
    except DataError as error:
        return str(error)
    return ""


@lru_cache(maxsize=1)
def _load(description: str, root: Path) -> Dataset:
    """The data set, kept for the next trial: Ray gives one worker process many."""
    return load(json.loads(description), root)
