"""Batch statistics for each route that reaches a node, estimated after training from examples without labels.

Running statistics mix batches in which a node was failed out with batches in which it was not (section 2.3), though
what the node behind it receives differs between the two. A node knows which nodes are alive, and so by which route
data reach it; it can keep a few numbers a channel for each route and normalise with those that belong.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Set

import torch
from torch import Tensor, nn

from resilinet.evaluation import Inputs, Plan, in_parts, plans, sample, sent
from resilinet.network import DistributedNetwork
from resilinet.routing import Route, inputs
from resilinet.topology import is_count, shown

Statistics = dict[tuple[str, Route], dict[str, Tensor]]
"""Mean and variance of every batch normalisation on a node, for each route that reaches it."""

_BUFFERS = ("running_mean", "running_var")


@torch.no_grad()
def estimate_batch_statistics(
    network: DistributedNetwork, x: Inputs, failed: Iterable[Set[str]] | None = None, *, chunk: int = 512
) -> Statistics:
    """Batch statistics of every node that normalises, for each route by which it is reached.

    From upstream to downstream each distinct (node, route) pair is estimated once. The node normalises every chunk
    with the chunk's own statistics, as in training, and keeps the mean of those over the chunks; the nodes behind it
    then receive what it sends with these means. Upstream stages are computed anew for each node downstream, so that
    memory is bounded by one chunk, however many examples there are.

    Args:
        network: trained; neither its mode nor anything that it holds is changed. Assign what is returned to its
            ``route_statistics`` to compute with it.
        x: ``(N, *input_shape)``, or ``(N, S, *input_shape)`` of S sources, uint8 images or floating-point, on any
            device; or one tensor for each living source.
        failed: sets of failed nodes; None means every scenario of the topology. Scenarios in which nothing reaches the
            cloud need no statistics.
        chunk: examples, at most, that a batch statistic is taken over; chunks are equally large, to one example, so
            that their statistics count alike.

    Returns:
        For each pair its means and variances, by their names in the node's modules and in their type; nothing for
        nodes without batch normalisation.

    Raises:
        ValueError: there are fewer than two examples or a chunk has fewer, or ``x`` is not of that shape.
    """
    planned, topology = plans(network, failed), network.topology
    reaching = [plan for plan in planned.values() if topology.cloud in plan]
    if not reaching:
        return {}
    x = network.check(x, frozenset().union(*planned.values()))
    count = len(sample(x))
    if not is_count(chunk, 2) or count < 2:
        raise ValueError(
            f"batch statistics of {count} examples in chunks of {shown(chunk)} cannot be taken; "
            "give at least 2 of each."
        )
    twin, found = copy.deepcopy(network).eval(), Statistics()
    twin.route_statistics = found
    # At most half as many chunks as examples, so that none is left with a single one.
    chunks = min(-(-count // chunk), count // 2)
    for name in topology.order:
        if not _norms(twin.nodes[name]):
            continue
        by_route: dict[Route, Plan] = {plan[name]: plan for plan in reaching if name in plan}
        averaging = {route: _averaging(twin.nodes[name]) for route in by_route}
        for x_part in in_parts(twin, x, lambda tensor: tensor.tensor_split(chunks)):
            known = dict[tuple[str, Route], Tensor]()
            for route, plan in by_route.items():
                links = inputs(topology, name, route)
                received = [(link, sent(twin, plan, link.source, x_part, known)) for link in links]
                total = twin.arriving(name, received, x_part)
                averaging[route](total.to(torch.promote_types(total.dtype, torch.float32)))
        for route, copied in averaging.items():
            found[name, route] = _read(copied, like=twin.nodes[name])
    return found


def _norms(module: nn.Module) -> dict[str, nn.modules.batchnorm._BatchNorm]:
    """The batch normalisations inside that keep statistics, by their names."""
    return {
        name: layer
        for name, layer in module.named_modules()
        if isinstance(layer, nn.modules.batchnorm._BatchNorm) and layer.track_running_stats
    }


def _averaging(node: nn.Module) -> nn.Module:
    """A copy of a node that normalises with the statistics of its batch and remembers their mean over batches.

    It computes in float32 at least: sums over many batches are lost in lower precision.
    """
    copied = copy.deepcopy(node)
    for tensor in (*copied.parameters(), *copied.buffers()):
        if tensor.is_floating_point():
            tensor.data = tensor.data.to(torch.promote_types(tensor.dtype, torch.float32))
    for norm in _norms(copied).values():
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over batches
        norm.train()
    return copied


def _read(copied: nn.Module, like: nn.Module) -> dict[str, Tensor]:
    """The means that a copy has taken, in the types of the node that it is a copy of."""
    kept, received = dict(like.named_buffers()), dict(copied.named_buffers())
    names = [f"{norm}.{buffer}" for norm in _norms(copied) for buffer in _BUFFERS]
    return {name: received[name].to(kept[name].dtype) for name in names}
