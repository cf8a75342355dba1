"""The multilayer perceptron with a head on each node before one that can fail, which answers where the chain breaks.

What leaves a head is an answer: heads are the adapters of skip hyperconnections that lead around all nodes behind, to
``answer``, where the answer is read. A node that receives nothing is of no use, so that in a failure scenario all nodes
behind the first failed one count as failed.
"""

from __future__ import annotations

from torch import nn

from resilinet.models import check_counts
from resilinet.models.initialisation import initialise
from resilinet.models.mlp import blocks, input_shape
from resilinet.models.partitions import early_exit as topology
from resilinet.topology import Topology

__all__ = ["adapters", "blocks", "initialise", "input_shape", "topology"]


def adapters(
    topology: Topology, features: int = 23, width: int = 250, classes: int = 13, **_others: float
) -> dict[str, nn.Module]:
    """A head for each exit, linear in what its node sends: ``(B, features)`` or ``(B, width)`` to ``(B, classes)``."""
    check_counts(features=features, width=width, classes=classes)
    return {
        link.key: nn.Linear(features if link.source in topology.sources else width, classes)
        for link in topology.skips
    }
