"""Table 4's rows, from the outputs of real modules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from companion.experiments.table_4 import networks
from companion.paper import printed_value
from resilinet.bandwidth import bandwidth_saving


@dataclass(frozen=True)
class BandwidthRow:
    """One number of the paper's Table 4 beside ours.

    Attributes:
        experiment: data set and network.
        geometry: which layout of the network; the paper's text leaves ResNet-18's open.
        elements: how many numbers each node sends for one example, the cloud left out.
        saving: ours, in percent.
        paper: as printed, in percent.
        note: what the two numbers have to do with each other, where they differ.
    """

    experiment: str
    geometry: str
    elements: Mapping[str, int]
    saving: float
    paper: float
    note: str = ""


def rows() -> list[BandwidthRow]:
    """Table 4, a row for each geometry; a note where our saving does not round to the printed one."""
    found = []
    for (experiment, geometry, key), network in networks().items():
        sent = network.elements()
        ours, paper = 100 * bandwidth_saving(network.topology, sent), printed_value("table-4", key)
        note = (
            "" if abs(ours - paper) <= 0.0051 else "the printed number belongs to no geometry of this network"
        )
        sent.pop(network.topology.cloud)
        found.append(BandwidthRow(experiment, geometry, sent, ours, paper, note))
    return found
