"""Failure settings (Table 2), failure scenarios and how probable each one is."""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from resilinet.topology import Topology, is_number, shown

ENUMERABLE = 20
"""With more failable nodes than this not every scenario is listed: a bound must say how much may be left out."""


def is_share(value: object) -> bool:
    """Whether a value is a number from 0 to 1, whichever library it comes from; True and False are none."""
    return is_number(value) and 0 <= float(value) <= 1  # type: ignore[arg-type]


@dataclass(frozen=True)
class FailureSetting:
    """The probability ``p_i`` that each physical node has failed, independently of the others (section 3.2).

    Nodes that are not named never fail. Of several sources some may fail, and those are named with the other nodes;
    without the only one there would be no information flow.

    Raises:
        ValueError: a probability is no number, or lies outside [0, 1].
    """

    name: str
    probability: Mapping[str, float]

    def __post_init__(self) -> None:
        """Refuse what is no probability."""
        for node, value in self.probability.items():
            if not is_share(value):
                raise ValueError(
                    f"setting {self.name!r}: {shown(value)} is no probability for node {node!r}; "
                    "give a number from 0 to 1."
                )

    def reliability(self, node: str) -> float:
        """The probability that ``node`` is alive: ``r_i = 1 - p_i`` (section 3.4)."""
        return 1.0 - self.probability.get(node, 0.0)

    def failing(self, topology: Topology) -> tuple[str, ...]:
        """The nodes that can fail under this setting, upstream first: the topology's, and sources that it names."""
        never = {name for name in topology.sources if not self.probability.get(name, 0.0)} | {topology.cloud}
        return tuple(name for name in topology.order if name not in never)

    def check(self, topology: Topology, *, sources: bool = True) -> None:
        """Raise ValueError when a node that does not exist, or that cannot fail, is given a probability above 0.

        Args:
            topology: whose nodes they are.
            sources: whether one of several sources can fail.
        """
        for node in self.probability:
            if node not in topology.everyone:
                raise ValueError(
                    f"setting {self.name!r} names {node!r}; this topology's nodes are {', '.join(topology.order)}."
                )
        never = () if sources and len(topology.sources) > 1 else topology.sources
        for node in (*never, topology.cloud):
            if self.probability.get(node, 0.0) > 0:
                raise ValueError(
                    f"setting {self.name!r}: {node!r} is a source or the cloud and never fails; give it 0."
                )

    def scenario_probability(self, topology: Topology, failed: Collection[str]) -> float:
        """How probable it is that exactly ``failed`` have failed among the nodes of ``topology`` that can fail.

        Raises:
            ValueError: ``failed`` or the setting names a node that does not exist, or the setting one that cannot fail.
        """
        self.check(topology)
        failed = topology.named(failed)
        return math.prod(
            self.probability.get(node, 0.0) if node in failed else self.reliability(node)
            for node in self.failing(topology)
        )


def scenarios(topology: Topology) -> Iterator[frozenset[str]]:
    """Every set of failed nodes, fewest first: 2^n scenarios for n failable nodes."""
    for size in range(len(topology.failable) + 1):
        for failed in combinations(topology.failable, size):
            yield frozenset(failed)


def likeliest(topology: Topology, setting: FailureSetting) -> Iterator[tuple[frozenset[str], float]]:
    """Scenarios with their probabilities, the most probable first, without ever listing them all.

    Best-first search: flipping a node away from its more probable state multiplies the probability by an odds
    ratio of at most 1. With the ratios sorted, each scenario is reached exactly once by adding the next node to
    the flipped set or by moving its last one along.
    """
    setting.check(topology)
    odds, base = [], 1.0
    usual: set[str] = set()
    for node in setting.failing(topology):
        fails = setting.probability.get(node, 0.0)
        if fails > 0.5:
            usual.add(node)
        low, high = min(fails, 1 - fails), max(fails, 1 - fails)
        base *= high
        odds.append((low / high, node))
    odds.sort(key=lambda pair: -pair[0])
    heap: list[tuple[float, tuple[int, ...]]] = [(-base, ())]
    while heap:
        negative, flipped = heapq.heappop(heap)
        if negative == 0:
            return
        yield frozenset(usual.symmetric_difference(odds[k][1] for k in flipped)), -negative
        after = flipped[-1] + 1 if flipped else 0
        if after < len(odds):
            heapq.heappush(heap, (negative * odds[after][0], (*flipped, after)))
            if flipped and odds[after - 1][0] > 0:
                heapq.heappush(heap, (negative / odds[after - 1][0] * odds[after][0], (*flipped[:-1], after)))


def covering(
    topology: Topology, setting: FailureSetting, bound: float = 0.0
) -> tuple[list[tuple[frozenset[str], float]], float]:
    """The most probable scenarios, taken until what remains is at most ``bound``, and the probability that remains.

    With a bound of 0, for up to :data:`ENUMERABLE` failable nodes, nothing that is possible is left out.

    Raises:
        ValueError: there are more failable nodes than that and the bound is 0, or it is no share; or the setting names
            a node that does not exist or cannot fail.
    """
    setting.check(topology)
    if not is_share(bound):
        raise ValueError(f"{shown(bound)} bounds no probability; give a number from 0 to 1.")
    failing = len(setting.failing(topology))
    if failing > ENUMERABLE and not bound > 0:
        raise ValueError(
            f"{failing} nodes can fail, too many to list all 2^{failing} scenarios: "
            "give a bound above 0 for the probability left out."
        )
    taken, remainder = [], 1.0
    for failed, probability in likeliest(topology, setting):
        taken.append((failed, probability))
        remainder -= probability
        if remainder <= bound and bound > 0:
            return taken, max(0.0, remainder)
    return taken, 0.0


def scenario_key(topology: Topology, failed: Collection[str]) -> str:
    """The name of a scenario in results: ``none``, ``n1``, ``n1+n3``; nodes from upstream to downstream.

    Raises:
        ValueError: ``failed`` names a node that does not exist.
    """
    failed = topology.named(failed)
    return "+".join(node for node in topology.order if node in failed) or "none"


def failed_nodes(key: str) -> frozenset[str]:
    """The inverse of :func:`scenario_key`."""
    return frozenset() if key == "none" else frozenset(key.split("+"))
