"""Which kind of batch statistics the paper's numbers resemble: ours under either, over all cells of a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy import stats

from companion.experiments.names import SETTINGS
from companion.paper.comparisons.quantities import quantity
from companion.paper.measured import Measured
from companion.paper.printed import Printed, printed_values
from companion.paper.samples import Sample, mean

TABLES: Final = ("table-1-mobilenet", "table-3-mobilenet", "table-3-resnet", "figure-2c")
"""What the paper prints of networks with batch normalisation that were trained here on its own data."""
Likeness = Callable[[np.ndarray, np.ndarray], float]
"""From printed numbers and ours to a measure of how much alike they are."""


def distance(printed: np.ndarray, ours: np.ndarray) -> float:
    """The mean distance of our numbers from the printed ones, in points."""
    return float(np.abs(printed - ours).mean())


def rank_correlation(printed: np.ndarray, ours: np.ndarray) -> float:
    """Spearman's correlation between printed numbers and ours, which no common level and scale can change."""
    return float(stats.spearmanr(printed, ours).statistic)


def cells(measured: Measured, artefact: str) -> list[Printed]:
    """The printed accuracies of an artefact that a seed answers, guesses left out."""
    found = []
    for (name, key), number in printed_values().items():
        series, _, condition = key.partition("/")
        if name != artefact or series == "probability":
            continue
        by_scenario = condition not in (*SETTINGS, "average")
        if by_scenario and measured.is_guess(name, series, condition):
            continue
        if quantity(measured, name, series, condition).values:
            found.append(number)
    return found


def likeness(measured: Measured, artefact: str, measure: Likeness) -> Sample:
    """How much our numbers are like the printed ones of an artefact, seed by seed."""
    numbers = cells(measured, artefact)
    samples = [quantity(measured, artefact, *number.key.split("/")) for number in numbers]
    printed = np.array([number.value for number in numbers])
    seeds = set.intersection(*(set(sample.values) for sample in samples)) if samples else set()
    values = {
        seed: measure(printed, np.array([one.values[seed] for one in samples])) for seed in sorted(seeds)
    }
    return Sample(values, len(next(iter(measured.rows(artefact).values()))))


def both_kinds(measured: Measured, artefact: str, measure: Likeness) -> tuple[Sample, Sample]:
    """The likeness under running statistics and under those of each route; of ``all`` the mean over the tables."""
    kinds = measured.running(), measured.per_route()
    if artefact != "all":
        one, other = (likeness(kind, artefact, measure) for kind in kinds)
        return one, other
    each = [[likeness(kind, name, measure) for name in TABLES] for kind in kinds]
    one, other = (mean(table for table in tables if len(table.values) > 1) for tables in each)
    return one, other
