"""What a record says of its network, in percent: the accuracy in a failure scenario, and under a failure setting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from companion.experiments.table_2 import settings_of
from companion.experiments.trial import Record
from resilinet.expectation import expected_from_counts, scenario_accuracies
from resilinet.failures import FailureSetting

STATISTICS: Final = ("running", "per-route")
"""How a network with batch normalisation is evaluated; one without knows no difference."""
GUESSES: Final = ("train-frequency", "released-code")
"""How one may guess where no information reaches the cloud."""
Counts = Mapping[str, int | None]
"""Correctly classified test examples by scenario; None where no information reaches the cloud."""


class Accuracy(NamedTuple):
    """One accuracy of a record.

    Attributes:
        statistics: of batch normalisation, one of :data:`STATISTICS`.
        kind: ``scenario``, counted, or ``setting``, the exact expectation over all scenarios.
        name: of the scenario (``none``, ``n1``, ``n1+n3``) or of the failure setting (``no_failure``, ``normal``).
        accuracy: in percent.
        guess: whether it is that of a guess, because no information reaches the cloud in the scenario.
    """

    statistics: str
    kind: str
    name: str
    accuracy: float
    guess: bool


def guess_accuracy(labels: Mapping[str, Sequence[int]], policy: str = "train-frequency") -> float:
    """How often a random guess is right when there is no information flow, from 0 to 1.

    Args:
        labels: examples of each class in the ``train`` and in the ``test`` part.
        policy: ``train-frequency`` draws guesses from the training labels' frequencies; ``released-code`` does the
            same but, where no example has label 0, names classes one too low: for Health the paper's released code
            guesses 0..11 for labels 1..12.

    Raises:
        ValueError: the policy does not exist.
    """
    train, test = (np.asarray(labels[part], float) / sum(labels[part]) for part in ("train", "test"))
    if policy not in GUESSES:
        raise ValueError(f"{policy!r} is no guess policy; choose {' or '.join(GUESSES)}.")
    if policy == "released-code" and not train[0]:
        return float(train[1:] @ test[:-1])
    return float(train @ test)


def by_scenario(record: Record, counts: Counts, guess: str) -> dict[str, float]:
    """The accuracy in every scenario that counts of a record hold, in percent.

    Args:
        record: whose test set it is.
        counts: of the record, of whichever kind.
        guess: how one guesses without information flow (:func:`guess_accuracy`).
    """
    accuracies = scenario_accuracies(counts, record.total, guess_accuracy(record.labels, guess))
    return {scenario: 100 * accuracy for scenario, accuracy in accuracies.items()}


def average(record: Record, counts: Counts, setting: FailureSetting, guess: str) -> float:
    """The accuracy expected under a failure setting, in percent; arguments as those of :func:`by_scenario`."""
    chance = guess_accuracy(record.labels, guess)
    return 100 * expected_from_counts(counts, record.total, record.trial.topology, setting, chance)


def accuracies_of(record: Record, guess: str = "train-frequency") -> Iterator[Accuracy]:
    """Every accuracy of a record: scenarios, then settings, by running statistics; then by those of each route."""
    for statistics, counts in zip(STATISTICS, (record.counts, record.per_route), strict=True):
        if not counts:  # a network without batch normalisation has none to keep for each route
            continue
        for scenario, accuracy in by_scenario(record, counts, guess).items():
            yield Accuracy(statistics, "scenario", scenario, accuracy, counts[scenario] is None)
        for name, setting in settings_of(record.trial).items():
            yield Accuracy(statistics, "setting", name, average(record, counts, setting, guess), False)
