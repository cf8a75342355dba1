"""Measures what a node receives while other nodes are failed, as its first batch normalisation sees it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from companion.results.received import ALL, EDGES, Received
from resilinet.network import DistributedNetwork


@torch.no_grad()
def normalised(network: DistributedNetwork, x: Tensor, node: str, failed: Iterable[str]) -> Tensor:
    """What the first batch normalisation of a node makes of what it receives, before its scale and shift.

    Args:
        network: trained, in eval mode; its statistics of each route are used where it has any.
        x: examples ``(B, *input_shape)``.
        node: a physical node that normalises.
        failed: the nodes that have failed.

    Returns:
        A tensor shaped as what arrives there.

    Raises:
        ValueError: the node has no batch normalisation, or receives nothing.
    """
    found: list[Tensor] = []

    def keep(norm: nn.modules.batchnorm._BatchNorm, given: tuple[Tensor]) -> None:
        assert norm.running_mean is not None
        assert norm.running_var is not None
        shape = (1, -1, *[1] * (given[0].ndim - 2))
        spread = (norm.running_var + norm.eps).sqrt().view(shape)
        found.append((given[0] - norm.running_mean.view(shape)) / spread)

    norms = [m for m in network.nodes[node].modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    if not norms:
        raise ValueError(f"{node!r} has no batch normalisation.")
    handle = norms[0].register_forward_pre_hook(keep)
    try:
        network(x, alive=network.topology.everyone - set(failed))
    finally:
        handle.remove()
    if not found:
        raise ValueError(f"{node!r} receives nothing while {', '.join(failed)} failed.")
    return found[0]


def measure(
    network: DistributedNetwork, x: Tensor, node: str, failed: str, trial: str, provenance: dict[str, Any]
) -> Received:
    """Histograms of :func:`normalised` with no failure and with one failed node, by both kinds of batch statistics."""
    by_route = network.route_statistics
    counts: dict[str, dict[str, list[int]]] = {}
    mean: dict[str, dict[str, float]] = {}
    deviation: dict[str, dict[str, float]] = {}
    try:
        for kind, statistics in (("running", {}), ("per-route", by_route)):
            network.route_statistics = statistics
            counts[kind], mean[kind], deviation[kind] = {}, {}, {}
            for key in (ALL, failed):
                values = normalised(network, x, node, () if key == ALL else (key,)).double().flatten()
                inside = values.clamp(EDGES[0], EDGES[-1]).numpy()
                counts[kind][key] = np.histogram(inside, np.array(EDGES))[0].tolist()
                mean[kind][key] = float(values.mean())
                deviation[kind][key] = float(values.std())
    finally:
        network.route_statistics = by_route
    return Received(trial, node, len(x), counts, mean, deviation, provenance)
