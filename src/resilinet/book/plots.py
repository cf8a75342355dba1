"""Reads the numbers out of a figure that a chapter has plotted itself.

Figures of :mod:`companion.figures` know their numbers. A chapter that calls Matplotlib need not say them a
second time: lines, bars and intervals keep what they were drawn from.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from matplotlib.container import ErrorbarContainer

from companion.tables.numbers import to_csv
from resilinet.exhibits import Exhibit
from resilinet.plotted import Plotted


def keep_numbers() -> None:
    """Makes each figure that this kernel shows carry its numbers into the notebook."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is not None and shell.display_formatter is not None:
        formatter = shell.display_formatter.mimebundle_formatter
        formatter.for_type_by_name("matplotlib.figure", "Figure", _bundle)


def _bundle(figure: Any, **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
    given = figure.exhibit if isinstance(figure, Plotted) else None
    exhibit = given or Exhibit(read_numbers(figure))
    return exhibit.bundle, {}


def read_numbers(figure: Any) -> str:
    """Returns what a figure shows as the text of a file, a row per point; empty for a drawing without axes."""
    shown = [(axes, frame) for axes in figure.axes if axes.axison and not (frame := _frame(axes)).empty]
    if len(figure.axes) > 1:
        for axes, frame in shown:
            frame.insert(0, "panel", axes.get_title())
    return to_csv(pd.concat([frame for _, frame in shown])) if shown else ""


def _frame(axes: Any) -> pd.DataFrame:
    names = _tick_names(axes.xaxis)
    reach = _reach(axes, names) + 1e-9

    def named(x: float) -> str | float:
        """Returns the words at the tick to which a place belongs, the place itself where it belongs to none."""
        tick = _nearest(x, names)
        return names[tick] if abs(tick - x) <= reach else x

    titles = [axes.get_xlabel() or "x", axes.get_ylabel() or "y"]
    rows = [(series, named(x), y) for series, x, y in _points(axes)]
    return pd.DataFrame(rows, columns=["series", *titles])


def _points(axes: Any) -> Iterator[tuple[str, float, float]]:
    """Yields series, place and height of all that was plotted against the data's own axes."""
    series: dict[Any, str] = {}
    caps: set[Any] = set()
    for container in axes.containers:
        for bar in getattr(container, "patches", ()):
            yield _label(container) or "bars", bar.get_x() + bar.get_width() / 2, bar.get_height()
        if isinstance(container, ErrorbarContainer):
            line, ends, _ = container.lines
            series[line] = _label(container)
            caps.update(ends)  # the ends of intervals, which stand below as such
    for line in axes.lines:
        # A rule across the whole panel lies on other axes: it is a mark, not data.
        if line not in caps and line.get_transform() == axes.transData:
            for x, y in zip(line.get_xdata(orig=False), line.get_ydata(orig=False), strict=True):
                yield series.get(line) or _label(line) or "points", float(x), float(y)
    for collection in axes.collections:
        for segment in getattr(collection, "get_segments", list)():
            for (x, y), end in zip((segment[0], segment[-1]), ("low", "high"), strict=True):
                yield f"interval, {end}", float(x), float(y)


def _label(artist: Any) -> str:
    """Returns what the legend says of it; Matplotlib begins names of its own with an underscore."""
    label = str(artist.get_label())
    return "" if label.startswith("_") else label


def _reach(axes: Any, names: Mapping[float, str]) -> float:
    """Returns how far from a tick what belongs to it may lie: half the width of the bars side by side there."""
    first = [bars.patches[0] for bars in axes.containers if getattr(bars, "patches", ())]
    places = [(bar.get_x() + bar.get_width() / 2, bar.get_width()) for bar in first]
    # Bars that stand alike at their ticks, one upon the other or each at its own, count once.
    return sum({round(x - _nearest(x, names), 6): width for x, width in places}.values()) / 2


def _nearest(x: float, names: Mapping[float, str]) -> float:
    return min(names, key=lambda tick: abs(tick - x), default=math.inf)


def _tick_names(axis: Any) -> dict[float, str]:
    """Returns the words at the ticks by their places, none where the ticks are numbers."""
    ticks = axis.get_major_locator()()
    texts = [text.replace("\n", ", ") for text in axis.get_major_formatter().format_ticks(ticks)]
    numeric = all(
        text.replace("\N{MINUS SIGN}", "-").lstrip("-").replace(".", "").isdigit() for text in texts
    )
    return {} if numeric else {float(tick): text for tick, text in zip(ticks, texts, strict=True)}
