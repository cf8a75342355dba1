"""The plan of a live network: where its nodes listen, and what all of them must agree upon."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import torch

from resilinet.network import DistributedNetwork
from resilinet.routing import Skips
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
        key: secret key of CURVE in Z85; whoever has it may take part. Empty for plain connections.

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
            PlanError: it names a node that does not exist, leaves one out, or there are more than 64.
        """
        for name in sorted(set(self.addresses) ^ topology.everyone):
            what = "an address for" if name in self.addresses else "no address for"
            raise PlanError(
                f"the plan has {what} {name!r}; this network's nodes are {', '.join(topology.order)}."
            )
        if max(len(topology.nodes), len(topology.links)) > 64:  # bits of a header
            raise PlanError("a live network has at most 64 nodes and 64 hyperconnections.")

    def digest(self, network: DistributedNetwork) -> bytes:
        """Eight bytes of SHA-256 over the plan, the topology and all that the network computes with."""
        keys = [link.key for link in network.topology.links]
        said = network.topology.nodes, keys, network.skips, network.fixed_weights, network.input_shapes
        digest = hashlib.sha256((json.dumps(asdict(self), sort_keys=True) + repr(said)).encode())
        tensors = dict(network.state_dict())
        for (name, route), statistics in network.route_statistics.items():
            tensors |= {f"{name} {sorted(route)} {key}": value for key, value in statistics.items()}
        for name, tensor in sorted(tensors.items()):
            digest.update(f"{name}:{tensor.dtype}:{tuple(tensor.shape)}".encode())
            digest.update(tensor.cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
        return digest.digest()[:8]


def read_plan(path: Path) -> tuple[Path, Plan]:
    """The path of the network's file, and the plan, from a file in TOML.

    Its table ``nodes`` holds the addresses; ``network`` is a path seen from the plan's folder.

    Raises:
        PlanError: it is no TOML, lacks one of the two, or says what no plan does.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PlanError(f"{path}: not a plan in TOML ({error}).") from error
    network, nodes = content.pop("network", None), content.pop("nodes", None)
    if not isinstance(network, str) or not isinstance(nodes, dict):
        raise PlanError(
            f"{path}: a plan has a network, the path of its file, and a table nodes of addresses."
        )
    allowed = [field.name for field in fields(Plan)][1:]
    if unknown := sorted(set(content) - set(allowed)):
        raise PlanError(
            f"{path}: {unknown[0]!r} is no part of a plan; besides these there are {', '.join(allowed)}."
        )
    return path.parent / network, Plan(nodes, **content)


def upstream(topology: Topology) -> dict[str, frozenset[str]]:
    """For each node those from which data can reach it, over whichever hyperconnections."""
    found: dict[str, frozenset[str]] = {}
    for name in topology.order:
        sources = {link.source for link in topology.incoming[name]}
        found[name] = frozenset(sources).union(*(found[source] for source in sources))
    return found


def watched(topology: Topology, skips: Skips) -> dict[str, frozenset[str]]:
    """For each node those whose failure it must detect.

    Those upstream, as they say which frames to wait for; those to which it always sends; and those that its skips
    bypass, as they say when these open.
    """
    found = dict(upstream(topology))
    for link in topology.links:
        always = not link.is_skip or skips is Skips.ALWAYS
        found[link.source] |= link.bypasses | ({link.target} if always else frozenset())
    return found
