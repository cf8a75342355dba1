"""Draws the parts of the package as boxes above those that they use."""

from __future__ import annotations

import io
import re
from collections.abc import Hashable
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

import matplotlib as mpl
import networkx as nx
from IPython.display import HTML
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, PathPatch
from matplotlib.path import Path

from companion.figures.style import INK, QUIET, RC
from resilinet.architecture import describe, rows

__all__ = ["draw", "show"]

Place = tuple[float, float]

WIDTH, HEIGHT, GAP, ROW, LANE = 1.5, 0.42, 0.25, 0.95, 0.2
"""Inches: a box, the gap between two, the distance of rows, and the lane of an arrow that passes a row."""
ROUNDS = 8
"""Sweeps of the ordering; the drawing is the same long before."""


@dataclass(frozen=True)
class Layout:
    """Where boxes stand, and by which places each arrow goes."""

    boxes: dict[str, Place]
    arrows: list[list[Place]]


def show(graph: nx.DiGraph[str]) -> HTML:
    """Returns the drawing for a page, in the page's own colours and with its description as alternative text.

    It stands in the page itself, as the alternative text of a figure that a cell draws would have to be typed.
    """
    buffer = io.StringIO()
    settings: Any = RC  # Matplotlib's types list every setting by name
    with mpl.rc_context(settings):
        draw(graph).savefig(buffer, format="svg", metadata={"Date": None})
    drawing = buffer.getvalue()
    drawing = re.sub("|".join((INK, QUIET)), "currentColor", drawing[drawing.index("<svg") :])
    label = escape(describe(graph), quote=True)
    return HTML(drawing.replace("<svg", f'<svg role="img" aria-label="{label}"', 1))


def draw(graph: nx.DiGraph[str]) -> Figure:
    """Draws a graph of :func:`resilinet.architecture.uses`; what follows from other arrows has none of its own."""
    layout = lay_out(graph)
    across, up = zip(
        *layout.boxes.values(), *(place for arrow in layout.arrows for place in arrow), strict=True
    )
    left, right = min(across) - WIDTH / 2 - 0.05, max(across) + WIDTH / 2 + 0.05
    low, high = min(up) - HEIGHT / 2 - 0.05, max(up) + HEIGHT / 2 + 0.05
    figure = Figure(figsize=(right - left, high - low))
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(left, right), ylim=(low, high))
    axes.set_axis_off()
    for (x, y), *between, (u, v) in layout.arrows:
        end = (u, v + HEIGHT / 2)
        axes.add_patch(PathPatch(_curve([(x, y - HEIGHT / 2), *between, end]), fill=False, edgecolor=QUIET))
        arrow = {"arrowstyle": "-|>", "color": QUIET, "linewidth": 1.0, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", end, (u, end[1] + 0.1), arrowprops=arrow)
    for name, (x, y) in layout.boxes.items():
        corner, shape = (x - WIDTH / 2, y - HEIGHT / 2), "round,pad=0,rounding_size=0.08"
        axes.add_patch(FancyBboxPatch(corner, WIDTH, HEIGHT, shape, facecolor="none", edgecolor=INK))
        axes.text(x, y, name, ha="center", va="center", color=INK)
    return figure


def lay_out(graph: nx.DiGraph[str]) -> Layout:
    """Places the parts in rows, and lets an arrow that passes a row have a place of its own there.

    Within a row everything is ordered by the mean place of what it is joined to (Sugiyama's method).
    """
    ranks = {name: rank for rank, row in enumerate(rows(graph)) for name in row}
    ways: list[list[Hashable]] = []
    for above, below in sorted(nx.transitive_reduction(graph).edges):
        lanes = [(above, below, rank) for rank in range(ranks[above] - 1, ranks[below], -1)]
        ways.append([above, *lanes, below])
    ordered: list[list[Hashable]] = [list(row) for row in rows(graph)]
    joined: nx.Graph[Hashable] = nx.Graph()
    joined.add_nodes_from(ranks)
    for way in ways:
        for lane in way[1:-1]:
            ordered[lane[2]].append(lane)  # type: ignore[index]
        nx.add_path(joined, way)
    places: dict[Hashable, Place] = {}
    for _ in range(ROUNDS):
        for sweep in (range(len(ordered)), reversed(range(len(ordered)))):
            for rank in sweep:
                ordered[rank].sort(key=lambda one: (_middle(one, joined, places), str(one)))
                places.update(_placed(ordered[rank], rank))
    return Layout({name: places[name] for name in ranks}, [[places[one] for one in way] for way in ways])


def _middle(one: Hashable, joined: nx.Graph[Hashable], places: dict[Hashable, Place]) -> float:
    """Returns how far to the right that stands what something is joined to, on the mean."""
    found = [places[other][0] for other in joined[one] if other in places]
    return sum(found) / len(found) if found else 0.0


def _placed(row: list[Hashable], rank: int) -> dict[Hashable, Place]:
    """Returns places side by side around the middle."""
    widths = [WIDTH if isinstance(one, str) else LANE for one in row]
    x = -(sum(widths) + GAP * (len(row) - 1)) / 2
    places = {}
    for one, width in zip(row, widths, strict=True):
        places[one] = (x + width / 2, rank * ROW)
        x += width + GAP
    return places


def _curve(points: list[Place]) -> Path:
    """Returns a smooth path downwards through points, which leaves and enters each of them upright."""
    corners, codes = [points[0]], [Path.MOVETO]
    for (x, y), (u, v) in pairwise(points):
        half = (y + v) / 2
        corners += [(x, half), (u, half), (u, v)]
        codes += [Path.CURVE4] * 3
    return Path(corners, codes)
