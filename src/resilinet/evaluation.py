"""Correct counts in every failure scenario, each distinct stage of the network computed once."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping

import torch
from torch import Tensor

from resilinet.data.images import as_input
from resilinet.expectation import Expected, scenario_accuracies
from resilinet.failures import FailureSetting, covering, scenario_key, scenarios
from resilinet.network import DistributedNetwork
from resilinet.routing import Route, inputs, routes

Plan = Mapping[str, Route]
"""The route to every node that hears something in one scenario (:func:`resilinet.routing.routes`)."""

KEPT = 2**26
"""Numbers that stages keep for one another at once, in a chunk of the default size: 256 MiB in float32."""


@torch.no_grad()
def correct_counts(
    network: DistributedNetwork,
    x: Tensor,
    y: Tensor,
    dead: Iterable[Collection[str]] | None = None,
    *,
    chunk: int | None = None,
) -> dict[str, int | None]:
    """How many examples are classified correctly in each scenario; None where no information reaches the cloud.

    Scenarios share what they have in common: equal routes to a node give equal tensors, so each (node, route) pair
    is computed once, 11 stages instead of 20 for four nodes in a chain under ResiliNet.

    Args:
        network: evaluated in eval mode on the device where it lies, left in the mode it was in.
        x: ``(N, *input_shape)``, or ``(N, S, *input_shape)`` of S sources, on any device; uint8 images become numbers
            a chunk at a time.
        y: ``(N,)`` class indices.
        dead: sets of dead nodes; None means every scenario of the topology.
        chunk: examples computed at once, which bounds memory; None means as many, up to 4096, as let the outputs
            that stages keep for one another stay within :data:`KEPT` numbers. What a single stage needs inside
            comes on top.

    Raises:
        ValueError: ``x`` is not of that shape, ``y`` of another length, or ``dead`` names a node that does not exist.
    """
    network.check(x)
    if y.shape != x.shape[:1]:
        raise ValueError(
            f"{len(x)} examples need as many classes in one row, not a tensor of {tuple(y.shape)}."
        )
    topology = network.topology
    planned = plans(network, dead)
    reaching = [plan for plan in planned.values() if topology.cloud in plan]
    size = chunk or chunk_size(network, reaching, 4096)
    was_training = network.training
    network.eval()
    totals: dict[Route, int] = {plan[topology.cloud]: 0 for plan in reaching}
    for x_part, y_part in zip(x.split(size), y.split(size), strict=True):
        given, y_part = ready(network, x_part), y_part.to(device(network, x))
        known: dict[tuple[str, Route], Tensor] = {}
        for plan in reaching:
            sent(network, plan, topology.cloud, given, known)
        for route in totals:
            totals[route] += int((known[topology.cloud, route].argmax(1) == y_part).sum())
    network.train(was_training)
    return {
        key: totals[plan[topology.cloud]] if topology.cloud in plan else None for key, plan in planned.items()
    }


def plans(network: DistributedNetwork, dead: Iterable[Collection[str]] | None = None) -> dict[str, Plan]:
    """The routes of each scenario by its key; ``dead`` names the scenarios' dead nodes, None means every scenario.

    Raises:
        ValueError: ``dead`` names a node that does not exist.
    """
    topology = network.topology
    return {
        scenario_key(topology, nodes): routes(topology, topology.everyone - set(nodes), network.skips)
        for nodes in (scenarios(topology) if dead is None else dead)
    }


def sent(
    network: DistributedNetwork,
    plan: Plan,
    name: str,
    x: Tensor | Mapping[str, Tensor],
    known: dict[tuple[str, Route], Tensor],
) -> Tensor:
    """What node ``name`` sends under ``plan``; stages are taken from ``known``, and those not there are added."""
    pair = name, plan[name]
    if pair not in known:
        heard = [
            (link, sent(network, plan, link.source, x, known)) for link in inputs(network.topology, *pair)
        ]
        known[pair] = network.stage(*pair, heard, x)
    return known[pair]


def chunk_size(network: DistributedNetwork, reaching: Iterable[Plan], most: int) -> int:
    """How many examples, from 1 to ``most``, keep the outputs of all distinct stages within :data:`KEPT` numbers."""
    elements = network.elements()
    stages = {pair for plan in reaching for pair in plan.items()}
    return max(1, min(most, KEPT // max(1, sum(elements[name] for name, _ in stages))))


def device(network: DistributedNetwork, x: Tensor) -> torch.device:
    """Where the network lies; where ``x`` lies for a network without parameters."""
    return next(network.parameters(), x).device


def ready(network: DistributedNetwork, x: Tensor) -> Tensor | Mapping[str, Tensor]:
    """Examples as the network takes them: on its device, in its precision, images stored as uint8 from 0 to 1."""
    parameter = next(network.parameters(), None)
    x = x.to(device(network, x))
    # Whole numbers other than images mean something to the network that was built for them.
    if x.dtype == torch.uint8 or (parameter is not None and x.is_floating_point()):
        x = as_input(x, torch.get_default_dtype() if parameter is None else parameter.dtype)
    return network.by_source(x)


def expected_accuracy(
    network: DistributedNetwork,
    x: Tensor,
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
        ValueError: too many nodes can fail to list every scenario, and ``bound`` is 0.
    """
    taken, remainder = covering(network.topology, setting, bound)
    counts = correct_counts(network, x, y, [dead for dead, _ in taken])
    accuracies = scenario_accuracies(counts, len(y), guess).values()
    value = math.fsum(p * share for (_, p), share in zip(taken, accuracies, strict=True))
    return Expected(value, remainder)


def accuracy(network: DistributedNetwork, x: Tensor, y: Tensor) -> float:
    """The share of examples classified correctly without failures, from 0 to 1; at most 8192 computed at once."""
    healthy: list[Collection[str]] = [frozenset()]
    chunk = chunk_size(network, plans(network, healthy).values(), 8192)
    counts = correct_counts(network, x, y, healthy, chunk=chunk)
    return (counts["none"] or 0) / len(y)
