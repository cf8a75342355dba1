"""The rule by which a printed number or a statement is judged, stated once."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from scipy import stats

from companion.paper.printed import Printed, runs_behind
from companion.paper.samples import Sample

TOLERANCE: Final = 1.0
"""Percentage points by which the accuracy of a CNN may differ and still count as reproduced.

Seeds are all that our intervals account for. Another framework, another random split and another precision move an
accuracy, too, and the paper's own prints of one quantity lie about a point apart
(:func:`companion.paper.inconsistencies.printed_twice`).
"""
HEALTH_TOLERANCE: Final = 0.5
"""The same for the MLP on Health, where a point would let one of our values reproduce two different printed ones."""
WIDEST: Final = 5
"""How many times the tolerance a margin may be that seeds make, so that a number can be reproduced."""
LEVEL: Final = 0.05
"""The probability, at most, with which checks that are all true give one contradiction or more."""


class Verdict(StrEnum):
    """What became of a printed number or a statement."""

    REPRODUCED = "reproduced"
    TREND = "trend only"
    """The printed order holds with 95 % confidence, the number or the stated size of a difference does not."""
    NOT_REPRODUCED = "not reproduced"
    UNDECIDED = "undecided"
    """The seeds neither bear it out nor contradict it."""
    SAME_ORDER = "same order at this size"
    """By a network smaller than the paper's, or trained for less, of which an order is all that compares."""
    OPPOSITE_ORDER = "opposite order at this size"
    GUESS = "a guess"
    """No information reaches the cloud, here as in the paper, so that nothing learned is compared."""
    INCOMPLETE = "incomplete"
    NOT_ATTEMPTED = "not attempted"
    GIVEN = "given"
    """An input of the experiment, not a result: it is taken over, not tested."""
    NONE = "no verdict"
    """Trained tiny on synthetic data, which says nothing about the paper."""


@dataclass(frozen=True)
class Check:
    """One comparison, paired by seed, that a verdict rests on: does a difference lie within its bounds?

    Attributes:
        what: the comparison in words.
        difference: mean over seeds, in percentage points; None without a shared seed.
        low: lower end of its 95 % t-interval, None with fewer than two seeds.
        high: upper end.
        above: the lower bound, None where there is none.
        below: the upper bound, None where there is none.
        seeds: how many seeds are shared.
        wanted: how many there are to be.
        trials: identities of the trials behind it.
        printed: the same difference between the paper's own numbers; None where it does not print them.
    """

    what: str
    difference: float | None
    low: float | None
    high: float | None
    above: float | None
    below: float | None
    seeds: int
    wanted: int
    trials: tuple[str, ...]
    printed: float | None = None

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
    def holds_in_print(self) -> bool | None:
        """Whether the paper's own numbers keep the bounds; None where it does not print them."""
        if self.printed is None:
            return None
        return (self.above is None or self.printed > self.above) and (
            self.below is None or self.printed < self.below
        )

    @property
    def ordered(self) -> bool:
        """Whether a difference that is to be above zero is so with 95 % confidence, however large it is to be."""
        return self.above is not None and self.above >= 0 and self.low is not None and self.low > 0

    @property
    def p(self) -> float:
        """The two-sided p-value of a mean beyond a bound, by a t-test over seeds; 1 where the mean keeps the bounds."""
        if self.difference is None or self.high is None or self.slack >= 0:
            return 1.0
        # The wider half, where an interval is cut off at zero.
        error = (self.high - self.difference) / float(stats.t.ppf(0.975, self.seeds - 1))
        return 2 * float(stats.t.sf(-self.slack / error, self.seeds - 1)) if error > 0 else 0.0

    @property
    def slack(self) -> float:
        """How far the mean is within its bounds; the smallest slack decides a statement."""
        if self.difference is None:
            return -math.inf
        over = math.inf if self.above is None else self.difference - self.above
        return over if self.below is None else min(over, self.below - self.difference)

    def order_alone(self) -> Check:
        """The same comparison without what it says about a size: of a difference above a bound, that it is positive."""
        if self.above is None or self.above < 0:
            return self
        return replace(self, above=0.0, below=None)


def check(what: str, difference: Sample, above: float | None = 0.0, below: float | None = None) -> Check:
    """Compare a paired difference with its bounds, by default with zero."""
    found = difference.interval
    return Check(
        what=what,
        difference=found.mean if found else None,
        low=finite(found.low) if found else None,
        high=finite(found.high) if found else None,
        above=above,
        below=below,
        seeds=len(difference.values),
        wanted=difference.wanted,
        trials=difference.trials,
    )


def contradictions(checks: Iterable[Check]) -> list[Check]:
    """The checks that the seeds contradict once it is taken into account how many there are (Holm, 1979)."""
    ranked = sorted(checks, key=lambda one: one.p)
    for place, one in enumerate(ranked):
        if one.p > LEVEL / (len(ranked) - place):
            return ranked[:place]
    return ranked


@dataclass(frozen=True)
class Entry:
    """One line of the ledger.

    Attributes:
        artefact: the table, figure or passage, ``claims`` for a statement of the text.
        key: its place there.
        statement: for a statement, what it says; else empty.
        paper: the printed number, None where a statement has none.
        digits: decimals that are printed.
        unit: of ``paper`` and ``ours``: ``percent``, ``points``, ``epochs``, ``probability`` or ``hours``.
        source: where it stands in the paper.
        ours: our mean over seeds; of a statement, the difference that decides it.
        low: lower end of the 95 % t-interval; None with fewer than two seeds, and where there are no seeds.
        high: upper end.
        seeds: how many seeds there are; 0 for what is computed, not trained.
        wanted: how many there are to be.
        size: of the trials (:class:`companion.experiments.Size`); empty for what is computed, not trained.
        verdict: what became of it.
        note: why, in a sentence.
        released: what the released code gives for it, where that is known; None elsewhere.
        parts: of an average that is reproduced while its parts are not, how many points each part adds to the
            difference from the printed one, by scenario.
        trials: identities of the trials behind it.
        checks: of a statement, the comparisons it rests on.
        experiment: whose network and data it is about, as in :data:`companion.experiments.EXPERIMENTS`; else empty.
        per_route: the same entry under batch statistics of each route; None for a network without them.
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
    released: float | None = None
    parts: tuple[tuple[str, float], ...] = ()
    trials: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    experiment: str = ""
    per_route: Entry | None = None

    @property
    def address(self) -> str:
        """Its lasting address on the page of verdicts, for example ``table-1-health-n1-dfg``."""
        series, slash, condition = self.key.partition("/")
        if self.artefact == "claims":
            parts = ["claim", self.key]
        else:
            parts = [self.artefact, condition, series] if slash else [self.artefact, self.key]
        return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")

    @property
    def half(self) -> float | None:
        """Half the width of the interval."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2


def judge(
    number: Printed,
    sample: Sample,
    compared: Sequence[Check],
    tolerance: float,
    beside: Iterable[float] = (),
) -> Verdict:
    """The verdict on a printed mean by trials of the paper's size.

    1. *Incomplete*: a seed is missing.
    2. *Reproduced*: the printed mean lies within a margin around ours, half a unit of its last digit included. Either
       the seeds make it so: the margin is where a mean of as many further runs of ours as the paper averages would fall
       with a probability of 95 %, our t-interval times sqrt(1 + n / runs). Or ``tolerance`` does, and our mean is
       nearer to it than to any number printed ``beside`` it. A margin that seeds make more than :data:`WIDEST` times as
       wide as ``tolerance``, if that is not 0, agrees with too much to confirm anything; where ``compared`` holds the
       number to an upper bound that the paper states, so does an interval that breaks it.
    3. *Trend only*: not so, but what the artefact compares comes out in the printed order with 95 % confidence.
    4. *Not reproduced*: the difference from the printed number or a comparison contradicts the paper after a
       correction for how many there are (:func:`contradictions`).
    5. *Undecided*: neither.
    """
    found = sample.interval
    if found is None or not sample.complete:
        return Verdict.INCOMPLETE
    half = found.high - found.mean  # the wider end, where an interval is cut off at zero
    repeat = 0.0 if math.isnan(half) else half * math.sqrt(1 + found.n / runs_behind(number.artefact))
    rounding = 10.0**-number.digits / 2
    off, bound = found.mean - number.value, tolerance + rounding
    nearest = all(abs(off) < abs(found.mean - other) for other in beside)
    near = abs(off) <= repeat + rounding or (abs(off) <= bound and nearest)
    near = near and repeat <= (WIDEST * tolerance or math.inf)
    if near and all(one.holds for one in compared if one.below is not None):
        return Verdict.REPRODUCED
    if any(one.seeds < one.wanted for one in compared):
        return Verdict.INCOMPLETE
    if compared and all(one.holds for one in compared):
        return Verdict.TREND
    # How far off the number may be is the tolerance; whether it is farther is a question to the seeds.
    value = Check("", off, off - repeat, off + repeat, -bound, bound, found.n, found.n, ())
    return Verdict.NOT_REPRODUCED if contradictions([value, *compared]) else Verdict.UNDECIDED


def judge_order(checks: Sequence[Check]) -> Verdict:
    """The verdict by trials of another size than the paper's, which can bear out an order and no value.

    *Incomplete*: a seed is missing. *Same order at this size*: every comparison comes out in the printed order, with
    95 % confidence. *Opposite order at this size*: some comparison contradicts it after a correction for how many
    there are. *Undecided*: neither, or nothing is printed clearly apart.
    """
    if any(one.seeds < one.wanted for one in checks):
        return Verdict.INCOMPLETE
    orders = [one.order_alone() for one in checks]
    if orders and all(one.holds for one in orders):
        return Verdict.SAME_ORDER
    return Verdict.OPPOSITE_ORDER if contradictions(orders) else Verdict.UNDECIDED


def judge_exact(paper: float, digits: int, value: float) -> Verdict:
    """The verdict on arithmetic, which has no seeds: equal up to one unit of the last digit, rounded or cut off."""
    close = abs(paper - value) <= 10.0**-digits * (1 + 1e-9)
    return Verdict.REPRODUCED if close else Verdict.NOT_REPRODUCED


def judge_statement(checks: Sequence[Check]) -> Verdict:
    """The verdict on a statement by trials of the paper's size.

    *Reproduced* if every check holds; else *trend only* if every order holds with 95 % confidence; else *not
    reproduced* if the seeds contradict a check after a correction for how many there are; else *undecided*.
    """
    if any(one.seeds < one.wanted for one in checks):
        return Verdict.INCOMPLETE
    if all(one.holds for one in checks):
        return Verdict.REPRODUCED
    if all(one.holds or one.ordered for one in checks):
        return Verdict.TREND
    return Verdict.NOT_REPRODUCED if contradictions(checks) else Verdict.UNDECIDED


def finite(value: float) -> float | None:
    """None for what JSON cannot say."""
    return value if math.isfinite(value) else None
