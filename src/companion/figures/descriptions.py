"""What a figure was made from, and its numbers in words for readers who do not see it."""

from __future__ import annotations

from typing import Any

from companion.experiments import ARTEFACTS
from companion.experiments.names import name_of
from companion.figures.points import Point, numbers, points_of, series_name
from companion.paper.measured import Measured
from companion.tables.html import offer


def size_label(measured: Measured, artefact: str) -> str:
    """What a figure was made from: the size, data, recipe, kind of batch statistics, and how many seeds."""
    seeds = [len(point.sample.values) for point in points_of(measured, artefact)]
    low, high, wanted = min(seeds), max(seeds), max(map(len, measured.rows(artefact).values()))
    number = f"{high}" if low == high else f"{low} to {high}"
    size = measured.size(artefact)
    kind = "short recipe" if measured.is_short(artefact) else f"{size.name} size"
    parts = [
        f"SMOKE · {size.label}"
        if size.name == "smoke"
        else f"{size.label} · {kind}, {measured.recipe(artefact).epochs} epochs"
    ]
    if measured.statistics != "running":
        parts.append("batch statistics per route")
    return " · ".join([*parts, f"{number} seeds" if low == wanted else f"{number} of {wanted} seeds"])


def alt_text(measured: Measured, artefact: str) -> str:
    """The numbers of an artefact in words, for readers who do not see its figure; made from the numbers alone."""
    return " ".join(_in_words(point, _unit(artefact)) for point in points_of(measured, artefact))


def _unit(artefact: str) -> str:
    return "points" if ARTEFACTS[artefact].exhibit == "figure-3" else "%"


def _in_words(point: Point, unit: str) -> str:
    name = series_name(point.series)
    place = f"{name} under {name_of(point.condition)}" if point.series else name_of(point.condition)
    found = point.sample.interval
    text = "not yet measured" if found is None else f"{found.mean:.2f} {unit}"
    if found is not None and found.n > 1:
        text += f", interval {found.low:.2f} to {found.high:.2f}"
    return f"{place}: {text}" + (
        f", in the paper {point.printed.brief}." if point.printed is not None else "."
    )


def in_words(measured: Measured, artefact: str) -> Any:
    """A line that unfolds to :func:`alt_text`, and every seed's number to take away, to stand below a figure."""
    from IPython.display import HTML

    title = ARTEFACTS[artefact].title_at(measured.profile)
    summary = f"In words: {title.partition(':')[0]}"
    words = f"<details><summary>{summary}</summary><p>{title}. {alt_text(measured, artefact)}</p></details>"
    table = numbers(points_of(measured, artefact), _unit(artefact))
    return HTML(words + str(offer(table, title).data))
