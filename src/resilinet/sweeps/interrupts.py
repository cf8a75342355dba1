"""Ctrl-C as a request: a sweep stops when its running epochs are over, and at once when it is asked again."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def interrupts(heard: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Give a function that says whether Ctrl-C was pressed; the first one within the block interrupts nothing.

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
