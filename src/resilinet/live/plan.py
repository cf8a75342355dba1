"""The plan of a live network: where its nodes listen, and what all of them must agree upon."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from resilinet.network import DistributedNetwork
from resilinet.topology import Topology, is_count, shown

LIMITS = {"batch": (1, 65536), "deadline": (0.01, 3600), "heartbeat": (0.01, 60), "patience": (0.01, 60)}


class PlanError(ValueError):
    """A plan by which no network can run; the message is one sentence saying why."""


@dataclass(frozen=True)
class Plan:
    """What every process of a live network is given.

    Attributes:
        addresses: ``host:port`` at which each node listens, by the node's name.
        batch: most examples of a request.
        deadline: seconds after which a request is given up, at a node and by whoever asked.
        heartbeat: seconds between two heartbeats of a connection.
        patience: seconds without an answer to a heartbeat after which a node counts as failed.
        key: a long secret that all processes share, so that connections are encrypted (CURVE); empty for plain ones.

    Raises:
        PlanError: an address is none or occurs twice, or a number is out of range.
    """

    addresses: Mapping[str, str]
    batch: int = 64
    deadline: float = 1.0
    heartbeat: float = 0.2
    patience: float = 0.6
    key: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        seen: dict[str, str] = {}
        for name, address in self.addresses.items():
            host, _, port = str(address).rpartition(":")
            if not host or not port.isdecimal() or not 0 < int(port) < 65536:
                raise PlanError(f"{shown(address)} is no address for node {name!r}; give host:port.")
            if (other := seen.setdefault(address, name)) != name:
                raise PlanError(f"nodes {other!r} and {name!r} have one address, {address}.")
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            number = is_count(value) or (name != "batch" and isinstance(value, float))
            if not number or not low <= value <= high:
                raise PlanError(f"{name} is {value!r}; give a number from {low} to {high}.")

    def check(self, topology: Topology) -> None:
        """Refuse a plan of other nodes than those of the topology.

        Raises:
            PlanError: it names a node that does not exist, or leaves one out.
        """
        for name in sorted(set(self.addresses) ^ topology.everyone):
            what = "an address for" if name in self.addresses else "no address for"
            raise PlanError(f"the plan has {what} {name!r}; this network has {', '.join(topology.order)}.")

    def digest(self, network: DistributedNetwork) -> bytes:
        """SHA-256 over the plan and all that the network computes with."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode() + network.digest()).digest()
