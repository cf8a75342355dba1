"""Batch statistics of routes as files keep them, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from resilinet.batch_statistics import Statistics
from resilinet.routing import Route


@dataclass(frozen=True)
class Cost:
    """What statistics by route add to the one set that every network with batch normalisation stores.

    Attributes:
        numbers: on each node that normalises, those of all its routes but one.
        bytes: what these take.
    """

    numbers: Mapping[str, int]
    bytes: Mapping[str, int]

    @property
    def total_numbers(self) -> int:
        """On all nodes together."""
        return sum(self.numbers.values())

    @property
    def total_bytes(self) -> int:
        """On all nodes together."""
        return sum(self.bytes.values())


def cost(statistics: Mapping[tuple[str, Route], Mapping[str, Tensor]]) -> Cost:
    """How much more each node stores than one set of statistics, which a network without routes has as well."""
    numbers: dict[str, int] = {}
    size: dict[str, int] = {}
    for (name, _), buffers in statistics.items():
        first = name not in numbers
        numbers[name] = 0 if first else numbers[name] + sum(t.numel() for t in buffers.values())
        size[name] = 0 if first else size[name] + sum(t.nbytes for t in buffers.values())
    return Cost(numbers, size)


def flat(statistics: Mapping[tuple[str, Route], Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Statistics under plain names, such as ``m2|i->m2|0.1.running_mean``, as files keep tensors."""
    return {
        f"{name}|{'+'.join(sorted(route))}|{buffer}": tensor
        for (name, route), buffers in statistics.items()
        for buffer, tensor in buffers.items()
    }


def from_flat(tensors: Mapping[str, Tensor]) -> Statistics:
    """The inverse of :func:`flat`."""
    found = Statistics()
    for plain, tensor in tensors.items():
        name, route, buffer = plain.split("|")
        found.setdefault((name, frozenset(route.split("+")) - {""}), {})[buffer] = tensor
    return found
