"""The paper's networks on their physical nodes: which node hosts how many blocks (Fig. 1, Table 2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from resilinet.topology import Hyperconnection, Node, Topology, TopologyError, is_count, vertical, with_skips

Pairs = tuple[tuple[str, str], ...]

MLP_SKIPS: Pairs = (("i", "n2"), ("n1", "n3"), ("n2", "n4"))
EXITS: Pairs = (("i", "answer"), ("n1", "answer"), ("n2", "answer"))
MOBILENET_SKIPS: Pairs = (("i", "m2"), ("m1", "m3"))
RESNET_SKIPS: Pairs = (("i", "z2"), ("z1", "z3"))
CAMERA_SKIPS: Pairs = (
    *((f"e{k}", "f2") for k in range(1, 5)),
    ("f3", "f1"),
    ("f4", "f1"),
    ("f2", "cloud"),
)
"""The skip hyperconnections of each network; ``i`` is the IoT node, where data enters."""

CAMERA_PARTITION = (1, 2, 2, 2, 3)
_CAMERA_LINKS = {
    **{"e1": ("c1", "c2"), "e2": ("c3",), "e3": ("c4", "c5"), "e4": ("c6",)},
    **{"f3": ("e1",), "f4": ("e2", "e3", "e4"), "f2": ("f3", "f4"), "f1": ("f2",), "cloud": ("f1",)},
}
"""From which nodes each node of the camera experiment receives."""


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


def early_exit(partition: tuple[int, ...] = (1, 2, 3, 4), skips: Pairs = EXITS) -> Topology:
    """The MLP's nodes, and behind the last a node ``answer``, without blocks, to which exits lead; else as :func:`mlp`.

    Raises:
        TopologyError: as for :func:`mlp`, or an exit does not lead to ``answer``.
    """
    chain = mlp(partition, ())
    if stray := [pair for pair in skips if pair[-1] != "answer"]:
        raise TopologyError(f"{stray[0]} is no exit: give pairs of a node and 'answer'.")
    reader = Node("answer", chain.blocks, chain.blocks)
    last = Hyperconnection(chain.cloud, reader.name)
    return with_skips(Topology((*chain.nodes, reader), (*chain.links, last)), skips)


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
    """ResNet-18's nodes i, z1, z2, z3 with their 9 blocks, the stem counted; else as :func:`mobilenet`.

    The paper counts layers, two in a residual block, and the head: 1-4-4-9.
    """
    blocks = "the stem and 8 residual blocks of two layers each, which nothing cuts apart"
    return with_skips(vertical(_placed("ResNet-18", "z", partition, 9, blocks)), skips)


def camera(partition: tuple[int, ...] = CAMERA_PARTITION, skips: Pairs = CAMERA_SKIPS) -> Topology:
    """Six cameras c1..c6, edge nodes e1..e4, fog nodes f4..f1 and the cloud, in the chart data of Figs. 2 and 3 alone.

    Both horizontal (cameras, edge nodes, f3 beside f4) and vertical. An edge node sums up the raw images that it
    receives. The partition is the paper's alone: dense layers on an edge node, on f3 and f4, on f2, on f1 and on the
    cloud, where the classifier joins them; f3 leaves out the second of its two. Else as :func:`mobilenet`.
    """
    if not _are_counts(partition, 1) or tuple(partition) != CAMERA_PARTITION:
        raise TopologyError(f"{partition} is no partition of the camera network: give {CAMERA_PARTITION}.")
    nodes = (
        *(Node(f"c{k}", 0, 0) for k in range(1, 7)),
        *(Node(f"e{k}", 0, 1) for k in range(1, 5)),
        *(Node("f3", 1, 3), Node("f4", 1, 3), Node("f2", 3, 5), Node("f1", 5, 7), Node("cloud", 7, 11)),
    )
    links = (Hyperconnection(a, b) for b, senders in _CAMERA_LINKS.items() for a in senders)
    return with_skips(Topology(nodes, tuple(links)), skips)


TOPOLOGIES: Final[Mapping[str, Callable[[tuple[int, ...], Pairs], Topology]]] = {
    "mlp": mlp,
    "early_exit": early_exit,
    "mobilenet": mobilenet,
    "resnet": resnet,
    "camera": camera,
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
