"""Networks of the paper, each as a flat list of blocks that a partition can cut anywhere.

Every module of this folder that :func:`model` knows offers what :class:`Model` says, all that
:class:`resilinet.network.DistributedNetwork` needs.
"""

from __future__ import annotations

import math
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from resilinet.models.partitions import TOPOLOGIES
from resilinet.topology import is_count, is_number

if TYPE_CHECKING:
    import torch
    from torch import nn

    from resilinet.models.partitions import Pairs
    from resilinet.topology import Topology

__all__ = ["Model", "check_counts", "check_width", "model"]


class Model(Protocol):
    """What a module that describes a network offers; ``sizes`` are keyword arguments, the same for every function.

    Sizes have the paper's values where they are not given; each module says in ``blocks`` what its sizes mean. All
    functions raise ValueError where a size is impossible, or no hyperconnection can be what is asked for.
    """

    def topology(self, partition: tuple[int, ...] = ..., skips: Pairs = ...) -> Topology:
        """The physical nodes with their blocks, and the hyperconnections."""

    def blocks(self, *args: Any, **sizes: Any) -> list[nn.Module]:
        """The whole network as a flat list, upstream first, with PyTorch's default initialisation."""

    def adapters(self, topology: Topology, *args: Any, **sizes: Any) -> dict[str, nn.Module]:
        """The module at the receiver of each hyperconnection whose tensor does not fit as it is."""

    def initialise(self, module: nn.Module, generator: torch.Generator) -> None:
        """Draw initial weights in place."""

    def input_shape(self, *args: Any, **sizes: Any) -> tuple[int, ...]:
        """The shape of one example, without the batch dimension."""


def model(name: str) -> Model:
    """The module that describes a network: ``mlp``, ``early_exit``, ``mobilenet``, ``resnet`` or ``camera``.

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


def check_width(width: object) -> None:
    """Refuse a factor on the channels of a network that is no finite number above 0, by a ValueError."""
    if not is_number(width) or not 0 < float(width) < math.inf:  # type: ignore[arg-type]
        raise ValueError(f"a network cannot have width={width!r}; give a finite number above 0.")


def check_counts(**sizes: int) -> None:
    """Refuse a number of features, units, layers, classes or pixels that is no whole number from 1, by a ValueError."""
    for name, size in sizes.items():
        if not is_count(size, 1):
            raise ValueError(f"a network cannot have {name}={size!r}; give a whole number from 1.")
