"""How a value stands in a cell: rounded, with half its interval, and with a mark for its verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from companion.paper.samples import Sample
from companion.paper.verdicts import Check, Entry, Verdict
from companion.results.intervals import Interval
from companion.tables.numbers import UNITS, Cell

MARKS: Final[Mapping[Verdict, str]] = {
    Verdict.REPRODUCED: "✓",
    Verdict.TREND: "≈",
    Verdict.NOT_REPRODUCED: "✗",
    Verdict.UNDECIDED: "?",
    Verdict.INCOMPLETE: "…",
    Verdict.SAME_ORDER: "↑",
    Verdict.OPPOSITE_ORDER: "↓",
    Verdict.GUESS: "–",
    Verdict.NOT_ATTEMPTED: "○",
    Verdict.GIVEN: "=",
    Verdict.NONE: "∅",
}
"""What stands for a verdict in a narrow table."""
DECIMALS: Final = 2
"""Of percentages and points in a table; its CSV file has all."""
NOTHING: Final = "n/a"
SPACE: Final = "\N{NO-BREAK SPACE}"
"""Keeps a value, its interval and its mark on one line."""


def ours(entry: Entry) -> Cell:
    """Our value of an entry with interval and mark; seeds where some are missing."""
    text = cell(entry.ours, entry.low, entry.high, entry.seeds, entry.wanted)
    if entry.ours is not None and not entry.wanted:
        text = f"{entry.ours:.{max(DECIMALS, decimals(entry))}f}"
    return Cell(
        text if entry.seeds < entry.wanted else f"{text}{SPACE}{MARKS[entry.verdict]}",
        entry.ours,
        interval=(entry.low, entry.high),
        seeds=entry.seeds if entry.wanted else None,
        unit=UNITS[entry.unit],
        trials=entry.trials,
    )


def printed(entry: Entry) -> Cell:
    """The paper's value of an entry, with the decimals that it prints, and no more than two of its chart data."""
    return Cell(f"{entry.paper:.{decimals(entry)}f}", entry.paper, unit=UNITS[entry.unit])


def decimals(entry: Entry) -> int:
    """How many decimals of a printed number are shown: two at most, unless that would show something as zero."""
    shows_zero = bool(entry.paper) and round(entry.paper or 0.0, DECIMALS) == 0
    return entry.digits if shows_zero else min(entry.digits, DECIMALS)


def cell(mean: float | None, low: float | None, high: float | None, seeds: int, wanted: int) -> str:
    """A value, its interval, and how many seeds there are where some are missing.

    >>> cell(97.123, 96.873, 97.373, 3, 10).replace(SPACE, " ")
    '97.12 ± 0.25 (3/10)'
    >>> cell(0.9, 0.0, 2.6, 5, 5).replace(SPACE, " ")  # cut off at zero
    '0.90 (0.00 to 2.60)'
    """
    text = NOTHING if mean is None else decimal(mean)
    # What does not depend on the seed, such as a guess, has an interval of no width.
    if mean is not None and low is not None and high is not None and high > low:
        if math.isclose(mean - low, high - mean, rel_tol=1e-6):
            text += f"{SPACE}±{SPACE}{(high - low) / 2:.{DECIMALS}f}"
        else:
            text += f"{SPACE}({decimal(low)}{SPACE}to{SPACE}{decimal(high)})"
    return text + (f"{SPACE}({seeds}/{wanted})" if seeds < wanted else "")


def decimal(value: float) -> str:
    """A number rounded as tables show it, with a minus sign in place of a hyphen.

    >>> decimal(-9.214)
    '−9.21'
    """
    return f"{value:.{DECIMALS}f}".replace("-", "\N{MINUS SIGN}")


def show_sample(sample: Sample) -> Cell:
    """The cell of a sample that no printed number answers to."""
    found: Interval | None = sample.interval
    known, seeds = found is not None and found.n > 1, len(sample.values)
    low, high = (found.low, found.high) if found and known else (None, None)
    mean = found.mean if found else None
    text = cell(mean, low, high, seeds, sample.wanted)
    return Cell(text, mean, interval=(low, high), seeds=seeds, trials=sample.trials)


def show_rate(rate: str) -> str:
    """A failout rate as the paper writes it."""
    return rate.replace("%", f"{SPACE}%").replace("failure", "Failure")


def show_check(one: Check) -> Cell:
    """The cell of a paired difference, with its sign."""
    sign = "+" if one.difference is not None and one.difference >= 0 else ""
    return Cell(
        sign + cell(one.difference, one.low, one.high, one.seeds, one.wanted),
        one.difference,
        interval=(one.low, one.high),
        seeds=one.seeds,
        unit="points",
        trials=one.trials,
    )
