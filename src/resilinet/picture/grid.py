"""Where a topology's nodes and hyperconnections lie when data flow from left to right."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from resilinet.topology import Topology

AISLE, LANE = 18, 16
"""Pixels between the nodes of a column, and between skips that run above each other."""


def columns_of(topology: Topology) -> list[list[str]]:
    """The nodes from left to right, by their longest way to the cloud; in a column each lies near what it feeds."""
    behind, feeds = dict.fromkeys(topology.order, 0), defaultdict(list)
    for name in reversed(topology.order):
        for link in topology.incoming[name]:
            behind[link.source] = max(behind[link.source], behind[name] + 1)
            if not link.is_skip:
                feeds[link.source].append(name)
    columns: list[list[str]] = [[] for _ in range(max(behind.values()) + 1)]
    for name in topology.order:
        columns[behind[name]].append(name)
    place = {topology.cloud: 0.0}
    for column in columns[1:]:
        column.sort(key=lambda name: sum(place[fed] for fed in feeds[name]) / len(feeds[name]))
        place |= {name: row - (len(column) - 1) / 2 for row, name in enumerate(column)}
    return columns[::-1]


@dataclass(frozen=True)
class Grid:
    """Grid in pixels, y downwards; the columns of nodes are centred upon y = 0.

    Attributes:
        topology: what is laid out.
        width: of a node's box.
        height: of a node's box.
        gap: between columns.
    """

    topology: Topology
    width: float
    height: float
    gap: float

    @cached_property
    def columns(self) -> list[list[str]]:
        """Those of :func:`columns_of`, each from top to bottom."""
        return columns_of(self.topology)

    @cached_property
    def places(self) -> dict[str, tuple[float, float]]:
        """The middle of each node's box."""
        across, down = self.width + self.gap, self.height + AISLE
        return {
            name: (x * across + self.width / 2, (row - (len(column) - 1) / 2) * down)
            for x, column in enumerate(self.columns)
            for row, name in enumerate(column)
        }

    @cached_property
    def lanes(self) -> dict[str, float]:
        """The y at which each hyperconnection runs that passes columns: clear of their nodes and of each other.

        Between columns there are no nodes, so that what leaves and enters its lane there crosses none.
        """
        column = {name: x for x, names in enumerate(self.columns) for name in names}
        ways = []
        for link in self.topology.links:
            if over := range(column[link.source] + 1, column[link.target]):
                # Below what lies in the lower half, else above; of equal lengths first what others would cross.
                y = self.places[link.source][1]
                side = 1 if (sum(self.places[name][1] for name in link.bypasses) or y) > 0 else -1
                ways.append((len(over), side * y, side, over, link.key))
        taken: set[tuple[int, int]] = set()
        lanes = {}
        for _, _, side, over, key in sorted(ways, key=lambda way: way[:2]):
            level = side * (int(max(self._reach(x) for x in over) + 8) // LANE + 1)
            while any((x, level) in taken for x in over):
                level += side
            taken |= {(x, level) for x in over}
            lanes[key] = float(level * LANE)
        return lanes

    @cached_property
    def limits(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of all boxes and lanes."""
        reach = max(map(self._reach, range(len(self.columns))))
        right = len(self.columns) * (self.width + self.gap) - self.gap
        return 0.0, min(-reach, *self.lanes.values(), 0), right, max(reach, *self.lanes.values(), 0)

    def _reach(self, x: int) -> float:
        return (len(self.columns[x]) * (self.height + AISLE) - AISLE) / 2
