"""A joint loss: each batch is learnt under several failures in place of a drawn one."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import torch

from resilinet.failout import Failout
from resilinet.topology import Topology


class EveryFailure(Failout):
    """Lets each batch be learnt without failures and under every set of a list: a joint loss in place of a drawn one.

    Raises:
        ValueError: a set names a node that does not exist, or that cannot fail.
    """

    def __init__(self, topology: Topology, failed: Iterable[Collection[str]]) -> None:
        """Take the sets of failed nodes."""
        sets = [topology.named(nodes) for nodes in failed]
        super().__init__(topology, {name: 1.0 for nodes in sets for name in nodes})  # which refuses some
        self.alive = tuple(topology.everyone - nodes for nodes in (frozenset[str](), *sets))

    def draw(self, generator: torch.Generator) -> frozenset[str]:  # noqa: ARG002 - nothing is drawn
        """All nodes."""
        return self.topology.everyone

    def draws(self, generator: torch.Generator) -> tuple[frozenset[str], ...]:  # noqa: ARG002 - as above
        """Without failures, then under each set."""
        return self.alive
