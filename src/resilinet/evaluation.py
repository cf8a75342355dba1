"""Correct counts in every failure scenario, each distinct stage of the network computed once."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from resilinet.data.images import as_input
from resilinet.expectation import Expected, scenario_accuracies
from resilinet.failures import FailureSetting, covering, is_share, scenario_key, scenarios
from resilinet.network import DistributedNetwork
from resilinet.routing import Route, inputs, routes
from resilinet.topology import is_count, shown
from resilinet.tracing import modes_kept

Inputs = Tensor | Mapping[str, Tensor]
"""Examples as a network takes them: one tensor for all sources, or one for each by its name."""

Plan = Mapping[str, Route]
"""The route to every node that receives something in one scenario (:func:`resilinet.routing.routes`)."""

KEPT = 2**26
"""Numbers that stages keep for one another at once, in a chunk of the default size: 256 MiB in float32."""


@torch.no_grad()
def correct_counts(
    network: DistributedNetwork,
    x: Inputs,
    y: Tensor,
    failed: Iterable[Collection[str]] | None = None,
    *,
    chunk: int | None = None,
) -> dict[str, int | None]:
    """How many examples are classified correctly in each scenario; None where no information reaches the cloud.

    Scenarios share what they have in common: equal routes to a node give equal tensors, so each (node, route) pair
    is computed once, 11 stages instead of 20 for four nodes in a chain under ResiliNet.

    Args:
        network: evaluated in eval mode on the device where it lies; each of its modules is left in the mode it was in.
        x: ``(N, *input_shape)`` or ``(N, S, *input_shape)`` of S sources, on any device, or one tensor for each source
            that is alive in some scenario; uint8 images become numbers a chunk at a time.
        y: ``(N,)`` class indices.
        failed: sets of failed nodes; None means every scenario of the topology.
        chunk: examples computed at once, which bounds memory; None means as many, up to 4096, as let the outputs
            that stages keep for one another stay within :data:`KEPT` numbers. What a single stage needs inside
            comes on top.

    Raises:
        ValueError: ``x`` is not of that shape or empty, ``y`` of another length, ``failed`` names a node that does not
            exist, or the network does not answer with class scores.
    """
    if chunk is not None and not is_count(chunk, 1):
        raise ValueError(f"{chunk!r} examples cannot be computed at once; give a whole number from 1.")
    planned, topology = plans(network, failed), network.topology
    reaching = [plan for plan in planned.values() if topology.cloud in plan]
    if not reaching:
        return dict.fromkeys(planned)
    x = network.check(x, frozenset().union(*planned.values()))
    total = len(sample(x))
    if not isinstance(y, Tensor) or y.shape != (total,):
        raise ValueError(f"{total} examples need a tensor of as many classes in one row, not {shown(y)}.")
    if y.is_floating_point() or y.is_complex():
        raise ValueError(f"classes are whole numbers from 0, not of {y.dtype}.")
    if not total:
        raise ValueError("there are no examples, and so no share of them that is classified correctly.")
    size = int(chunk or 0) or chunk_size(network, reaching, 4096)
    totals: dict[Route, int] = {plan[topology.cloud]: 0 for plan in reaching}
    with modes_kept(network):
        network.eval()
        parts = in_parts(network, x, lambda tensor: tensor.split(size))
        for x_part, y_part in zip(parts, y.split(size), strict=True):
            known: dict[tuple[str, Route], Tensor] = {}
            for plan in reaching:
                sent(network, plan, topology.cloud, x_part, known)
            for route in totals:
                totals[route] += right(known[topology.cloud, route], y_part)
    return {
        key: totals[plan[topology.cloud]] if topology.cloud in plan else None for key, plan in planned.items()
    }


def right(scores: Tensor, y: Tensor) -> int:
    """How many rows of class scores have their highest at the right class; none whose highest is no finite number.

    Raises:
        ValueError: these are no rows of class scores, one row an example, or a class has no score.
    """
    if scores.ndim != 2 or len(scores) != len(y) or scores.shape[1] < 2:
        raise ValueError(
            f"the network answers {len(y)} examples with a tensor of {tuple(scores.shape)}, but accuracy needs one row "
            "of two or more class scores for each."
        )
    classes = scores.shape[1]
    if not bool(((y >= 0) & (y < classes)).all()):
        raise ValueError(
            f"classes from {y.min()} to {y.max()} cannot be right where the network has scores for 0 to {classes - 1}."
        )
    highest, found = scores.max(1)
    return int(((found == y.to(found.device)) & highest.isfinite()).sum())


def plans(network: DistributedNetwork, failed: Iterable[Collection[str]] | None = None) -> dict[str, Plan]:
    """The routes of each scenario by its key; ``failed`` names the scenarios' failed nodes, None means every scenario.

    Raises:
        ValueError: ``failed`` names a node that does not exist.
    """
    topology, found = network.topology, dict[str, Plan]()
    for nodes in scenarios(topology) if failed is None else failed:
        alive = topology.everyone - topology.named(nodes)
        found[scenario_key(topology, nodes)] = routes(topology, alive, network.skips)
    return found


def sent(
    network: DistributedNetwork, plan: Plan, name: str, x: Inputs, known: dict[tuple[str, Route], Tensor]
) -> Tensor:
    """What node ``name`` sends under ``plan``; stages are taken from ``known``, and those not there are added."""
    pair = name, plan[name]
    if pair not in known:
        links = inputs(network.topology, *pair)
        received = [(link, sent(network, plan, link.source, x, known)) for link in links]
        known[pair] = network.stage(*pair, received, x)
    return known[pair]


def chunk_size(network: DistributedNetwork, reaching: Iterable[Plan], most: int) -> int:
    """How many examples, from 1 to ``most``, keep the outputs of all distinct stages within :data:`KEPT` numbers."""
    elements = network.elements()
    stages = {pair for plan in reaching for pair in plan.items()}
    return max(1, min(most, KEPT // max(1, sum(elements[name] for name, _ in stages))))


def sample(x: Inputs) -> Tensor:
    """The one tensor, or the first source's."""
    return x if isinstance(x, Tensor) else next(iter(x.values()))


def in_parts(
    network: DistributedNetwork, x: Inputs, cut: Callable[[Tensor], Sequence[Tensor]]
) -> Iterator[Inputs]:
    """Part after part of the examples, as the network takes them; those of every source are cut alike."""
    if isinstance(x, Tensor):
        yield from (network.by_source(ready(network, part)) for part in cut(x))
        return
    for parts in zip(*map(cut, x.values()), strict=True):
        yield {name: ready(network, part) for name, part in zip(x, parts, strict=True)}


def ready(network: DistributedNetwork, x: Tensor) -> Tensor:
    """Examples as the network takes them: on its device, in its precision, images stored as uint8 from 0 to 1."""
    parameter = next(network.parameters(), None)
    x = x if parameter is None else x.to(parameter.device)
    # Whole numbers other than images mean something to the network that was built for them.
    if x.dtype == torch.uint8 or (parameter is not None and x.is_floating_point()):
        x = as_input(x, torch.get_default_dtype() if parameter is None else parameter.dtype)
    return x


def expected_accuracy(
    network: DistributedNetwork,
    x: Inputs,
    y: Tensor,
    setting: FailureSetting,
    guess: float,
    *,
    bound: float = 0.0,
) -> Expected:
    """The expected accuracy of ``network`` on these examples, computing only the scenarios it needs.

    With a bound of 0 these are all that are possible, else the likeliest, until those left out have a probability of
    at most ``bound``; how probable they are is returned with the number.

    Args:
        network: any distributed network.
        x: ``(N, *input_shape)``.
        y: ``(N,)`` class indices.
        setting: how probable each node's failure is.
        guess: accuracy of a random guess, from 0 to 1, where no information reaches the cloud.
        bound: probability of the scenarios that may be left out.

    Raises:
        ValueError: too many nodes can fail to list every scenario, and ``bound`` is 0; or ``guess`` is no share.
    """
    if not is_share(guess):
        raise ValueError(
            f"a random guess cannot have an accuracy of {shown(guess)}; give a number from 0 to 1."
        )
    taken, remainder = covering(network.topology, setting, bound)
    counts = correct_counts(network, x, y, [failed for failed, _ in taken])
    accuracies = scenario_accuracies(counts, len(y), guess).values()
    value = math.fsum(p * share for (_, p), share in zip(taken, accuracies, strict=True))
    return Expected(value, remainder)


def accuracy(network: DistributedNetwork, x: Inputs, y: Tensor) -> float:
    """The share of examples classified correctly without failures, from 0 to 1; at most 8192 computed at once."""
    healthy: list[Collection[str]] = [frozenset()]
    chunk = chunk_size(network, plans(network, healthy).values(), 8192)
    counts = correct_counts(network, x, y, healthy, chunk=chunk)
    return (counts["none"] or 0) / len(y)
