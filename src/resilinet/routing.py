"""The one rule that says which hyperconnections carry data, and the route by which data reaches a node."""

from __future__ import annotations

from collections.abc import Collection, Set
from enum import Enum

from resilinet.topology import Hyperconnection, Topology

Route = frozenset[str]
"""Keys of every active hyperconnection upstream of a node. Equal routes give equal tensors."""


class Skips(Enum):
    """When skip hyperconnections are active."""

    NEVER = "never"
    ON_FAILURE = "on failure"
    """The paper's ⊙ (Eq. 1): only while every node that the skip bypasses is dead."""
    ALWAYS = "always"
    """The paper's ⊕ (Eq. 2): beside the simple hyperconnection, dead nodes or not."""

    @classmethod
    def _missing_(cls, value: object) -> Skips:
        """Refuse what is no rule, saying which there are."""
        *others, last = (f"Skips.{rule.name}" for rule in cls)
        raise ValueError(f"{value!r} is no rule for skips; give {', '.join(others)} or {last}.")


def is_active(link: Hyperconnection, alive: Set[str], skips: Skips | str) -> bool:
    """Whether a hyperconnection is open, given who is alive (Eqs. 1 and 2); its ends are not looked at.

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
    """The route to every node that is alive and hears something; silent and dead nodes are not in the answer.

    A node hears something when at least one open hyperconnection comes from a node that itself has something to
    send. Sources hear their sensors. When the cloud is missing from the answer there is no information flow.
    With ``silent_nodes_send`` a node that hears nothing still computes and sends, from an input of zeros.

    Raises:
        ValueError: ``alive`` names a node that does not exist, or ``skips`` is no rule.
    """
    alive, skips = topology.named(alive), Skips(skips)
    found: dict[str, Route] = {}
    for name in topology.order:
        if name not in alive:
            continue
        heard = [
            link for link in topology.incoming[name] if link.source in found and is_active(link, alive, skips)
        ]
        if heard or silent_nodes_send or name in topology.sources:
            found[name] = frozenset(link.key for link in heard).union(*(found[link.source] for link in heard))
    return found


def inputs(topology: Topology, name: str, route: Route) -> tuple[Hyperconnection, ...]:
    """The hyperconnections over which ``name`` hears something on this route, in the topology's order."""
    return tuple(link for link in topology.incoming[name] if link.key in route)
