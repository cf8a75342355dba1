"""Correct counts in every failure scenario, each distinct stage of the network computed once."""

from __future__ import annotations

from collections.abc import Iterable, Set

import torch
from torch import Tensor

from resilinet.failures import scenario_key, scenarios
from resilinet.network import DistributedNetwork
from resilinet.routing import Route, inputs, routes


@torch.no_grad()
def correct_counts(
    network: DistributedNetwork,
    x: Tensor,
    y: Tensor,
    dead: Iterable[Set[str]] | None = None,
    *,
    chunk: int = 4096,
) -> dict[str, int | None]:
    """How many examples are classified correctly in each scenario; None where no information reaches the cloud.

    Scenarios share what they have in common: equal routes to a node give equal tensors, so each (node, route) pair
    is computed once, 11 stages instead of 20 for four nodes in a chain under ResiliNet.

    Args:
        network: evaluated in eval mode, left in the mode it was in.
        x: ``(N, *input_shape)``.
        y: ``(N,)`` class indices.
        dead: sets of dead nodes; None means every scenario of the topology.
        chunk: examples computed at once, which bounds memory.
    """
    topology = network.topology
    plans: dict[str, dict[str, Route]] = {
        scenario_key(topology, nodes): routes(topology, topology.everyone - set(nodes), network.skips)
        for nodes in (scenarios(topology) if dead is None else dead)
    }
    was_training = network.training
    network.eval()
    totals: dict[Route, int] = {plan[topology.cloud]: 0 for plan in plans.values() if topology.cloud in plan}
    for x_part, y_part in zip(x.split(chunk), y.split(chunk), strict=True):
        sent: dict[tuple[str, Route], Tensor] = {}
        for plan in plans.values():
            if topology.cloud not in plan:
                continue
            for name, route in plan.items():
                if (name, route) not in sent:
                    heard = [
                        (link, sent[link.source, plan[link.source]]) for link in inputs(topology, name, route)
                    ]
                    sent[name, route] = network.stage(name, heard, x_part)
        for route in totals:
            totals[route] += int((sent[topology.cloud, route].argmax(1) == y_part).sum())
    network.train(was_training)
    return {
        key: totals.get(plan[topology.cloud]) if topology.cloud in plan else None
        for key, plan in plans.items()
    }


@torch.no_grad()
def accuracy(network: DistributedNetwork, x: Tensor, y: Tensor, *, chunk: int = 8192) -> float:
    """The share of examples classified correctly without failures, from 0 to 1."""
    counts = correct_counts(network, x, y, [frozenset()], chunk=chunk)
    return (counts["none"] or 0) / len(y)
