"""Checkpoints: what a training has reached, in a file that is whole or is not used."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Set
from pathlib import Path
from typing import Any

from resilinet import tensor_file
from resilinet.messages import unreadable

__all__ = ["CheckpointWarning", "load"]


class CheckpointWarning(UserWarning):
    """A checkpoint cannot be used, and a training starts afresh; the message names it and says why."""


def load(path: Path, needed: Set[str], fits: Callable[[Mapping[str, Any]], object]) -> dict[str, Any] | None:
    """The checkpoint at a path, in main memory, or None where there is nothing that is whole.

    A damaged checkpoint costs the time that it stood for, never a result: training afresh gives the same numbers.
    Refusing it would stop an unattended sweep at this trial every time.

    Args:
        path: of the checkpoint.
        needed: what it must hold.
        fits: raises an exception where the checkpoint is another training's.

    Warns:
        CheckpointWarning: it is damaged, or another training's.
    """
    if not path.exists():
        return None
    try:
        # In main memory: the states of generators live there; what belongs on a device is copied there when loaded.
        state: dict[str, Any] = tensor_file.load(path)
        if missing := needed - set(state):
            raise ValueError(f"{min(missing)!r} is missing")
        fits(state)
    except Exception as error:
        warnings.warn(
            f"{path}: not a whole checkpoint ({unreadable(path, error)}); training starts afresh.",
            CheckpointWarning,
            stacklevel=4,
        )
        return None
    return state
