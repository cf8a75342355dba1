"""The data sets of a sweep."""

from __future__ import annotations

import json
from collections.abc import Iterable

from companion.experiments.trial import Trial, Values


def key(description: Values) -> str:
    """One text for each data set: its whole description, for the fingerprint says nothing of augmentation."""
    return json.dumps(dict(description), sort_keys=True)


def distinct(trials: Iterable[Trial]) -> list[Values]:
    """The description of each data set that some trial is on, once."""
    return list({key(trial.data): trial.data for trial in trials}.values())
