"""A network of three small layers, examples for it, and its training in a moment."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from resilinet.data import Dataset, Examples
from resilinet.failout import Failout
from resilinet.network import DistributedNetwork
from resilinet.recipe import Recipe
from resilinet.topology import vertical, with_skips
from resilinet.training import Watch, train


def small(*modules: nn.Module, **options: Any) -> DistributedNetwork:
    """A layer on each of three nodes, and modules before that of the second."""
    torch.manual_seed(0)
    blocks = [nn.Linear(4, 4), nn.Sequential(*modules, nn.Linear(4, 4)), nn.Linear(4, 3)]
    topology = with_skips(vertical({"i": 1, "n1": 1, "n2": 1}))
    return DistributedNetwork(blocks, topology, input_shape=(4,), **options)


def examples(train: int = 48, validation: int = 8, test: int = 8) -> Dataset:
    draws = torch.Generator().manual_seed(0)
    parts = [
        Examples(torch.randn(n, 4, generator=draws), torch.randint(0, 3, (n,), generator=draws))
        for n in (train, validation, test)
    ]
    return Dataset("small", {"name": "small", "fingerprint": "0"}, *parts, classes=3)


RECIPE = Recipe(epochs=3, batch_size=16, precision="float32")


def train_small(
    network: DistributedNetwork, given: Dataset | None = None, recipe: Recipe = RECIPE, **options: Any
) -> tuple[list[Mapping[str, float]], int]:
    failout = Failout(network.topology, options.pop("failout", {"n1": 0.25}))
    seed = options.pop("seed", 0)
    return train(network, given or examples(), recipe, failout, seed, Watch(**options))
