"""A topology as it is printed: in words at a prompt, drawn in a notebook."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from textwrap import wrap

from resilinet.picture.svg import svg
from resilinet.routing import Route, Skips, routes
from resilinet.topology import Hyperconnection, Node, Topology

FEW = 20
"""Of more things than this a line of words names the first and the last."""
COLUMNS = 88
"""Characters in a line of words."""
OPEN = {Skips.NEVER: "never open", Skips.ON_FAILURE: "open on failure", Skips.ALWAYS: "always open"}
SYMBOL = {Skips.ON_FAILURE: "⊙", Skips.ALWAYS: "⊕"}
"""The paper's operator where a skip arrives, by when skips are active."""


@dataclass(frozen=True, repr=False)
class Picture:
    """What a topology or a network shows of itself; ``picture`` of either makes it.

    Notebooks get HTML that holds an SVG, and no image: an image does not know whether its page is light or dark, while
    HTML takes the colour of its text from the page.

    Attributes:
        topology: the physical nodes and their hyperconnections.
        skips: when skips are active; None shows the topology alone, without failures and data flow.
        alive: the nodes that are alive; None means all.
        parameters: how many parameters each node holds, where known.
        sent: how many numbers each node sends for one example, where known.
        weights: the factor of each hyperconnection, by its key; one where not named.

    Raises:
        ValueError: ``alive`` names a node that does not exist, or ``skips`` is no rule.
    """

    topology: Topology
    skips: Skips | None = None
    alive: Collection[str] | None = None
    parameters: Mapping[str, int] = field(default_factory=dict)
    sent: Mapping[str, int] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse nodes that do not exist and what is no rule, before the picture is shown."""
        _ = self.routes

    @cached_property
    def routes(self) -> Mapping[str, Route]:
        """The route to every node that is alive and receives something; empty without a rule for skips."""
        alive = self.topology.everyone if self.alive is None else self.alive
        return {} if self.skips is None else routes(self.topology, alive, self.skips)

    @cached_property
    def carrying(self) -> frozenset[str]:
        """Keys of the hyperconnections that carry data to a node that is alive."""
        return frozenset().union(*self.routes.values())

    def state(self, name: str) -> str:
        """``live``, ``failed``, or ``silent``: alive, but receives nothing; ``plain`` without a rule for skips."""
        if self.skips is None:
            return "plain"
        if self.alive is not None and name not in self.alive:
            return "failed"
        return "live" if name in self.routes else "silent"

    def notes(self, name: str) -> list[str]:
        """What is said of a node beside its name."""
        held, sent = self.parameters.get(name), self.sent.get(name)
        notes = [_hosted(self.topology.by_name[name])]
        notes += [_count(held, "parameter")] if held else []
        return notes + ([f"sends {_count(sent, 'number')}"] if sent else [])

    @cached_property
    def weighted(self) -> Mapping[str, str]:
        """The weights other than one, as text, by the key of their hyperconnection."""
        given = {link.key: self.weights.get(link.key, 1.0) for link in self.topology.links}
        return {key: f"{value:.3g}" for key, value in given.items() if value != 1}

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """What stands beside a hyperconnection, by its key: ⊙ or ⊕ of a skip, and a weight other than one."""
        symbol = "" if self.skips is None else SYMBOL.get(self.skips, "")
        return {
            link.key: f"{symbol if link.is_skip else ''} {self.weighted.get(link.key, '')}".strip()
            for link in self.topology.links
        }

    def words(self) -> str:
        """The picture in a few lines."""
        order, skips, simple = self.topology.order, self.topology.skips, self.topology.simple
        around = [_few([name for name in order if name in link.bypasses], "+") for link in skips]
        rule = "skips" if self.skips is None else f"skips, {OPEN[self.skips]}"
        lines = {
            "nodes": _few([f"{name} ({', '.join(self.notes(name))})" for name in order]),
            "simple hyperconnections": _few(_paths(order, simple)),
            rule: _few([f"{link.key} around {names}" for link, names in zip(skips, around, strict=True)]),
        }
        if self.weighted:
            lines["weights other than 1"] = _few([f"{key} {value}" for key, value in self.weighted.items()])
        if self.skips is not None:
            flow = _paths(order, [link for link in (*simple, *skips) if link.key in self.carrying])
            if self.topology.cloud not in self.routes:
                flow.append(f"nothing reaches {self.topology.cloud}")
            lines["failed"] = _few([name for name in order if self.state(name) == "failed"])
            if silent := [name for name in order if self.state(name) == "silent"]:
                lines["silent"] = _few(silent)
            lines["data flow"] = _few(flow)
        counts = f"{_count(len(order), 'physical node')} and {_count(self.topology.blocks, 'block')}"
        return "\n".join(
            [f"Topology of {counts}", *(_folded(f"{key}: {text}") for key, text in lines.items())]
        )

    def svg(self) -> str:
        """The picture as SVG, for a page or a file of its own."""
        return svg(self)

    __repr__ = words
    _repr_html_ = svg


def _hosted(node: Node) -> str:
    first, last = node.start, node.stop - 1
    return "no block" if first > last else f"block {first}" if first == last else f"blocks {first}-{last}"


def _paths(order: Iterable[str], links: Iterable[Hyperconnection]) -> list[str]:
    """Hyperconnections as paths, each of them in one."""
    left: dict[str, list[str]] = {name: [] for name in order}
    for link in links:
        left[link.source].append(link.target)
    paths = []
    for name in left:
        while left[name]:
            path = [name]
            while left[path[-1]]:
                path.append(left[path[-1]].pop(0))
            paths.append(_few(path, "->"))
    return paths


def _few(items: Sequence[str], between: str = ", ") -> str:
    """Items in a row, most of them left out where there are many; spaces within them are no place to fold."""
    if len(items) > FEW:
        items = [*items[:5], f"...({len(items) - 6} more)...", items[-1]]
    return between.join(item.replace(" ", "\N{NO-BREAK SPACE}") for item in items) or "none"


def _folded(line: str) -> str:
    parts = wrap(line, COLUMNS - 2, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(f"  {part}" for part in parts).replace("\N{NO-BREAK SPACE}", " ")


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'s' * (number != 1)}"
