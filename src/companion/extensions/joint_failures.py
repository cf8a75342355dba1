"""Failures that come together: events that fail several physical nodes at once, such as a power cut."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Self

from resilinet.failures import ENUMERABLE, FailureSetting, is_share
from resilinet.topology import Topology, is_count, shown


@dataclass(frozen=True)
class JointFailures:
    """Independent events, each of which fails all of a set of nodes; a node may be part of several.

    ``P(F) = sum_E prod_{e in E} q_e prod_{e not in E} (1 - q_e)`` over the sets E of events that together fail exactly
    the nodes F. With an event for each node this is a :class:`resilinet.failures.FailureSetting`.

    Attributes:
        name: of the setting.
        events: the nodes of each event, and its probability ``q_e``.

    >>> storm = JointFailures("storm", ((frozenset({"a"}), 0.5), (frozenset({"a", "b"}), 0.5)))
    >>> [(sorted(failed), p) for failed, p in storm.scenarios().items()]
    [([], 0.25), (['a', 'b'], 0.5), (['a'], 0.25)]

    Raises:
        ValueError: a probability lies outside [0, 1], or there are too many events to list all their outcomes.
    """

    name: str
    events: tuple[tuple[frozenset[str], float], ...]

    def __post_init__(self) -> None:
        """Refuse what is no probability, and more events than can be enumerated."""
        for nodes, probability in self.events:
            FailureSetting(self.name, {"+".join(sorted(nodes)): probability})
        if len(self.events) > ENUMERABLE:
            raise ValueError(
                f"setting {self.name!r} has {len(self.events)} events, too many to list all their outcomes; give at "
                f"most {ENUMERABLE}."
            )

    @classmethod
    def independent(cls, setting: FailureSetting) -> Self:
        """The same setting as events of one node each."""
        return cls(setting.name, tuple((frozenset({node}), p) for node, p in setting.probability.items()))

    def power_cut(self, nodes: Collection[str], share: float) -> Self:
        """Some nodes fail together in part of their failures; every node fails as often as before.

        The event that fails them all has the probability ``q = share * min_i p_i``; alone, node ``i`` fails with
        ``1 - (1 - p_i) / (1 - q)``, so that both together give ``p_i`` again.

        Raises:
            ValueError: ``share`` is no share, fewer than two nodes are named, or one of them never fails alone.
        """
        alone = {node: p for together, p in self.events if len(together) == 1 for node in together}
        if isinstance(nodes, str) or len(nodes) < 2 or not all(alone.get(node) for node in nodes):
            raise ValueError(
                f"{shown(nodes)} cannot lose power together; give two or more of {', '.join(alone)} that fail."
            )
        if not is_share(share):
            raise ValueError(f"{share} is no share of failures; give a number from 0 to 1.")
        q = share * min(alone[node] for node in nodes)
        less = {node: 1 - (1 - p) / (1 - q) if node in nodes else p for node, p in alone.items()}
        rest = tuple((together, p) for together, p in self.events if len(together) > 1)
        return type(self)(
            self.name, (*((frozenset({n}), p) for n, p in less.items()), *rest, (frozenset(nodes), q))
        )

    def falling(self, with_it: Mapping[str, Collection[str]]) -> Self:
        """The same events where a node takes others with it; a node that is not named falls alone."""
        return type(self)(
            self.name,
            tuple(
                (frozenset[str]().union(*(with_it.get(node, {node}) for node in nodes)), p)
                for nodes, p in self.events
            ),
        )

    def scenarios(self) -> dict[frozenset[str], float]:
        """Every set of failed nodes that is possible, and its probability; they add up to one."""
        found = {frozenset[str](): 1.0}
        for nodes, probability in self.events:
            after: dict[frozenset[str], float] = {}
            for failed, p in found.items():
                for outcome, q in ((failed, 1 - probability), (failed | nodes, probability)):
                    if p * q:
                        after[outcome] = after.get(outcome, 0.0) + p * q
            found = after
        return found

    def expected(self, accuracy: Callable[[frozenset[str]], float]) -> float:
        """``E[accuracy] = sum_F P(F) accuracy(F)``, exact, as :func:`resilinet.expectation.expected`."""
        return math.fsum(p * accuracy(failed) for failed, p in self.scenarios().items())


def replicated(topology: Topology, setting: FailureSetting, copies: Mapping[str, int]) -> FailureSetting:
    """The setting of a network whose nodes have copies: of ``k`` copies all must fail, ``p_i^k``.

    Copies stand on machines that fail independently, and the sender turns to one that is alive, as it turns to a skip
    hyperconnection in ResiliNet.

    >>> from resilinet.topology import vertical
    >>> chain = vertical({"a": 0, "b": 1, "c": 1})
    >>> replicated(chain, FailureSetting("worn", {"b": 0.5}), {"b": 2}).probability
    {'b': 0.25}

    Raises:
        ValueError: a node does not exist, or a number of copies is no whole number from 1.
    """
    topology.named(list(copies))
    for node, count in copies.items():
        if not is_count(count, 1):
            raise ValueError(f"node {node!r} cannot have {count!r} copies; give a whole number from 1.")
    probability = {node: p ** copies.get(node, 1) for node, p in setting.probability.items()}
    return FailureSetting(setting.name, probability)
