"""The one rule that says which hyperconnections carry data, and the route by which data reaches a node."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from enum import Enum
from functools import cache

from resilinet.topology import Hyperconnection, Topology

Route = frozenset[str]
"""Keys of every active hyperconnection upstream of a node. Equal routes give equal tensors."""


class Skips(Enum):
    """When skip hyperconnections are active."""

    NEVER = "never"
    ON_FAILURE = "on failure"
    """The paper's ⊙ (Eq. 1): only while every node that the skip bypasses has failed."""
    ALWAYS = "always"
    """The paper's ⊕ (Eq. 2): beside the simple hyperconnection, whether nodes have failed or not."""


def is_active(link: Hyperconnection, alive: Set[str], skips: Skips | str) -> bool:
    """Whether a hyperconnection is open, given the nodes that are alive, its ends apart (Eqs. 1 and 2).

    With a skip around node ``i`` the node behind it receives, of the outputs ``Y``,

    - ``X_{i+1} = Y_i ⊙ Y_{i-1}``: ``Y_i`` while node ``i`` is alive, else ``Y_{i-1}`` (Eq. 1, ResiliNet);
    - ``X_{i+1} = Y_i ⊕ Y_{i-1}``: the sum of what is sent (Eq. 2, ResiliNet+ and DFG).

    >>> skip = Hyperconnection("a", "c", frozenset({"b"}))
    >>> [is_active(skip, {"a", "b", "c"}, skips) for skips in (Skips.ON_FAILURE, Skips.ALWAYS)]
    [False, True]
    >>> [is_active(skip, {"a", "c"}, skips) for skips in (Skips.ON_FAILURE, Skips.ALWAYS)]
    [True, True]

    Raises:
        ValueError: the hyperconnection is a skip, and ``skips`` is no rule for it.
    """
    if not link.bypasses:
        return True
    # A call costs more than the rest, and this is asked for every skip in every scenario.
    if not isinstance(skips, Skips):
        skips = Skips(skips)
    if skips is Skips.ON_FAILURE:
        return not any(name in alive for name in link.bypasses)
    return skips is Skips.ALWAYS


def routes(
    topology: Topology, alive: Collection[str], skips: Skips | str, *, silent_nodes_send: bool = False
) -> dict[str, Route]:
    """The route to every node that is alive and receives something; silent and failed nodes are not in the answer.

    A node receives something when at least one open hyperconnection comes from a node that itself has something to
    send. Sources receive what they sense. When the cloud is missing from the answer there is no information flow.
    With ``silent_nodes_send`` a node that receives nothing still computes and sends, from an input of zeros.

    Raises:
        ValueError: ``alive`` names a node that does not exist, or ``skips`` is no rule.
    """
    alive, skips = topology.named(alive), Skips(skips)
    found: dict[str, Route] = {}
    for name in topology.order:
        if name not in alive:
            continue
        received = [
            link for link in topology.incoming[name] if link.source in found and is_active(link, alive, skips)
        ]
        if received or silent_nodes_send or name in topology.sources:
            found[name] = frozenset(link.key for link in received).union(
                *(found[link.source] for link in received)
            )
    return found


def inputs(topology: Topology, name: str, route: Route) -> tuple[Hyperconnection, ...]:
    """The hyperconnections over which ``name`` receives something on this route, in the topology's order."""
    return tuple(link for link in topology.incoming[name] if link.key in route)


def passed(route: Route) -> frozenset[str]:
    """The nodes that a route's hyperconnections join."""
    return frozenset(end for key in route for end in key.split("->"))


class Joining:
    """The route by which what has arrived at ``name`` came, where nodes may differ in which of them have failed.

    Args:
        topology: with what it bypasses of each skip.
        name: of the node that receives.
        skips: the rule by which all nodes act.
    """

    def __init__(self, topology: Topology, name: str, skips: Skips) -> None:
        self.topology, self.name, self.skips = topology, name, skips
        self.reach = {
            node: passed(route) for node, route in routes(topology, topology.everyone, Skips.ALWAYS).items()
        }
        self.route = cache(lambda failed: routes(topology, topology.everyone - failed, skips).get(name))

    def __call__(self, arrived: Mapping[str, Route], failed: frozenset[str]) -> Route | None:
        """That route if some liveness leads to all that has arrived and to no more, else None.

        That liveness is what the node itself detected or, where senders knew otherwise, what their routes tell: a node
        that data passed was alive; one by which they could have come and did not, or that a skip bypassed, had failed.

        Args:
            arrived: for each hyperconnection over which something arrived the route to its sender; empty at a source.
            failed: the nodes that this one has detected as failed.
        """
        came = frozenset(arrived).union(*arrived.values())
        if came == self.route(failed):
            return came
        told = set(failed)
        for link in inputs(self.topology, self.name, came):
            told |= self.reach[link.source] - passed(arrived[link.key])
            told |= link.bypasses if self.skips is Skips.ON_FAILURE else set()
        return came if came == self.route(frozenset(told - passed(came))) else None
