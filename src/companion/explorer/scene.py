"""Where the explorer draws nodes and hyperconnections, in pixels."""

from __future__ import annotations

from collections.abc import Set
from itertools import pairwise
from typing import Any

from companion.explorer.layout import HEIGHT, WIDTH, XY, Direction, Layout, middle_of
from resilinet.topology import Hyperconnection, Topology

SCALE = 96
"""Pixels an inch, in which layouts are measured."""
STRETCH = 1.2
"""A lying chain is drawn that much longer and with narrower boxes, so that labels fit between them."""
NARROW = 0.76
"""Width of a node's box in a lying chain, in inches before it is stretched."""
VIEWS: tuple[Direction, ...] = ("right", "up")
"""The chain lies where there is room, and stands on a phone."""
ARROW = " → "


class Lying(Layout):
    """The layout of a chain that lies, to be stretched along the flow of data."""

    @property
    def box(self) -> XY:
        """The extent of a box along and across the flow."""
        return (NARROW, HEIGHT)


def view(topology: Topology, direction: Direction) -> dict[str, Any]:
    """One drawing: its size, the box of each node and for each hyperconnection its points and its label's place."""
    standing = direction == "up"
    layout = Layout(topology, "up", margin=0.45) if standing else Lying(topology, "right", margin=0.3)
    scale = (SCALE, SCALE) if standing else (SCALE * STRETCH, SCALE)
    left, right, bottom, top = layout.limits
    if not standing:  # the limits leave room for wide boxes
        left, right = left + (WIDTH - NARROW) / 2, right - (WIDTH - NARROW) / 2

    def pixels(point: XY) -> list[float]:
        return [round((point[0] - left) * scale[0], 1), round((top - point[1]) * scale[1], 1)]

    links = {}
    for link in topology.links:
        points = layout.curve(link)
        dx, dy = _aside(layout, link)
        x, y = middle_of(points)
        links[link.key] = {
            "points": [pixels(point) for point in points],
            "label": pixels((x + dx, y + dy)),
            "anchor": "middle" if dx == 0 else "start" if dx > 0 else "end",
        }
    return {
        "size": pixels((right, bottom)),
        "box": [round((WIDTH if standing else NARROW) * scale[0], 1), round(HEIGHT * scale[1], 1)],
        "nodes": {name: pixels(layout.at(*place)) for name, place in layout.places.items()},
        "links": links,
    }


def drawn(topology: Topology) -> dict[str, Any]:
    """What the drawing of a topology needs, in every direction: its nodes, hyperconnections and their places."""
    return {
        "nodes": [
            {"name": name, "role": role(topology, name), "fails": name in topology.failable}
            for name in topology.order
        ],
        "links": [{"key": link.key, "skip": link.is_skip} for link in topology.links],
        "views": {direction: view(topology, direction) for direction in VIEWS},
    }


def role(topology: Topology, name: str) -> str:
    """What a node is, in two words: the IoT device, the cloud, or how many blocks it hosts."""
    if name in topology.sources:
        return "IoT device"
    if name == topology.cloud:
        return "cloud"
    node = topology.by_name[name]
    blocks = node.stop - node.start
    return f"{blocks} block{'s' * (blocks > 1)}"


def way(topology: Topology, keys: Set[str]) -> str:
    """Hyperconnections as one path where they form one, else one after the other.

    >>> from resilinet.topology import vertical, with_skips
    >>> chain = with_skips(vertical({"a": 0, "b": 1, "c": 2}))
    >>> way(chain, {"a->b", "b->c"}), way(chain, {"a->b", "b->c", "a->c"})
    ('a → b → c', 'a → b, a → c, b → c')
    """
    place = topology.order.index
    path = sorted(
        (link for link in topology.links if link.key in keys),
        key=lambda link: (place(link.source), place(link.target)),
    )
    if all(before.target == after.source for before, after in pairwise(path)):
        return ARROW.join([path[0].source, *(link.target for link in path)])
    return ", ".join(f"{link.source}{ARROW}{link.target}" for link in path)


def _aside(layout: Layout, link: Hyperconnection) -> XY:
    """The step, in inches, from the middle of an arrow to where its label stands."""
    if link.is_skip:
        return layout.at(0, layout.side(link) * 0.12)
    return (0.09, 0.0) if layout.direction == "up" else (0.0, 0.12)
