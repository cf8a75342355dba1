"""Table 4's rows, from the outputs of real modules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from resilinet.bandwidth import saving
from resilinet.models import model
from resilinet.network import DistributedNetwork
from resilinet.paper import printed_value


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


def networks() -> dict[tuple[str, str, str], DistributedNetwork]:
    """The network behind each row, by experiment, geometry and the paper's key, with all skips.

    They are built on the meta device: shapes are those of the real modules, weights take no memory.
    """
    with torch.device("meta"):
        return {
            ("Health, MLP", "ten layers of 250", "health-mlp"): _network("mlp"),
            ("ImageNet, MobileNet", "160px", "imagenet-mobilenet"): _network("mobilenet", geometry="160px"),
            ("CIFAR-10, MobileNet", "released-cifar", "cifar10-mobilenet"): _network(
                "mobilenet", geometry="released-cifar"
            ),
            **{
                ("CIFAR-10, ResNet-18", geometry, "cifar10-resnet18"): _network("resnet", geometry=geometry)
                for geometry in ("released", "cifar", "cifar-raw-image", "imagenet")
            },
        }


def _network(name: str, **sizes: str) -> DistributedNetwork:
    found = model(name)
    topology = found.topology()
    return DistributedNetwork(
        found.blocks(**sizes),
        topology,
        input_shape=found.input_shape(**sizes),
        adapters=found.adapters(topology, **sizes),
    )


def rows() -> list[BandwidthRow]:
    """Table 4, a row for each geometry; a note where our saving does not round to the printed one."""
    found = []
    for (experiment, geometry, key), network in networks().items():
        sent = network.elements()
        ours, paper = 100 * saving(network.topology, sent), printed_value("table-4", key)
        note = (
            "" if abs(ours - paper) <= 0.0051 else "the printed number belongs to no geometry of this network"
        )
        sent.pop(network.topology.cloud)
        found.append(BandwidthRow(experiment, geometry, sent, ours, paper, note))
    return found
