"""Where the parameters of stacked networks lie: those of a replica in one row, each in the same place in every row."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from resilinet.network import DistributedNetwork

__all__ = ["ALIGNMENT", "Place", "Places", "plan", "put_back", "relocated", "rows", "view"]

ALIGNMENT = 32
"""Numbers: each parameter begins at a multiple of it, 64 bytes or 128, where the fast matrix products want it.

On a processor the order of a sum depends on it too, and so a replica's last bits would depend on whom it is beside.
"""


@dataclass(frozen=True)
class Place:
    """Where one parameter lies in the ``P`` numbers of a replica; a weight matrix lies there transposed.

    Attributes:
        owner: the physical node or the key of the hyperconnection that the parameter belongs to.
        start: of its first number.
        shape: as it lies there: ``(in, out)``, ``(out,)``, or ``()`` for the weight of a hyperconnection.
    """

    owner: str
    start: int
    shape: tuple[int, ...]

    @property
    def stop(self) -> int:
        """One past its last number."""
        return self.start + math.prod(self.shape)


Places = Mapping[str, Place]
"""By the parameters' names in their networks."""


def plan(networks: Sequence[DistributedNetwork]) -> dict[str, Place]:
    """A place for every parameter that some network has, those of one owner side by side.

    Raises:
        ValueError: a parameter has different shapes.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for network in networks:
        for name, parameter in network.named_parameters():
            shape = tuple(parameter.t().shape)
            if shapes.setdefault(name, shape) != shape:
                raise ValueError(
                    f"the replicas of an ensemble need the same sizes, but {name} has "
                    f"{shapes[name]} numbers in one and {shape} in another."
                )
    places: dict[str, Place] = {}
    start = 0
    for name in sorted(shapes, key=_owner):  # sorting is stable
        places[name] = Place(_owner(name), start, shapes[name])
        start = _aligned(places[name].stop)
    return places


def rows(networks: Sequence[DistributedNetwork], places: Places) -> Tensor:
    """``(R, P)`` float32: the parameters of each network in a row, with zeros in the gaps.

    Raises:
        ValueError: the networks lie on different devices.
    """
    devices = [next(network.parameters()).device for network in networks]
    found = torch.zeros(len(networks), _width(places), device=devices[0])
    for row, network, device in zip(found, networks, devices, strict=True):
        if device != devices[0]:
            raise ValueError(
                f"the replicas of an ensemble need one device, but there are {devices[0]} and {device}."
            )
        for name, parameter in network.named_parameters():
            _at(row, places[name]).copy_(parameter.detach().t())
    return found


@torch.no_grad()
def put_back(row: Tensor, network: DistributedNetwork, places: Places) -> None:
    """Copy a row, ``(P,)``, into the parameters of a network."""
    for name, parameter in network.named_parameters():
        parameter.copy_(_at(row, places[name]).t())


def view(flat: Tensor, place: Place) -> Tensor:
    """A parameter of all replicas, ``(R, *shape)``, in an ``(R, P)`` tensor."""
    return flat[:, place.start : place.stop].unflatten(1, place.shape or (1,))


def relocated(flat: Tensor, starts: Mapping[str, int], places: Places) -> Tensor:
    """Numbers that lay at ``starts``, ``(..., P')``, moved to ``places``, ``(..., P)``, with zeros in the gaps.

    Who is in an ensemble decides which parameters there are, and with that where each lies.
    """
    found = flat.new_zeros(*flat.shape[:-1], _width(places))
    for name, place in places.items():
        start = starts[name]
        found[..., place.start : place.stop] = flat[..., start : start + place.stop - place.start]
    return found


def _at(row: Tensor, place: Place) -> Tensor:
    """A parameter of one replica, of the shape of its place, in a ``(P,)`` tensor."""
    return row[place.start : place.stop].view(place.shape)


def _width(places: Places) -> int:
    return _aligned(max(place.stop for place in places.values()))


def _aligned(start: int) -> int:
    return -(-start // ALIGNMENT) * ALIGNMENT


def _owner(name: str) -> str:
    """The physical node or hyperconnection that a parameter belongs to, by the parameter's name in its network."""
    return name.split(".")[1]
