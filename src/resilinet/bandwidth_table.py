"""Table 4's rows, from the outputs of real modules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from resilinet.bandwidth import saving
from resilinet.models import mlp, mobilenet, resnet
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
            ("Health, MLP", "ten layers of 250", "health-mlp"): _network(mlp, (23,)),
            ("ImageNet, MobileNet", "160px", "imagenet-mobilenet"): _network(
                mobilenet, (3, 160, 160), "160px"
            ),
            ("CIFAR-10, MobileNet", "released-cifar", "cifar10-mobilenet"): _network(
                mobilenet, (3, 32, 32), "released-cifar"
            ),
            **{
                ("CIFAR-10, ResNet-18", geometry, "cifar10-resnet18"): _network(resnet, (3, 32, 32), geometry)
                for geometry in resnet.GEOMETRIES
            },
        }


def _network(model: Any, input_shape: tuple[int, ...], *geometry: str) -> DistributedNetwork:
    topology = model.topology()
    adapters = model.adapters(topology, *geometry)
    return DistributedNetwork(model.blocks(*geometry), topology, input_shape=input_shape, adapters=adapters)


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
