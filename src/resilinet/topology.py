"""Physical nodes, the hyperconnections between them, and the graph they form (sections 2.1, 2.2, Fig. 5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from numbers import Integral, Real
from statistics import mode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resilinet.picture import Picture
    from resilinet.routing import Skips


class TopologyError(ValueError):
    """A topology or a partition that cannot exist; the message is one sentence saying why."""


def is_number(value: object) -> bool:
    """Whether a value is a real number, whichever library it comes from; True and False are none."""
    return not isinstance(value, bool) and isinstance(value, Real)


def is_count(value: object, least: float = 0) -> bool:
    """Whether a value is a whole number from ``least``, whichever library it comes from; True and False are none."""
    return not isinstance(value, bool) and isinstance(value, Integral) and int(value) >= least


def shown(value: object) -> str:
    """What a value looks like, on one line that fits into a sentence."""
    line = " ".join(repr(value).split())
    return line if len(line) <= 100 else f"{line[:97]}..."


@dataclass(frozen=True, order=True)
class Node:
    """A physical node and the half-open range of network blocks it hosts.

    An empty range (``start == stop``) is a node that passes its input on, as the IoT device of the paper's
    MLP does, which holds nothing but the input.
    """

    name: str
    start: int
    stop: int

    def __post_init__(self) -> None:
        """Refuse a node without a name or with a range that runs backwards."""
        if not isinstance(self.name, str) or not self.name.isidentifier() or self.name == "none":
            raise TopologyError(
                f"{shown(self.name)} cannot name a physical node: use letters, digits and '_', other than 'none'."
            )
        if not is_count(self.start) or not is_count(self.stop, self.start):
            raise TopologyError(
                f"node {self.name!r} hosts blocks {shown(self.start)}..{shown(self.stop)}, which is no range of whole "
                "numbers from 0."
            )


@dataclass(frozen=True, order=True)
class Hyperconnection:
    """A directed link between two physical nodes that carries a whole tensor (section 2.1).

    A *simple* hyperconnection bypasses no node; a *skip* hyperconnection (section 2.2) knows the nodes it leads around.
    """

    source: str
    target: str
    bypasses: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Take any collection of names as what is bypassed, and refuse a single one."""
        if isinstance(self.bypasses, str):  # type: ignore[unreachable]
            raise TopologyError(f"{self.key} bypasses {self.bypasses!r}; give a set of nodes' names.")
        object.__setattr__(self, "bypasses", frozenset(self.bypasses))

    @property
    def is_skip(self) -> bool:
        """Whether this hyperconnection leads around at least one physical node."""
        return bool(self.bypasses)

    @property
    def key(self) -> str:
        """The name of this hyperconnection in results and messages, for example ``i->n2``."""
        return f"{self.source}->{self.target}"


@dataclass(frozen=True)
class Topology:
    """A directed acyclic graph of physical nodes; data enters at the sources and leaves at the cloud.

    Raises:
        TopologyError: names are not unique, an end of a link is unknown, there is a cycle, not exactly one node
            is the cloud, or the blocks are not tiled exactly along some path.
    """

    nodes: tuple[Node, ...]
    links: tuple[Hyperconnection, ...]

    def __post_init__(self) -> None:
        """Check everything that makes the graph a partition of one network."""
        for field in ("nodes", "links"):
            object.__setattr__(self, field, tuple(getattr(self, field)))
        names, keys = [node.name for node in self.nodes], [link.key for link in self.links]
        if len(set(names)) < len(names):
            raise TopologyError(f"physical nodes need unique names, but {mode(names)!r} occurs twice.")
        if len(set(keys)) < len(keys):
            raise TopologyError(f"hyperconnection {mode(keys)} occurs twice.")
        for link in self.links:
            for end in sorted({link.source, link.target} | link.bypasses, key=str):
                if end not in names:
                    raise TopologyError(
                        f"hyperconnection {link.key} mentions {end!r}, which is no physical node."
                    )
        _ = self.order  # finds cycles
        clouds = [name for name in names if not any(link.source == name for link in self.links)]
        if len(clouds) != 1:
            raise TopologyError(
                f"exactly one node must be the cloud (send nothing on), but {clouds or 'none'} would be."
            )
        self._check_skips()
        self._check_tiling()

    @cached_property
    def by_name(self) -> Mapping[str, Node]:
        """The physical nodes by their names."""
        return {node.name: node for node in self.nodes}

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Node names from upstream to downstream, a topological order of all links; ties keep the given order."""
        waiting = {
            node.name: {link.source for link in self.links if link.target == node.name} for node in self.nodes
        }
        done: list[str] = []
        while waiting:
            ready = next((name for name, needs in waiting.items() if needs <= set(done)), None)
            if ready is None:
                raise TopologyError(
                    f"the hyperconnections form a cycle through {', '.join(sorted(waiting))}."
                )
            done.append(ready)
            del waiting[ready]
        return tuple(done)

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """Nodes that no hyperconnection reaches: the IoT devices, where data enters."""
        reached = {link.target for link in self.links}
        return tuple(name for name in self.order if name not in reached)

    @property
    def cloud(self) -> str:
        """The one node that sends nothing on: the cloud, where the prediction leaves."""
        return self.order[-1]

    @cached_property
    def failable(self) -> tuple[str, ...]:
        """Nodes that can fail: all but the sources and the cloud (section 3.2)."""
        return tuple(name for name in self.order if name not in self.sources and name != self.cloud)

    @cached_property
    def everyone(self) -> frozenset[str]:
        """All node names: the liveness of a network without failures."""
        return frozenset(self.order)

    def named(self, names: Collection[str]) -> frozenset[str]:
        """The physical nodes of these names, as a set, such as those that are alive or have failed.

        Raises:
            ValueError: there is no node of some name, or a single name or a mapping is given in place of a set.
        """
        if isinstance(names, str | Mapping):
            raise ValueError(
                f"{shown(names)} is no set of physical nodes; give a set of their names: {', '.join(self.order)}."
            )
        found = frozenset(names)
        if not found <= self.everyone:
            unknown = min(found - self.everyone, key=str)
            raise ValueError(f"{unknown!r} is no physical node; there are {', '.join(self.order)}.")
        return found

    @cached_property
    def simple(self) -> tuple[Hyperconnection, ...]:
        """The simple hyperconnections, in the order given."""
        return tuple(link for link in self.links if not link.is_skip)

    @cached_property
    def skips(self) -> tuple[Hyperconnection, ...]:
        """The skip hyperconnections, in the order given."""
        return tuple(link for link in self.links if link.is_skip)

    @cached_property
    def incoming(self) -> Mapping[str, tuple[Hyperconnection, ...]]:
        """The hyperconnections that end at each node."""
        return {name: tuple(link for link in self.links if link.target == name) for name in self.order}

    @property
    def blocks(self) -> int:
        """How many blocks the partitioned network has."""
        return self.by_name[self.cloud].stop

    def without_skips(self) -> Topology:
        """The same physical nodes with the simple hyperconnections alone."""
        return Topology(self.nodes, self.simple)

    def picture(self, alive: Collection[str] | None = None, skips: Skips | str = "on failure") -> Picture:
        """Which nodes have failed or receive nothing, and where data flow: see :class:`resilinet.picture.Picture`.

        Args:
            alive: the nodes that are alive; None means all.
            skips: when skips are active, a member of :class:`resilinet.routing.Skips` or its value.

        Raises:
            ValueError: ``alive`` names a node that does not exist, or ``skips`` is no rule.
        """
        from resilinet.picture import Picture  # only here, as both need topologies
        from resilinet.routing import Skips

        return Picture(self, Skips(skips), None if alive is None else self.named(alive))

    def __repr__(self) -> str:
        """The topology in words.

        >>> with_skips(vertical({"a": 0, "b": 1, "c": 2}))
        Topology of 3 physical nodes and 3 blocks
          nodes: a (no block), b (block 0), c (blocks 1-2)
          simple hyperconnections: a->b->c
          skips: a->c around b
        """
        from resilinet.picture import Picture

        return Picture(self).words()

    def _repr_html_(self) -> str:
        """The topology as SVG, for notebooks."""
        from resilinet.picture import Picture

        return Picture(self).svg()

    def _check_skips(self) -> None:
        """A skip must lead around exactly the nodes that lie between its two ends."""
        for skip in self.skips:
            between = nodes_between(self.simple, skip.source, skip.target)
            if skip.bypasses != between:
                raise TopologyError(
                    f"skip hyperconnection {skip.key} says it bypasses {', '.join(sorted(skip.bypasses))}, "
                    f"but {', '.join(sorted(between)) or 'no node'} lies between its ends."
                )

    def _check_tiling(self) -> None:
        """Along every path of simple hyperconnections each block must be hosted exactly once."""
        for name in self.sources:
            if self.by_name[name].start != 0:
                raise TopologyError(
                    f"source {name!r} must host the first block, but begins at block {self.by_name[name].start}."
                )
        for link in self.simple:
            source, target = self.by_name[link.source], self.by_name[link.target]
            if source.stop != target.start:
                raise TopologyError(
                    f"blocks are not tiled along {link.key}: {source.name!r} ends before block {source.stop}, "
                    f"{target.name!r} begins at block {target.start}."
                )


def nodes_between(simple: Iterable[Hyperconnection], start: str, end: str) -> frozenset[str]:
    """Every node on some path of simple hyperconnections from ``start`` to ``end``, the two ends left out."""
    steps = [(link.source, link.target) for link in simple]

    def reached(name: str, steps: list[tuple[str, str]]) -> set[str]:
        found, frontier = set[str](), {name}
        while frontier:
            frontier = {end for begin, end in steps if begin in frontier} - found
            found |= frontier
        return found

    return frozenset(reached(start, steps) & reached(end, [step[::-1] for step in steps]))


def vertical(partition: Mapping[str, int]) -> Topology:
    """A chain of physical nodes, upstream first, each with its number of blocks (Fig. 1).

    >>> vertical({"i": 0, "n1": 1, "n2": 2}).cloud
    'n2'

    Raises:
        TopologyError: there is no node, a name is none, or a number of blocks is no whole number from 0.
    """
    if not isinstance(partition, Mapping):
        raise TopologyError(
            f"{shown(partition)} is no partition; give each node's blocks, such as {{'n1': 2}}."
        )
    nodes, start = [], 0
    for name, size in partition.items():
        if not is_count(size):
            raise TopologyError(f"{name!r} cannot host {size!r} blocks; give a whole number from 0.")
        nodes.append(Node(name, start, start + size))
        start += size
    links = tuple(Hyperconnection(a.name, b.name) for a, b in pairwise(nodes))
    return Topology(tuple(nodes), links)


def with_skips(topology: Topology, skips: Iterable[tuple[str, str]] | None = None) -> Topology:
    """Add skip hyperconnections, each given as (source, target); ``None`` adds every skip around one node.

    What a skip bypasses follows from the graph: the nodes between its ends.

    Raises:
        TopologyError: nothing lies between the two ends, or an end is unknown.
    """
    simple = topology.simple
    if skips is None:
        pairs = {(a.source, b.target): None for a in simple for b in simple if a.target == b.source}
        skips = [pair for pair in pairs if len(nodes_between(simple, *pair)) == 1]
    added = []
    for pair in skips:
        if isinstance(pair, str) or len(pair) != 2:
            raise TopologyError(f"{shown(pair)} is no skip; give pairs of nodes, such as [('i', 'n2')].")
        source, target = pair
        for end in (source, target):
            if end not in topology.by_name:
                raise TopologyError(
                    f"a skip from {source!r} to {target!r} cannot be: {end!r} is no physical node; "
                    f"give skips between {', '.join(topology.order)}, or skips=() for none."
                )
        between = nodes_between(simple, source, target)
        if not between:
            raise TopologyError(
                f"a skip from {source!r} to {target!r} would bypass nothing: no physical node lies between."
            )
        added.append(Hyperconnection(source, target, between))
    return Topology(topology.nodes, (*topology.links, *added))
