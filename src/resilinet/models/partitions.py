"""The paper's three networks on their physical nodes: which node hosts how many blocks (Fig. 1, Table 2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from resilinet.topology import Topology, TopologyError, is_count, vertical, with_skips

Pairs = tuple[tuple[str, str], ...]

MLP_SKIPS: Pairs = (("i", "n2"), ("n1", "n3"), ("n2", "n4"))
MOBILENET_SKIPS: Pairs = (("i", "m2"), ("m1", "m3"))
RESNET_SKIPS: Pairs = (("i", "z2"), ("z1", "z3"))
"""The skip hyperconnections of each network; ``i`` is the IoT node, where data enters."""


def mlp(partition: tuple[int, ...] = (1, 2, 3, 4), skips: Pairs = MLP_SKIPS) -> Topology:
    """The MLP's nodes i, n1, n2, ... with their hidden layers; the output layer joins the last node.

    Args:
        partition: hidden layers on n1, n2, ...; the paper's are (1, 2, 3, 4) and, in Fig. 6, (2, 3, 2, 3), which
            it writes 1-2-3-2-3 because it counts the input, all that ``i`` holds, as a layer.
        skips: the skip hyperconnections that are present.

    Raises:
        TopologyError: the partition has no node or counts no layers, or a skip does not fit its nodes.
    """
    if not _are_counts(partition, 0) or not partition:
        raise TopologyError(
            f"{partition} is no partition of the MLP: give one or more whole numbers of hidden layers, from 0."
        )
    sizes = {"i": 0} | {f"n{k}": size for k, size in enumerate(partition, start=1)}
    sizes[f"n{len(partition)}"] += 1
    return with_skips(vertical(sizes), skips)


def mobilenet(partition: tuple[int, ...] = (1, 3, 5, 5), skips: Pairs = MOBILENET_SKIPS) -> Topology:
    """MobileNet's nodes i, m1, m2, m3 with their blocks, the first convolution counted; the head joins the last.

    Args:
        partition: blocks on each node; the paper's are (1, 3, 5, 5) and, in Fig. 6, (2, 2, 4, 6).
        skips: the skip hyperconnections that are present.

    Raises:
        TopologyError: the partition does not place the network's 14 blocks, at least one on each node, or a skip does
            not fit its nodes.
    """
    blocks = "the first convolution and 13 depthwise-separable blocks, which nothing cuts apart"
    return with_skips(vertical(_placed("MobileNet", "m", partition, 14, blocks)), skips)


def resnet(partition: tuple[int, ...] = (1, 2, 2, 4), skips: Pairs = RESNET_SKIPS) -> Topology:
    """ResNet-18's nodes i, z1, z2, z3 with their blocks, the stem counted; the head joins the last.

    Args:
        partition: blocks on each node; the paper counts layers, two in a residual block, and the head: 1-4-4-9.
        skips: the skip hyperconnections that are present.

    Raises:
        TopologyError: the partition does not place the network's 9 blocks, at least one on each node, or a skip does
            not fit its nodes.
    """
    blocks = "the stem and 8 residual blocks of two layers each, which nothing cuts apart"
    return with_skips(vertical(_placed("ResNet-18", "z", partition, 9, blocks)), skips)


TOPOLOGIES: Final[Mapping[str, Callable[[tuple[int, ...], Pairs], Topology]]] = {
    "mlp": mlp,
    "mobilenet": mobilenet,
    "resnet": resnet,
}
"""Every model of this package by its name, which is its module's, with what cuts it; found without PyTorch."""


def _are_counts(partition: object, least: int) -> bool:
    return isinstance(partition, Sequence) and all(is_count(size, least) for size in partition)


def _placed(network: str, letter: str, partition: tuple[int, ...], total: int, blocks: str) -> dict[str, int]:
    """The blocks on i and on the nodes behind it, the head included."""
    if not _are_counts(partition, 1) or len(partition) < 2 or sum(partition) != total:
        raise TopologyError(
            f"{partition} is no partition of {network}: give two or more counts from 1 that add up to {total}, "
            f"{blocks}."
        )
    names = ("i", *(f"{letter}{k}" for k in range(1, len(partition))))
    sizes = dict(zip(names, partition, strict=True))
    sizes[names[-1]] += 1
    return sizes
