"""Waiting until a live network has taken in who is alive and who has failed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Set

from resilinet.live import Client


class LiveError(ConnectionError):
    """A live network that cannot start or go on; the message is one sentence saying why."""


def settle(client: Client, failed: Set[str] = frozenset(), timeout: float = 30.0) -> None:
    """Wait until every node but those that have failed is alive, and all see that; drop what is answered meanwhile.

    Raises:
        LiveError: that takes longer than ``timeout`` seconds; the message names a node.
    """
    list(client.answers())
    client.known, until = {}, time.monotonic() + timeout
    alive = {name: name not in failed for name in client.topology.order}
    while wrong := [name for name in alive if _differs(client, name, alive)]:
        if time.monotonic() > until:
            strange = [name for name in wrong if client.peers[name].refused is not None]
            why = "runs another plan or other weights" if strange else "is not ready"
            name = (strange or wrong)[0]
            raise LiveError(f"node {name!r} at {client.plan.addresses[name]} {why} after {timeout:g} s.")
        client.ask_status()
        time.sleep(0.02)
        list(client.answers())


def _differs(client: Client, name: str, alive: Mapping[str, bool]) -> bool:
    """Whether a node is not as it should be, or not known to see the others so."""
    others = {key: value for key, value in alive.items() if key != name}
    if client.peers[name].alive is not alive[name]:
        return True
    return alive[name] and client.known.get(name, {}).get("seen") != others
