"""What a sweep tells of its trials while it runs, and the Ctrl-C and the warnings that it hears."""

from __future__ import annotations

import contextlib
import signal
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TextIO

from resilinet.checkpoints import CheckpointWarning


@dataclass(frozen=True)
class Event:
    """What a worker tells about a trial: ``started``, ``epoch``, ``finished``, ``stopped`` or ``failed``.

    What a worker process says as ``warned`` is a warning in the sweep's process, and no event there. Of no trial are
    ``failed``, when a worker process is gone, and :data:`STOPPING`.
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
"""Ctrl-C was heard: the sweep ends when its running epochs are over."""


@contextlib.contextmanager
def interrupts(heard: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Take Ctrl-C as a request: give a function that says whether it was pressed; the first one interrupts nothing.

    Then ``heard`` is called, to tell whoever pressed it that it was not in vain.
    Only the main thread can hear of it, and a program that was made deaf to it stays deaf: elsewhere the answer is
    always no.

    Raises:
        KeyboardInterrupt: at the end of the block, if it was pressed; within the block at the second time.
    """
    pressed = False

    def press(*_: object) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True
        heard()

    former = signal.getsignal(signal.SIGINT)
    hearing = callable(former)
    if hearing:
        try:
            signal.signal(signal.SIGINT, press)
        except ValueError:  # not the main thread of the main interpreter
            hearing = False
    try:
        yield lambda: pressed
    finally:
        if hearing:
            signal.signal(signal.SIGINT, former)
    if pressed:
        raise KeyboardInterrupt


@contextlib.contextmanager
def checkpoint_warnings(say: Callable[[str], object]) -> Iterator[None]:
    """Let ``say`` hear the sentence of every warning of a checkpoint that would be shown; others are shown as usual."""
    usual = warnings.showwarning

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if issubclass(category, CheckpointWarning):
            say(str(message))
        else:
            usual(message, category, filename, lineno, file, line)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield
