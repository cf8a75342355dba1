"""What a node receives while other nodes are failed, as its first batch normalisation sees it, in a histogram."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from resilinet.atomic_files import whole_file
from resilinet.network import DistributedNetwork

EDGES: Final = tuple(round(0.1 * k, 1) for k in range(-50, 51))
"""Of the histogram's bins; what lies beyond counts in the outermost ones."""
ALL: Final = "none"
"""The scenario in which no node is failed."""


@dataclass(frozen=True)
class Received:
    """The values behind the first batch normalisation of a node, before its scale and shift.

    Attributes:
        trial: identity of the run whose network it is.
        node: whose.
        examples: test examples that went through the network.
        counts: values in each bin of :data:`EDGES`, by kind of batch statistics and by failed node.
        mean: of all values, likewise; 0 where the statistics fit what arrives.
        deviation: their standard deviation, likewise; 1 where they fit.
        provenance: commit and machine that measured it.
    """

    trial: str
    node: str
    examples: int
    counts: dict[str, dict[str, list[int]]]
    mean: dict[str, dict[str, float]]
    deviation: dict[str, dict[str, float]]
    provenance: dict[str, Any]


@torch.no_grad()
def normalised(network: DistributedNetwork, x: Tensor, node: str, failed: Iterable[str]) -> Tensor:
    """What the first batch normalisation of a node makes of what it receives, before its scale and shift.

    Args:
        network: trained, in eval mode; its statistics of each route are used where it has any.
        x: examples ``(B, *input_shape)``.
        node: a physical node that normalises.
        failed: the nodes that have failed.

    Returns:
        A tensor shaped as what arrives there.

    Raises:
        ValueError: the node has no batch normalisation, or receives nothing.
    """
    found: list[Tensor] = []

    def keep(norm: nn.modules.batchnorm._BatchNorm, given: tuple[Tensor]) -> None:
        assert norm.running_mean is not None
        assert norm.running_var is not None
        shape = (1, -1, *[1] * (given[0].ndim - 2))
        spread = (norm.running_var + norm.eps).sqrt().view(shape)
        found.append((given[0] - norm.running_mean.view(shape)) / spread)

    norms = [m for m in network.nodes[node].modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    if not norms:
        raise ValueError(f"{node!r} has no batch normalisation.")
    handle = norms[0].register_forward_pre_hook(keep)
    try:
        network(x, alive=network.topology.everyone - set(failed))
    finally:
        handle.remove()
    if not found:
        raise ValueError(f"{node!r} receives nothing while {', '.join(failed)} failed.")
    return found[0]


def measure(
    network: DistributedNetwork, x: Tensor, node: str, failed: str, trial: str, provenance: dict[str, Any]
) -> Received:
    """Histograms of :func:`normalised` with no failure and with one failed node, by both kinds of batch statistics."""
    by_route = network.route_statistics
    counts: dict[str, dict[str, list[int]]] = {}
    mean: dict[str, dict[str, float]] = {}
    deviation: dict[str, dict[str, float]] = {}
    try:
        for kind, statistics in (("running", {}), ("per-route", by_route)):
            network.route_statistics = statistics
            counts[kind], mean[kind], deviation[kind] = {}, {}, {}
            for key in (ALL, failed):
                values = normalised(network, x, node, () if key == ALL else (key,)).double().flatten()
                inside = values.clamp(EDGES[0], EDGES[-1]).numpy()
                counts[kind][key] = np.histogram(inside, np.array(EDGES))[0].tolist()
                mean[kind][key] = float(values.mean())
                deviation[kind][key] = float(values.std())
    finally:
        network.route_statistics = by_route
    return Received(trial, node, len(x), counts, mean, deviation, provenance)


def write(received: Received, path: Path) -> None:
    """Write it as JSON; the file appears whole or not at all."""
    with whole_file(path) as partial:
        partial.write_text(json.dumps(asdict(received), allow_nan=False) + "\n", encoding="utf-8")


def read(path: Path) -> Received:
    """What :func:`write` wrote.

    Raises:
        ValueError: the file is missing, or not such a histogram.
    """
    try:
        received = Received(**json.loads(path.read_text(encoding="utf-8")))
        widths = {len(bins) for kind in received.counts.values() for bins in kind.values()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: no histogram of what a node receives ({error}).") from None
    if widths != {len(EDGES) - 1}:
        raise ValueError(f"{path}: no histogram of what a node receives (its bins are others).")
    return received
