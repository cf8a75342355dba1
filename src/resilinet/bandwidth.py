"""Numbers that hyperconnections carry, and what is saved by opening skips only on failure (Table 4, FAQ 8.6)."""

from __future__ import annotations

from collections.abc import Mapping, Set

from resilinet.routing import Skips, inputs, routes
from resilinet.topology import Topology


def link_elements(
    topology: Topology, elements: Mapping[str, int], alive: Set[str], skips: Skips
) -> dict[str, int]:
    """Numbers carried for one example by each hyperconnection, by key; 0 where nothing is sent.

    Args:
        topology: the nodes and their hyperconnections.
        elements: how many numbers each node sends (:meth:`resilinet.network.DistributedNetwork.elements`).
        alive: the nodes that are alive.
        skips: when skips are active.
    """
    found = routes(topology, alive, skips)
    carried = dict.fromkeys((link.key for link in topology.links), 0)
    for name, route in found.items():
        carried.update({link.key: elements[link.source] for link in inputs(topology, name, route)})
    return carried


def bandwidth_saving(topology: Topology, elements: Mapping[str, int]) -> float:
    """The share of traffic, from 0 to 1, that ResiliNet saves against DFG while no node has failed (Table 4).

    With every node alive DFG sends over simple and skip hyperconnections, ResiliNet over the simple ones alone:
    saving = skips / (simple + skips).
    """
    always = sum(link_elements(topology, elements, topology.everyone, Skips.ALWAYS).values())
    on_failure = sum(link_elements(topology, elements, topology.everyone, Skips.ON_FAILURE).values())
    return 1 - on_failure / always
