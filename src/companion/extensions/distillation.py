"""Skip layers: what a failed node would have sent, predicted at the receiver from what a skip brings."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from resilinet.models import check_counts
from resilinet.network import DistributedNetwork
from resilinet.randomness import generator
from resilinet.recipe import Recipe
from resilinet.routing import Skips, inputs, routes
from resilinet.topology import Topology


def skip_layers(
    topology: Topology, features: int = 23, width: int = 250, **_others: float
) -> dict[str, nn.Module]:
    """For each skip a layer of ``width`` rectified units, to be distilled."""
    check_counts(features=features, width=width)
    return {
        link.key: nn.Sequential(
            nn.Linear(features if link.source in topology.sources else width, width), nn.ReLU()
        )
        for link in topology.skips
    }


def distil(network: DistributedNetwork, x: Tensor, recipe: Recipe, seed: int) -> float:
    """Fit the adapters of all skips to the frozen network around them, for ``recipe.distilled`` epochs.

    For a skip from ``i`` to ``j`` it minimises ``E ||A_ij(Y_i) - X_j||^2`` over the examples without failures, where
    ``X_j`` is what ``j`` receives while the nodes between are alive. Labels are not needed, nor is any other weight
    changed, so that a network without failures answers as before.

    Args:
        network: trained, in float32; skips are open on failure.
        x: ``(N, *input_shape)``, training examples where the network lies.
        recipe: gives epochs, batch size and learning rate.
        seed: of the order of the examples.

    Returns:
        The mean loss of the last epoch, summed over the skips.

    Raises:
        ValueError: no skip has an adapter with weights, or skips are not open on failure alone.
    """
    links = [link for link in network.topology.skips if link.key in network.adapters]
    weights = [p for link in links for p in network.adapters[link.key].parameters()]
    if not weights:
        raise ValueError("no skip hyperconnection has a layer with weights that could be distilled.")
    if network.skips is not Skips.ON_FAILURE:
        raise ValueError("skip layers stand in for failed nodes: give a network whose skips open on failure.")
    optimizer = torch.optim.Adam(weights, lr=recipe.learning_rate, eps=recipe.epsilon)
    order, mean = generator(seed, "skip layers"), 0.0
    network.eval()
    for _ in range(recipe.distilled):
        total = 0.0
        for rows in torch.randperm(len(x), generator=order).split(recipe.batch_size):
            sent, received = _healthy(network, x[rows])
            loss = sum(
                nn.functional.mse_loss(network.adapters[link.key](sent[link.source]), received[link.target])
                for link in links
            )
            assert isinstance(loss, Tensor)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        mean = total / len(x)
    return mean


@torch.no_grad()
def _healthy(network: DistributedNetwork, x: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """What every node sends and receives while all are alive."""
    topology, sent, received = network.topology, dict[str, Tensor](), dict[str, Tensor]()
    for name, route in routes(topology, topology.everyone, network.skips).items():
        arrived = [(link, sent[link.source]) for link in inputs(topology, name, route)]
        received[name] = network.arriving(name, arrived, x)
        sent[name] = network.stage(name, route, arrived, x)
    return sent, received
