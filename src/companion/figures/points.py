"""What a figure shows: its points, and the table of their numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from companion.experiments import ARTEFACTS
from companion.experiments.names import SETTINGS, name_of
from companion.paper.comparisons.failout_rates import RATES
from companion.paper.comparisons.quantities import quantity
from companion.paper.measured import Measured
from companion.paper.printed import Printed, printed_values
from companion.paper.samples import Sample
from companion.tables.numbers import Cell
from resilinet.schemes import SCHEMES


@dataclass(frozen=True)
class Point:
    """One quantity of a figure: ours, and the paper's where it prints one."""

    series: str
    condition: str
    sample: Sample
    printed: Printed | None


def points_of(measured: Measured, artefact: str) -> list[Point]:
    """Every quantity that the figure of an artefact shows, drawn and in words, series by series."""
    exhibit = ARTEFACTS[artefact].exhibit
    series = {"figure-3": ("",), "table-3": RATES}.get(exhibit, measured.rows(artefact))
    found = []
    for name in series:
        for setting in SETTINGS:
            if (name, setting) == ("failure", "no_failure"):
                continue
            # Table 1 prints one setting only, Normal, and calls it the average.
            condition = "average" if (exhibit, setting) == ("table-1", "normal") else setting
            printed = printed_values().get((artefact, f"{name}/{condition}" if name else condition))
            found.append(Point(name, setting, quantity(measured, artefact, name, setting), printed))
    return found


def numbers(points: Iterable[Point], unit: str) -> pd.DataFrame:
    """What a figure shows, a row per point: our mean with its interval, the printed value, and every seed's value.

    Args:
        points: of the figure.
        unit: of all values.
    """
    rows = []
    for point in points:
        sample = point.sample
        found = sample.interval
        known = found is not None and found.n > 1
        ours = Cell(
            "",
            found.mean if found else None,
            interval=(found.low, found.high) if found and known else (None, None),
            seeds=len(sample.values),
            unit=unit,
            trials=sample.trials,
        )
        paper = Cell("", point.printed.value if point.printed is not None else None, unit=unit)
        each: dict[str, object] = {
            f"seed {seed}": Cell("", value, unit=unit) for seed, value in sorted(sample.values.items())
        }
        place: dict[str, object] = {"series": series_name(point.series), "setting": name_of(point.condition)}
        rows.append({**place, "ours": ours, "paper": paper, **each})
    columns = list(dict.fromkeys(name for row in rows for name in row))
    table = pd.DataFrame([[row.get(name) for name in columns] for row in rows], dtype=object)
    return table.set_axis(columns, axis=1).set_index(["series", "setting"])


def series_name(key: str) -> str:
    """How a figure calls a series: a scheme by its name, all else as it stands."""
    return SCHEMES[key].name if key in SCHEMES else key
