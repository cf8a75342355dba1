"""The paper's three networks on their physical nodes: which node hosts how many blocks (Fig. 1, Table 2)."""

from __future__ import annotations

from resilinet.topology import Topology, vertical, with_skips

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
    """
    sizes = {"i": 0} | {f"n{k}": size for k, size in enumerate(partition, start=1)}
    sizes[f"n{len(partition)}"] += 1
    return with_skips(vertical(sizes), skips)


def mobilenet(partition: tuple[int, ...] = (1, 3, 5, 5), skips: Pairs = MOBILENET_SKIPS) -> Topology:
    """MobileNet's nodes i, m1, m2, m3 with their blocks, the first convolution counted; the head joins the last.

    Args:
        partition: blocks on each node; the paper's are (1, 3, 5, 5) and, in Fig. 6, (2, 2, 4, 6).
        skips: the skip hyperconnections that are present.
    """
    sizes = dict(zip(("i", *(f"m{k}" for k in range(1, len(partition)))), partition, strict=True))
    sizes[f"m{len(partition) - 1}"] += 1
    return with_skips(vertical(sizes), skips)


def resnet(skips: Pairs = RESNET_SKIPS) -> Topology:
    """ResNet-18: the stem on i, two residual blocks each on z1 and z2, four and the head on z3.

    The paper counts layers, two in a block: 1-4-4-9.
    """
    return with_skips(vertical({"i": 1, "z1": 2, "z2": 2, "z3": 5}), skips)
