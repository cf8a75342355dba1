"""Failout: shutting down whole physical nodes for one training batch (section 2.3)."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from resilinet.failures import FailureSetting
from resilinet.topology import Topology


class Failout:
    """Draws, for each batch, who is alive: ``b_i ~ Bernoulli(1 - f_i)``, independently for each failable node.

    Failout is no layer: the trainer draws one liveness a batch and passes it to the network. Sources and the cloud
    are never failed out, and nothing is rescaled at inference.

    Raises:
        ValueError: a rate is no probability, or names a node that cannot fail.
    """

    def __init__(self, topology: Topology, rates: Mapping[str, float]) -> None:
        """Take the failout rate ``f_i`` of each node; nodes not named are never failed out."""
        FailureSetting("failout", rates).check(topology, sources=False)
        self.topology = topology
        self.rates = {node: float(rates.get(node, 0.0)) for node in topology.failable}

    def draw(self, generator: torch.Generator) -> frozenset[str]:
        """The nodes that are alive for the next batch; one uniform number a failable node is drawn every time."""
        uniform = torch.rand(len(self.rates), generator=generator, dtype=torch.float64).tolist()
        dead = {node for (node, rate), u in zip(self.rates.items(), uniform, strict=True) if u < rate}
        return self.topology.everyone - dead


def uniform_rates(topology: Topology, rate: float) -> dict[str, float]:
    """The same failout rate for every node that can fail, as in the fixed-rate rows of Table 3."""
    return dict.fromkeys(topology.failable, rate)
