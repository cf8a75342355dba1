"""Failout: shutting down whole physical nodes for one training batch (section 2.3)."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from resilinet.failures import FailureSetting
from resilinet.topology import Topology


class Failout:
    """Draws the nodes that are alive for each batch: ``b_i ~ Ber(1 - f_i)``, independently for each that can fail.

    Node ``i`` sends ``Y_i = b_i H_i(X_i)``, where ``H_i`` is what it computes and ``X_i`` what it receives: with
    ``b_i = 0`` it is not computed. Failout is no layer; the trainer draws one mask ``b`` a batch and passes it to the
    network. Sources and the cloud are never failed out, and nothing is rescaled at inference.

    >>> from resilinet.topology import vertical
    >>> failout = Failout(vertical({"sensor": 0, "edge": 1, "cloud": 1}), {"edge": 0.25})
    >>> masks = torch.Generator().manual_seed(0)
    >>> sum("edge" in failout.draw(masks) for _ in range(10_000)) / 10_000
    0.7531

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
        failed = {node for (node, rate), u in zip(self.rates.items(), uniform, strict=True) if u < rate}
        return self.topology.everyone - failed

    def draws(self, generator: torch.Generator) -> tuple[frozenset[str], ...]:
        """The sets of living nodes that the next batch is learnt under, its loss their mean: here the one drawn."""
        return (self.draw(generator),)


def uniform_rates(topology: Topology, rate: float) -> dict[str, float]:
    """The same failout rate for every node that can fail, as in the fixed-rate rows of Table 3."""
    return dict.fromkeys(topology.failable, rate)
