"""Networks of the paper, each as a flat list of blocks that a partition can cut anywhere.

Every module of this folder that :func:`model` knows offers what :class:`Model` says, all that
:class:`resilinet.network.DistributedNetwork` needs to be built from the values of a trial.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from resilinet.models.partitions import TOPOLOGIES

if TYPE_CHECKING:
    import torch
    from torch import nn

    from resilinet.models.partitions import Pairs
    from resilinet.topology import Topology

__all__ = ["Model", "model"]


class Model(Protocol):
    """What a module that describes a network offers; ``sizes`` are keyword arguments, the same for every function.

    Sizes have the paper's values where they are not given; each module says in ``blocks`` what its sizes mean.
    """

    def topology(self, partition: tuple[int, ...] = ..., skips: Pairs = ...) -> Topology:
        """The physical nodes with their blocks, and the hyperconnections.

        Raises:
            TopologyError: the partition or a skip cannot be.
        """

    def blocks(self, *args: Any, **sizes: Any) -> list[nn.Module]:
        """The whole network as a flat list, upstream first, with PyTorch's default initialisation.

        Raises:
            ValueError: a size is impossible.
        """

    def adapters(self, topology: Topology, *args: Any, **sizes: Any) -> dict[str, nn.Module]:
        """The module at the receiver of each hyperconnection whose tensor does not fit as it is.

        Raises:
            ValueError: a size is impossible, or nothing makes a skip of this topology fit.
        """

    def initialise(self, module: nn.Module, generator: torch.Generator) -> None:
        """Draw initial weights in place."""

    def input_shape(self, *args: Any, **sizes: Any) -> tuple[int, ...]:
        """The shape of one example, without the batch dimension."""


def model(name: str) -> Model:
    """The module that describes the network called ``name``: ``mlp``, ``mobilenet``, ``resnet`` or ``camera``.

    >>> model("resnet").input_shape(geometry="cifar")
    (3, 32, 32)

    Raises:
        ValueError: there is none of that name.
    """
    if name not in TOPOLOGIES:
        raise ValueError(f"{name!r} is no model of this package; there are: {', '.join(TOPOLOGIES)}.")
    # Only now, so that naming a model loads no PyTorch.
    found: Model = import_module(f"resilinet.models.{name}")
    return found
