"""Where the boxes and arrows of a drawn topology go, in inches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from resilinet.topology import Hyperconnection, Topology

Direction = Literal["up", "right"]
XY = tuple[float, float]

WIDTH, HEIGHT = 1.05, 0.56
"""Size of a node's box, in inches."""
_GAP, _AISLE, _BULGE = 0.55, 0.6, 0.36
"""Inches between boxes along the flow of data, beside each other, and by which a skip leads around them."""


@dataclass(frozen=True)
class Layout:
    """Where boxes and arrows go: data flow along one axis, nodes of one rank lie beside each other.

    Attributes:
        topology: what is drawn.
        direction: in which data flow; ``up`` is the paper's way and fits a phone.
        margin: inches left free on both sides of the flow, where labels stand.
    """

    topology: Topology
    direction: Direction = "up"
    margin: float = 0.12

    @property
    def box(self) -> XY:
        """The extent of a box along and across the flow."""
        return (HEIGHT, WIDTH) if self.direction == "up" else (WIDTH, HEIGHT)

    @cached_property
    def fed(self) -> dict[str, list[str]]:
        """The nodes that each node feeds over simple hyperconnections."""
        simple = [link for link in self.topology.links if not link.is_skip]
        return {name: [x.target for x in simple if x.source == name] for name in self.topology.order}

    @cached_property
    def ranks(self) -> dict[str, int]:
        """How far each node is from the sources; a node stands as close to those it feeds as it can."""
        behind: dict[str, int] = {}
        for name in reversed(self.topology.order):
            behind[name] = 1 + max((behind[target] for target in self.fed[name]), default=-1)
        return {name: max(behind.values()) - steps for name, steps in behind.items()}

    @cached_property
    def places(self) -> dict[str, XY]:
        """The middle of each box, (along, across): centred upon the nodes that it feeds, never overlapping."""
        along, across = self.box
        places: dict[str, XY] = {}
        for rank in sorted(set(self.ranks.values()), reverse=True):
            row = [name for name in self.topology.order if self.ranks[name] == rank]
            wish = {}
            for name in row:
                fed = [places[target][1] for target in self.fed[name]]
                wish[name] = sum(fed) / len(fed) if fed else 0.0
            row.sort(key=wish.__getitem__)
            middle, step = sum(wish.values()) / len(row), across + _AISLE
            for position, name in enumerate(row):
                places[name] = (rank * (along + _GAP), middle + (position - (len(row) - 1) / 2) * step)
        return places

    def side(self, skip: Hyperconnection) -> int:
        """Whether a skip leads around on the side of growing (1) or falling (-1) across coordinates."""
        leaning = sum(self.places[name][1] for name in skip.bypasses) or self.places[skip.source][1]
        if abs(leaning) > 1e-9:
            return 1 if leaning > 0 else -1
        return -1 if self.ranks[skip.source] % 2 else 1  # neighbouring skips of a chain take turns

    def curve(self, link: Hyperconnection) -> list[XY]:
        """The points of an arrow: two of a straight line, or four of a Bézier curve around what is bypassed."""
        (a, b), (c, d) = self.places[link.source], self.places[link.target]
        along, across = self.box
        if not link.is_skip:
            return [self.at(a + along / 2, b), self.at(c - along / 2, d)]
        side, leave = self.side(link), along * 0.22
        around = [self.places[name][1] * side for name in link.bypasses | {link.source, link.target}]
        # A Bézier curve gets three quarters of the way to its inner points.
        far = (max(around) + across / 2 + _BULGE / 0.75) * side
        start, end = (a + leave, b + side * across / 2), (c - leave, d + side * across / 2)
        return [self.at(*start), self.at(start[0], far), self.at(end[0], far), self.at(*end)]

    def at(self, along: float, across: float) -> XY:
        """The point of the page, (x, y) in inches."""
        return (across, along) if self.direction == "up" else (along, -across)

    @cached_property
    def limits(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top of all that is drawn."""
        points = [self.at(*place) for place in self.places.values()]
        boxes = [
            (x + dx * WIDTH / 2, y + dy * HEIGHT / 2) for x, y in points for dx in (-1, 1) for dy in (-1, 1)
        ]
        turns = [middle_of(self.curve(skip)) for skip in self.topology.skips]
        xs, ys = zip(*boxes, *turns, strict=True)
        dx, dy = (self.margin, 0.12) if self.direction == "up" else (0.12, self.margin)
        return min(xs) - dx, max(xs) + dx, min(ys) - dy, max(ys) + dy

    @property
    def size(self) -> XY:
        """Width and height in inches."""
        left, right, bottom, top = self.limits
        return right - left, top - bottom


def middle_of(points: Sequence[XY]) -> XY:
    """Half-way along a straight line of two points or a cubic Bézier curve of four."""
    weights = (1 / 2, 1 / 2) if len(points) == 2 else (1 / 8, 3 / 8, 3 / 8, 1 / 8)
    x, y = (sum(w * point[axis] for w, point in zip(weights, points, strict=True)) for axis in (0, 1))
    return x, y
