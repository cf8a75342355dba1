"""What a sweep does with warnings of damaged checkpoints: each is a sentence for whoever waits, and no line of code."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import TextIO

from resilinet.checkpoints import CheckpointWarning


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
