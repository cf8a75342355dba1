"""What the modules of a network do with a made-up batch: what they accept, give, and may overwrite."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from resilinet.messages import brief
from resilinet.randomness import seeded
from resilinet.topology import Hyperconnection, TopologyError

if TYPE_CHECKING:
    from resilinet.network import DistributedNetwork

OWN_TENSORS = (nn.Linear, nn.modules.conv._ConvNd, nn.modules.batchnorm._BatchNorm)
"""Layers that always give a new tensor, so that what comes after them cannot reach what they were given."""

Tensors = dict[str, Tensor]


def trace(network: DistributedNetwork, examples: int = 2) -> tuple[Tensors, Tensors]:
    """What each node receives and sends for a made-up batch, in the present mode; nothing in the network changes.

    Copies run on the meta device, which computes nothing, and where a module fails there alone, as one that looks at a
    value does, on real numbers. Networks that take whole numbers, as an embedding does, are given such.

    Raises:
        TopologyError: a module does not accept such a batch, or two tensors that meet do not fit.
    """
    like, problems = network.reference, list[TopologyError]()
    for device in (torch.device("meta"), like.device):
        for dtype in (like.dtype, torch.int64):
            try:
                with seeded(network, 0, "trace"), torch.no_grad():
                    made_up = {
                        name: torch.rand(examples, *shape).to(device, dtype)
                        for name, shape in network.input_shapes.items()
                    }
                    return _run(network, made_up, device)
            except TopologyError as error:
                if error.__cause__ is None:
                    raise
                problems.append(error)
    raise problems[2]  # the meta device's may be no fault of the module's


def _run(network: DistributedNetwork, received: Tensors, device: torch.device) -> tuple[Tensors, Tensors]:
    nodes, adapters = (part.to(device) for part in copy.deepcopy((network.nodes, network.adapters)))
    sent = Tensors()
    for name in network.topology.order:
        incoming = sorted(network.topology.incoming[name], key=lambda link: link.is_skip)
        arriving = [_carried(link, sent[link.source], adapters) for link in incoming]
        for link, tensor in zip(incoming, arriving, strict=True):
            if tensor.shape[1:] != arriving[0].shape[1:]:
                raise TopologyError(
                    f"{link.key} brings {tuple(tensor.shape[1:])}, but {name!r} receives "
                    f"{tuple(arriving[0].shape[1:])} over its other hyperconnections: "
                    f"give {link.key} an adapter that fits."
                )
        received[name] = arriving[-1] if arriving else received[name]  # a source has been given its own
        refusal = f"node {name!r} cannot compute on {tuple(received[name].shape[1:])}"
        sent[name] = _applied(nodes[name], received[name], refusal)
    return received, sent


def _carried(link: Hyperconnection, tensor: Tensor, adapters: nn.ModuleDict) -> Tensor:
    if link.key not in adapters:
        return tensor
    refusal = (
        f"the adapter of {link.key} does not accept {tuple(tensor.shape[1:])}, what {link.source!r} sends"
    )
    return _applied(adapters[link.key], tensor, refusal)


def _applied(module: nn.Module, tensor: Tensor, refusal: str) -> Tensor:
    """What a module makes of a tensor.

    Raises:
        TopologyError: it makes nothing of it, or no tensor; the message begins with ``refusal``.
    """
    try:
        out = module(own(tensor, module))
    except Exception as error:  # what modules raise depends on who wrote them
        raise TopologyError(f"{refusal}: {brief(error)}.") from error
    if not isinstance(out, Tensor):
        raise TopologyError(f"{refusal}: it gives an object of type {type(out).__name__} and no tensor.")
    return out


def own(tensor: Tensor, module: nn.Module) -> Tensor:
    """The tensor, or a copy of it where the module might write into what it is given."""
    return tensor.clone() if _writes(module) else tensor


def _writes(module: nn.Module) -> bool | None:
    """Whether a module might write into what it is given; None where what comes after it still might.

    The code of PyTorch's and of this package's modules never does, unless they say ``inplace`` or something is added.
    """
    code = getattr(getattr(type(module), "forward", None), "__module__", None) or ""
    inside = vars(module)  # attributes of a module are slow to look up
    if not code.startswith(("torch.nn.", "resilinet.models.")) or inside.get("inplace"):
        return True
    if "forward" in inside or inside["_forward_pre_hooks"] or inside["_forward_hooks"]:
        return True
    if isinstance(module, OWN_TENSORS):
        return False
    for part in inside["_modules"].values():
        if part is not None and (writes := _writes(part)) is not None:
            return writes
    return None


@contextmanager
def modes_kept(module: nn.Module) -> Iterator[None]:
    """Afterwards every module inside is in the mode again in which it was before, also after an error."""
    modes = [(part, part.training) for part in module.modules()]
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training
