"""A network that trains in about a second, for exercises in which something is changed and trained again."""

from __future__ import annotations

from collections.abc import Mapping

from companion.experiments.synthetic import synthetic_health
from resilinet.evaluation import correct_counts
from resilinet.failout import Failout, uniform_rates
from resilinet.models import mlp
from resilinet.network import DistributedNetwork
from resilinet.randomness import generator
from resilinet.recipe import Recipe
from resilinet.schemes import Scheme
from resilinet.topology import Topology
from resilinet.training import train

RECIPE = Recipe(epochs=6, batch_size=64, learning_rate=3e-3, precision="float32")


def train_small(
    scheme: Scheme,
    failout: Mapping[str, float] | None = None,
    *,
    topology: Topology | None = None,
    width: int = 64,
    rows: int = 2000,
    seed: int = 0,
) -> dict[str, float | None]:
    """Train a narrow Health network on made-up data, and test it in every scenario.

    Args:
        scheme: whose skips it has.
        failout: the rate of each node that fails in training; by default the scheme's for all.
        topology: how it is cut; by default as the paper's.
        width: units of a hidden layer.
        rows: of the made-up data, from 100; eight tenths train, one tenth tests.
        seed: of initial weights, order of batches and failout.

    Returns:
        Accuracy in percent by scenario, such as ``"n1+n3"``; ``None`` where nothing reaches the cloud.

    Raises:
        ValueError: a width, a rate or a number of rows cannot be, or a node does not exist.
    """
    data, topology = synthetic_health(rows), topology or mlp.topology()
    network = DistributedNetwork(
        mlp.blocks(width=width),
        topology,
        input_shape=mlp.input_shape(),
        skips=scheme.skips,
        adapters=mlp.adapters(topology, width=width),
    )
    mlp.initialise(network, generator(seed, "weights"))
    rates = uniform_rates(topology, scheme.failout) if failout is None else failout
    train(network, data, RECIPE, Failout(topology, rates), seed)
    counts = correct_counts(network, data.test.x, data.test.y)
    return {key: None if count is None else 100 * count / len(data.test.y) for key, count in counts.items()}
