"""A trial that was run again, held against what is stored: is it the same, and if not, may it differ so far?

A trial that is run again with its own seed begins with the same weights, batches and failures. Where the processor, the
number of threads and the version of PyTorch are the same, too, so are the counts. Elsewhere sums are taken in another
order, and training amplifies the difference of the last digit until, at worst, the run is like one of another seed. So
two things can be stated beforehand, both from the spread s of n stored seeds and Student's t with n - 1 degrees of
freedom (:data:`LEVEL` for all comparisons of a command together, by Bonferroni's inequality):

- of a stored seed, run again: it differs from its stored value by at most t s sqrt(2), as two independent runs would;
- of a seed that is not stored: it differs from the stored mean by at most t s sqrt(1 + 1/n).

Both take accuracies over seeds as normal. Neither is asked to be closer than one test example.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from companion.experiments.trial import Record
from companion.results.accuracy import accuracies_of
from companion.results.intervals import Interval, interval
from companion.results.reruns import Rerun

LEVEL = 0.95
"""The probability with which every comparison of a command falls inside its margin where nothing is wrong."""


@dataclass(frozen=True)
class Comparison:
    """One accuracy of a trial, stored and new, in percent.

    Attributes:
        row: the trial's row.
        seed: the trial's seed.
        condition: a failure scenario (``n1+n3``), or ``average, poor``; ``per-route`` where batch statistics are those.
        stored: of the same seed; None of a new seed.
        new: what running it again gave.
        same: whether the number of correct answers is the stored one; None where there is none to compare.
        over_seeds: mean and 95 % t-interval over the stored seeds, as the book shows it.
        expected: what ``new`` is held against: ``stored``, or the mean of the stored seeds.
        margin: how far it may lie from that, in points; None where the stored seeds are too few to rule anything out.
    """

    row: str
    seed: int
    condition: str
    stored: float | None
    new: float
    same: bool | None
    over_seeds: Interval
    expected: float
    margin: float | None

    @property
    def difference(self) -> float:
        """New minus expected, in points."""
        return self.new - self.expected

    @property
    def inside(self) -> bool | None:
        """Whether the difference is within the margin; None where nothing can be said."""
        if self.difference == 0:
            return True
        return None if self.margin is None else abs(self.difference) <= self.margin


def accuracies(record: Record) -> dict[str, float]:
    """Every accuracy of a record, in percent: scenarios, averages by failure setting, then the same per route."""
    return {
        (one.name if one.kind == "scenario" else f"average, {one.name.replace('_', ' ')}")
        + (", per-route" if one.statistics == "per-route" else ""): one.accuracy
        for one in accuracies_of(record)
    }


def identical(one: Record, other: Record) -> bool:
    """Whether two records of a trial hold the same counts in every scenario, scaled and per route included."""
    return (one.total, one.counts, one.survival, one.per_route) == (
        other.total,
        other.counts,
        other.survival,
        other.per_route,
    )


def compare(reruns: Sequence[Rerun], new: Mapping[str, Record]) -> list[Comparison]:
    """Hold every accuracy of every trial that was run again against the stored ones.

    Args:
        reruns: the trials.
        new: what they gave, by identity of the trial.
    """
    by_row = {rerun.row: [accuracies(record) for record in rerun.stored] for rerun in reruns}
    # What does not depend on the seed, such as a guess, is no chance to fall outside.
    chances = sum(
        len({each[condition] for each in by_row[rerun.row]}) > 1
        for rerun in reruns
        for condition in by_row[rerun.row][0]
    )
    return [
        one
        for rerun in reruns
        for one in _comparisons(rerun, new[rerun.trial.id], by_row[rerun.row], chances)
    ]


def conclusion(comparisons: Sequence[Comparison], exact: int, trials: int) -> tuple[bool | None, str]:
    """Whether everything lies where it was stated to lie, and a sentence that says so; None: too few seeds to say.

    Args:
        comparisons: all of them.
        exact: how many trials gave the stored counts bit for bit.
        trials: how many there are.
    """
    if exact == trials:  # new seeds have nothing to be equal to
        which = "The trial" if trials == 1 else f"All {trials} trials"
        return True, f"{which} gave the stored counts bit for bit."
    outside = [one for one in comparisons if one.inside is False]
    again = len({(one.row, one.seed) for one in comparisons if one.stored is not None})
    agreed = (
        f"{exact} of {again} stored trials came out bit for bit the same" if again else "These seeds are new"
    )
    if outside:
        worst = max(outside, key=lambda one: abs(one.difference) - (one.margin or 0.0))
        return False, (
            f"Not reproduced: {len(outside)} of {len(comparisons)} accuracies lie outside what was stated; "
            f"{worst.condition} of {worst.row}, seed {worst.seed}, is {worst.new:.2f} where "
            f"{worst.expected:.2f} ± {worst.margin:.2f} was expected."
        )
    open_ones = sum(one.inside is None for one in comparisons)
    if open_ones:
        return None, (
            f"{agreed}; of {open_ones} of {len(comparisons)} accuracies the few stored seeds cannot say how far a run "
            "may differ."
        )
    farthest = max(abs(one.difference) for one in comparisons)
    return True, (
        f"{agreed}; all {len(comparisons)} accuracies lie within what was stated, "
        f"at most {farthest:.2f} points from what was expected."
    )


def _comparisons(
    rerun: Rerun, new: Record, seeds: Sequence[Mapping[str, float]], chances: int
) -> Iterator[Comparison]:
    before = rerun.before
    old = seeds[rerun.stored.index(before)] if before else {}
    counts = dict(_flat(before)) if before else {}
    counts_now = dict(_flat(new))
    for condition, value in accuracies(new).items():
        values = [each[condition] for each in seeds]
        over_seeds = interval(values)
        expected = old.get(condition, over_seeds.mean)
        margin = _margin(values, 2.0 if before else 1 + 1 / len(values), chances, 100 / new.total)
        if margin is not None and margin >= max(expected, 100 - expected):
            margin = None  # whatever comes out lies within it
        yield Comparison(
            row=rerun.row,
            seed=rerun.trial.seed,
            condition=condition,
            stored=old.get(condition),
            new=value,
            same=counts[condition] == counts_now[condition] if condition in counts else None,
            over_seeds=over_seeds,
            expected=expected,
            margin=margin,
        )


def _margin(values: Sequence[float], widening: float, chances: int, example: float) -> float | None:
    """How far a new value may lie from what is expected of it, in points; at least one test ``example``."""
    n = len(values)
    if n < 2:
        return None
    t = float(stats.t.ppf(1 - (1 - LEVEL) / (2 * max(chances, 1)), n - 1))
    return max(t * float(np.std(values, ddof=1)) * math.sqrt(widening), example * (1 + 1e-9))


def _counted(record: Record) -> Iterator[tuple[str, Mapping[str, int | None]]]:
    yield "", record.counts
    if record.per_route:
        yield ", per-route", record.per_route


def _flat(record: Record) -> Iterator[tuple[str, int | None]]:
    for suffix, counts in _counted(record):
        for key, count in counts.items():
            yield f"{key}{suffix}", count
