"""The networks of Table 4."""

from __future__ import annotations

import torch

from resilinet.models import model
from resilinet.network import DistributedNetwork


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
