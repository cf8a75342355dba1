"""The rule by which a printed number or a statement is judged, stated once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from companion.paper.measured import Sample
from companion.results.intervals import paired

TOLERANCE = 1.0
"""Percentage points by which an accuracy may differ and still count as reproduced.

Seeds are all that our intervals account for. Another framework, another random split and another precision move an
accuracy, too, and the paper's own prints of one quantity lie about a point apart (:func:`companion.paper.findings`).
"""


class Verdict(StrEnum):
    """What became of a printed number or a statement."""

    REPRODUCED = "reproduced"
    TREND = "trend only"
    NOT_REPRODUCED = "not reproduced"
    UNDECIDED = "undecided"
    """What was compared neither bears it out nor contradicts it."""
    INCOMPLETE = "incomplete"
    NOT_COMPARABLE = "not comparable"
    """Trained at another size than the paper's, so that values do not compare, with no order to compare instead."""
    NOT_ATTEMPTED = "not attempted"
    GIVEN = "given"
    """An input of the experiment, not a result: it is taken over, not tested."""
    NONE = "no verdict"
    """Trained tiny on synthetic data, which says nothing about the paper."""


@dataclass(frozen=True)
class Check:
    """One comparison, paired by seed, that a statement rests on: does a difference lie within its bounds?

    Attributes:
        what: the comparison in words.
        difference: mean over seeds, in percentage points; None without a shared seed.
        low: lower end of its 95 % t-interval, None with fewer than two seeds.
        high: upper end.
        effect: Cohen's d of the paired differences; None where they do not vary or are too few.
        above: the lower bound, None where there is none.
        below: the upper bound, None where there is none.
        seeds: how many seeds are shared.
        wanted: how many there are to be.
        trials: identities of the trials behind it.
    """

    what: str
    difference: float | None
    low: float | None
    high: float | None
    effect: float | None
    above: float | None
    below: float | None
    seeds: int
    wanted: int
    trials: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the whole interval lies within the bounds."""
        return (
            self.low is not None
            and self.high is not None
            and (self.above is None or self.low > self.above)
            and (self.below is None or self.high < self.below)
        )

    @property
    def contradicted(self) -> bool:
        """Whether the whole interval lies beyond a bound; else the seeds cannot tell, or it holds."""
        return (self.high is not None and self.above is not None and self.high < self.above) or (
            self.low is not None and self.below is not None and self.low > self.below
        )

    @property
    def leans(self) -> bool:
        """Whether the mean, at least, lies on the right side of zero and below the upper bound."""
        return (
            self.difference is not None
            and (self.above is None or self.difference > min(self.above, 0.0))
            and (self.below is None or self.difference < self.below)
        )

    @property
    def slack(self) -> float:
        """How far the mean is within its bounds; the smallest slack decides a statement."""
        if self.difference is None:
            return -math.inf
        over = math.inf if self.above is None else self.difference - self.above
        return over if self.below is None else min(over, self.below - self.difference)


def check(what: str, difference: Sample, above: float | None = 0.0, below: float | None = None) -> Check:
    """Compare a paired difference with its bounds, by default with zero."""
    found = difference.interval
    effect = math.nan
    if difference.whole is None and len(difference.values) > 1:
        effect = paired(difference.values, dict.fromkeys(difference.values, 0.0)).effect
    return Check(
        what=what,
        difference=found.mean if found else None,
        low=finite(found.low) if found else None,
        high=finite(found.high) if found else None,
        effect=finite(effect),
        above=above,
        below=below,
        seeds=len(difference.values),
        wanted=difference.wanted,
        trials=difference.trials,
    )


@dataclass(frozen=True)
class Entry:
    """One line of the ledger; :func:`dataclasses.asdict` makes JSON of it.

    Attributes:
        artefact: the table, figure or passage, ``claims`` for a statement of the text.
        key: its place there.
        statement: for a statement, what it says; else empty.
        paper: the printed number, None where a statement has none.
        digits: decimals that are printed.
        unit: of ``paper`` and ``ours``: ``percent``, ``points``, ``probability`` or ``hours``.
        source: where it stands in the paper.
        ours: our mean over seeds; of a statement, the difference that decides it.
        low: lower end of the 95 % t-interval; None with fewer than two seeds, and where there are no seeds.
        high: upper end.
        seeds: how many seeds there are; 0 for what is computed, not trained.
        wanted: how many there are to be.
        size: of the trials (:class:`companion.experiments.Size`); empty for what is computed, not trained.
        verdict: what became of it.
        note: why, in a sentence.
        guess: whether no information reaches the cloud, so that what is printed is the worth of a guess.
        trials: identities of the trials behind it.
        checks: of a statement, the comparisons it rests on.
    """

    artefact: str
    key: str
    verdict: Verdict
    statement: str = ""
    paper: float | None = None
    digits: int = 2
    unit: str = "percent"
    source: str = ""
    ours: float | None = None
    low: float | None = None
    high: float | None = None
    seeds: int = 0
    wanted: int = 0
    size: str = ""
    note: str = ""
    guess: bool = False
    trials: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()

    @property
    def half(self) -> float | None:
        """Half the width of the interval."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2


def judge(
    paper: float, digits: int, sample: Sample, compared: Sequence[Check], tolerance: float, runs: int
) -> Verdict:
    """The verdict on a printed mean.

    1. *Incomplete*: a seed is missing.
    2. *Reproduced*: the printed mean lies within the widest of two margins around our mean, plus half a unit of the
       last printed digit. The first margin is where a mean of ``runs`` further runs of ours, as many as the paper
       averages, would fall with a probability of 95 %: our t-interval times sqrt(1 + n / runs). The second
       is ``tolerance``, :data:`TOLERANCE` for accuracies, zero for standard deviations; for a guess it is what one
       run's guesses vary by. Where ``compared`` holds the number to an upper bound that the paper states, our interval
       has to keep it, too: one that is wide enough to break it agrees with too much to bear out anything, and the
       number is *undecided*.
    3. *Trend only*: not so, but what the artefact compares comes out in the printed order (``compared``).
    4. *Not reproduced*: neither.
    """
    found = sample.interval
    if found is None or not sample.complete:
        return Verdict.INCOMPLETE
    half = found.high - found.mean  # the wider end, where an interval is cut off at zero
    repeat = 0.0 if math.isnan(half) else half * math.sqrt(1 + found.n / runs)
    if abs(paper - found.mean) <= max(repeat, tolerance) + 10.0**-digits / 2:
        told = all(one.holds for one in compared if one.below is not None)
        return Verdict.REPRODUCED if told else Verdict.UNDECIDED
    # The value is not the printed one, whether or not an order can be told.
    order = judge_order(sample, compared)
    return order if order in (Verdict.TREND, Verdict.INCOMPLETE) else Verdict.NOT_REPRODUCED


def judge_order(sample: Sample, compared: Sequence[Check]) -> Verdict:
    """The verdict on a printed mean by trials of another size than the paper's.

    A smaller network, trained for less, cannot reproduce an accuracy; what it can show is whether the printed order
    is a matter of size. *Incomplete*: a seed is missing, here or in what it is compared with. *Trend only*: all that
    is printed clearly apart comes out in the printed order, with 95 % confidence each. *Not reproduced*: something
    comes out the other way round, with the same confidence. *Undecided*: neither. *Not comparable*: nothing is
    printed clearly apart.
    """
    if not sample.complete or any(one.seeds < one.wanted for one in compared):
        return Verdict.INCOMPLETE
    if not compared:
        return Verdict.NOT_COMPARABLE
    if all(one.holds for one in compared):
        return Verdict.TREND
    return _against(compared)


def judge_exact(paper: float, digits: int, value: float) -> Verdict:
    """The verdict on arithmetic, which has no seeds: equal up to one unit of the last digit, rounded or cut off."""
    close = abs(paper - value) <= 10.0**-digits * (1 + 1e-9)
    return Verdict.REPRODUCED if close else Verdict.NOT_REPRODUCED


def judge_statement(checks: Sequence[Check]) -> Verdict:
    """The verdict on a statement.

    *Reproduced* if every check holds; else *trend only* if every mean leans that way; else *not reproduced* if the
    seeds contradict a check; else *undecided*.
    """
    if any(one.seeds < one.wanted for one in checks):
        return Verdict.INCOMPLETE
    if all(one.holds for one in checks):
        return Verdict.REPRODUCED
    return Verdict.TREND if all(one.leans for one in checks) else _against(checks)


def _against(checks: Sequence[Check]) -> Verdict:
    """The verdict where not all checks hold: absence of evidence is not evidence of absence."""
    return Verdict.NOT_REPRODUCED if any(one.contradicted for one in checks) else Verdict.UNDECIDED


def finite(value: float) -> float | None:
    """None for what JSON cannot say."""
    return value if math.isfinite(value) else None
