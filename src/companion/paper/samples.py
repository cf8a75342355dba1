"""A quantity measured once per seed, and arithmetic on several of them, paired by seed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from statistics import fmean

import numpy as np
from scipy import stats

from companion.results.intervals import Interval, interval


@dataclass(frozen=True)
class Sample:
    """A quantity measured once per seed.

    Attributes:
        values: by seed, in percent or percentage points.
        wanted: how many seeds the artefact asks for.
        trials: identities of the trials behind the values.
        whole: an interval that does not follow from the values one by one, such as that of a standard deviation.
    """

    values: Mapping[int, float]
    wanted: int
    trials: tuple[str, ...] = ()
    whole: Interval | None = field(default=None, compare=False)

    @cached_property
    def interval(self) -> Interval | None:
        """Mean and 95 % t-interval over the seeds there are; None without any."""
        if self.whole is not None:
            return self.whole
        return interval(list(self.values.values())) if self.values else None

    @property
    def complete(self) -> bool:
        """Whether every seed is there."""
        return len(self.values) >= self.wanted

    def __sub__(self, other: Sample) -> Sample:
        """The paired difference: seed by seed, over the seeds that both have."""
        shared = {s: self.values[s] - other.values[s] for s in self.values if s in other.values}
        trials = tuple(dict.fromkeys((*self.trials, *other.trials)))
        return Sample(shared, min(self.wanted, other.wanted), trials)


def mean(samples: Iterable[Sample]) -> Sample:
    """The mean of several quantities, seed by seed."""
    found = list(samples)
    seeds = set.intersection(*(set(one.values) for one in found))
    trials = tuple(dict.fromkeys(name for one in found for name in one.trials))
    values = {seed: fmean(one.values[seed] for one in found) for seed in sorted(seeds)}
    return Sample(values, min(one.wanted for one in found), trials)


def spread(samples: Iterable[Sample]) -> Sample:
    """The standard deviation among conditions of their means over seeds (Fig. 3), with a jackknife interval.

    The deviation is the sample standard deviation (n - 1), over the seeds that all conditions have. Its interval
    leaves out one seed at a time, as a deviation of means is no mean over seeds itself.
    """
    conditions = list(samples)
    seeds = sorted(set.intersection(*(set(sample.values) for sample in conditions)))
    trials = tuple(dict.fromkeys(name for sample in conditions for name in sample.trials))
    wanted = min(sample.wanted for sample in conditions)
    table = np.array([[sample.values[seed] for sample in conditions] for seed in seeds])
    each = {seed: float(np.std(row, ddof=1)) for seed, row in zip(seeds, table, strict=True)}
    if not seeds:
        return Sample({}, wanted, trials)
    value, n = float(np.std(table.mean(0), ddof=1)), len(seeds)
    if n < 2:
        return Sample(each, wanted, trials, Interval(value, math.nan, math.nan, n))
    left_out = np.array([np.std(np.delete(table, k, 0).mean(0), ddof=1) for k in range(n)])
    error = math.sqrt((n - 1) / n * float(np.sum((left_out - left_out.mean()) ** 2)))
    half = float(stats.t.ppf(0.975, n - 1)) * error
    return Sample(each, wanted, trials, Interval(value, max(0.0, value - half), value + half, n))
