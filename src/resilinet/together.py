"""Which trials of a sweep are trained as one ensemble."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

from resilinet.ensemble import SHARED
from resilinet.trials import Trial

Group = tuple[Trial, ...]
"""Trials that one worker claims and trains as one ensemble; mostly a single one, trained by itself."""


def grouped(trials: Iterable[Trial], size: int) -> list[Group]:
    """The trials, each once, in groups of up to ``size`` that can be trained as one ensemble, in order of the first.

    A trial that no ensemble takes, as one of a convolutional network, is a group of its own. Results that are there
    make no difference, so that a sweep that is called again finds the groups of the last call.

    Raises:
        ValueError: the size is none.
    """
    if size < 1:
        raise ValueError(f"a group of {size} trials is none; give at least 1.")
    groups: list[list[Trial]] = []
    filling: dict[str, list[Trial]] = {}
    for trial in {trial.id: trial for trial in trials}.values():
        alike = json.dumps([trial.values[name] for name in SHARED]) if _joins(trial) else trial.id
        group = filling.get(alike)
        if group is None or len(group) == size:
            group = filling[alike] = []
            groups.append(group)
        group.append(trial)
    return [tuple(group) for group in groups]


def name_of(group: Sequence[Trial]) -> str:
    """A name for a group, the same every time."""
    return "together-" + hashlib.sha256("".join(trial.id for trial in group).encode()).hexdigest()[:16]


def _joins(trial: Trial) -> bool:
    """Whether an ensemble takes the trial: see :func:`resilinet.ensemble.check`."""
    return trial.network["model"] == "mlp" and trial.recipe.precision != "autocast"
