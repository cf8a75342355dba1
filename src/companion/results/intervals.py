"""Means over seeds, their intervals, and paired comparisons."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Interval:
    """A mean over seeds and its 95 % Student-t interval; one seed has no interval (``low`` and ``high`` are NaN)."""

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Difference:
    """A paired comparison over seeds: the mean of a - b, its interval, and Cohen's d of the differences.

    ``effect`` is the mean difference in units of the differences' standard deviation; it is infinite when they do
    not vary and are not zero, NaN with fewer than two seeds.
    """

    interval: Interval
    effect: float


def interval(values: Sequence[float], level: float = 0.95) -> Interval:
    """The mean of ``values``, one a seed, and its Student-t interval.

    Raises:
        ValueError: there are no values.
    """
    if len(values) == 0:
        raise ValueError("an interval needs the value of at least one seed.")
    mean = float(np.mean(values))
    if len(values) < 2:
        return Interval(mean, math.nan, math.nan, 1)
    half = float(stats.t.ppf((1 + level) / 2, len(values) - 1) * stats.sem(values))
    return Interval(mean, mean - half, mean + half, len(values))


def half_width_factor(n: int) -> float | None:
    """Half the width of the 95 % t-interval of a mean over ``n`` seeds, for a standard deviation of 1 (n - 1).

    None with fewer than two seeds, which give no interval.
    """
    return float(stats.t.ppf(0.975, n - 1)) / math.sqrt(n) if n > 1 else None


def paired(a: Mapping[int, float], b: Mapping[int, float]) -> Difference:
    """Compare two conditions seed by seed, over the seeds both have.

    Raises:
        ValueError: they share no seed.
    """
    seeds = sorted(a.keys() & b.keys())
    if not seeds:
        raise ValueError("the two conditions share no seed, so they cannot be compared in pairs.")
    differences = [a[seed] - b[seed] for seed in seeds]
    found = interval(differences)
    if len(differences) < 2:
        return Difference(found, math.nan)
    spread = float(np.std(differences, ddof=1))
    if found.mean == 0:
        return Difference(found, 0.0)
    return Difference(found, found.mean / spread if spread else math.copysign(math.inf, found.mean))
