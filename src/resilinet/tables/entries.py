"""How a value stands in a cell: rounded, with half its interval, and with a mark for its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from resilinet.cells import UNITS, Cell
from resilinet.expectation import Interval
from resilinet.paper.measured import Sample
from resilinet.paper.verdicts import Check, Entry, Verdict

MARKS: Final[Mapping[Verdict, str]] = {
    Verdict.REPRODUCED: "✓",
    Verdict.TREND: "≈",
    Verdict.NOT_REPRODUCED: "✗",
    Verdict.INCOMPLETE: "…",
    Verdict.NOT_ATTEMPTED: "–",
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
    text = cell(entry.ours, entry.half, entry.seeds, entry.wanted)
    return Cell(
        text if entry.seeds < entry.wanted else f"{text}{SPACE}{MARKS[entry.verdict]}",
        entry.ours,
        low=entry.low,
        high=entry.high,
        seeds=entry.seeds if entry.wanted else None,
        unit=UNITS[entry.unit],
        trials=entry.trials,
    )


def printed(entry: Entry) -> Cell:
    """The paper's value of an entry, with the decimals that it prints, and no more than two of its chart data."""
    return Cell(f"{entry.paper:.{min(entry.digits, DECIMALS)}f}", entry.paper, unit=UNITS[entry.unit])


def cell(mean: float | None, half: float | None, seeds: int, wanted: int) -> str:
    """A value, half its interval, and how many seeds there are where some are missing.

    >>> cell(97.123, 0.25, 3, 10).replace(SPACE, " ")
    '97.12 ± 0.25 (3/10)'
    """
    text = NOTHING if mean is None else f"{mean:.{DECIMALS}f}"
    if half:  # what does not depend on the seed, such as a guess, has an interval of no width
        text += f"{SPACE}±{SPACE}{half:.{DECIMALS}f}"
    return text + (f"{SPACE}({seeds}/{wanted})" if seeds < wanted else "")


def show_sample(sample: Sample) -> Cell:
    """The cell of a sample that no printed number answers to."""
    found: Interval | None = sample.interval
    known, seeds = found is not None and found.n > 1, len(sample.values)
    half = (found.high - found.low) / 2 if found and known else None
    return Cell(
        cell(found.mean if found else None, half, seeds, sample.wanted),
        found.mean if found else None,
        low=found.low if found and known else None,
        high=found.high if found and known else None,
        seeds=seeds,
        trials=sample.trials,
    )


def show_check(one: Check) -> Cell:
    """The cell of a paired difference, with its sign."""
    half = None if one.low is None or one.high is None else (one.high - one.low) / 2
    sign = "+" if one.difference is not None and one.difference >= 0 else ""
    return Cell(
        sign + cell(one.difference, half, one.seeds, one.wanted),
        one.difference,
        low=one.low,
        high=one.high,
        seeds=one.seeds,
        unit="points",
        trials=one.trials,
    )
