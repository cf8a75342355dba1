"""Replicas of one multilayer perceptron side by side: each layer of all of them is one batched matrix product."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from resilinet.network import DistributedNetwork
from resilinet.routing import inputs, routes
from resilinet.topology import Topology

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


class StackedNetwork:
    """``R`` networks that differ in their numbers, skips and hyperconnection weights, but not in their sizes.

    All replicas are computed on the union of their hyperconnections. One that a replica lacks, or that is closed to
    it in this batch, brings it exactly zero: the value is chosen, not multiplied, so that what is not finite in a
    failed-out node stays there. Failed-out nodes are computed, but nobody hears them, and their gradient is zero, as
    in :class:`resilinet.training.MasterWeights`. No tensor is read back from the device.

    Args:
        networks: on one device, float32; copied, never changed but by :meth:`put_back`.
        precision: ``float32``, or ``bfloat16`` to compute with rounded copies of float32 master weights.

    Attributes:
        topology: the physical nodes with every hyperconnection that some replica has.
        columns: physical nodes, then keys of hyperconnections: what the last dimension of ``active`` tensors means.
        masters: ``(R, P)`` float32, every parameter of a replica in a row, those of one owner side by side, with
            zeros in the gaps.
        gradient: ``(R, P)`` float32, what :meth:`backward` found last.

    Raises:
        ValueError: the networks have different sizes, lie on different devices, or one is no MLP.
    """

    def __init__(self, networks: Sequence[DistributedNetwork], precision: str) -> None:
        """Copy the networks' parameters into one tensor."""
        self.networks = tuple(networks)
        self.topology = union([network.topology for network in networks])
        self.columns = (*self.topology.order, *(link.key for link in self.topology.links))
        self.column = {name: number for number, name in enumerate(self.columns)}
        self._modules = {name: self._layers(f"nodes.{name}") for name in self.topology.order}
        self._modules |= {
            link.key: self._layers(f"adapters.{link.key}")
            for link in self.topology.links
            if any(link.key in network.adapters for network in networks)
        }
        self.places = self._plan()
        device = next(networks[0].parameters()).device
        width = aligned(max(place.stop for place in self.places.values()))
        self.masters = torch.zeros(len(networks), width, device=device)
        for row, network in zip(self.masters, networks, strict=True):
            self._take(row, network)
        self.dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        self._working = self.masters if precision == "float32" else self.masters.to(self.dtype)
        self.gradient = torch.zeros_like(self.masters)
        # Leaves of the graph are views of one tensor: a step, a rounding or a copy of all is then one operation.
        self._leaves = {
            name: self._view(self._working, place).detach().requires_grad_()
            for name, place in self.places.items()
        }
        self._gradients = [self._view(self.gradient, place) for place in self.places.values()]
        self._owned: dict[str, tuple[int, int]] = {}
        for place in self.places.values():
            self._owned[place.owner] = (self._owned.get(place.owner, (place.start, 0))[0], place.stop)
        self._factors = {
            link.key: self._factor(link.key) for link in self.topology.links if not self._all_one(link.key)
        }
        self._known: list[dict[tuple[frozenset[str], bool], list[bool]]] = [{} for _ in networks]

    def active(self, replica: int, alive: frozenset[str], *, silent_nodes_send: bool) -> list[bool]:
        """For each of :attr:`columns`: whether the node sends anything, whether the hyperconnection carries anything.

        The cloud's entry says whether there is information flow. Known answers are kept, for there are few.
        """
        known, asked = self._known[replica], (alive, silent_nodes_send)
        if asked not in known:
            network = self.networks[replica]
            found = routes(network.topology, alive, network.skips, silent_nodes_send=silent_nodes_send)
            carrying = {
                link.key for name, route in found.items() for link in inputs(network.topology, name, route)
            }
            known[asked] = [name in found or name in carrying for name in self.columns]
        return known[asked]

    def forward(self, x: Tensor, active: Tensor) -> Tensor:
        """The prediction that leaves each replica's cloud.

        Args:
            x: ``(R, B, features)`` in the working precision, to each replica its own batch.
            active: ``(R, columns)`` bool, from :meth:`active`.

        Returns:
            ``(R, B, classes)`` logits; without meaning where a replica has no information flow.
        """
        sent: dict[str, Tensor] = {}
        for name in self.topology.order:
            total = x
            for number, link in enumerate(self.topology.incoming[name]):
                arrived = self._apply(link.key, sent[link.source])
                if link.key in self._factors:
                    arrived = (arrived * self._weight(link.key)).to(self.dtype)
                carried = active[:, self.column[link.key], None, None]
                arrived = torch.where(carried, arrived, 0.0)
                total = total + arrived if number else arrived
            sent[name] = self._apply(name, total)
        return sent[self.topology.cloud]

    def backward(self, loss: Tensor, active: Tensor) -> None:
        """Put the gradient of ``loss``, a sum over replicas, into :attr:`gradient`: zero for whoever was failed out."""
        found = torch.autograd.grad(loss, list(self._leaves.values()))
        torch._foreach_copy_(self._gradients, list(found))
        for owner, (start, stop) in self._owned.items():
            # Zero already but for parameters that are not finite, and those are no reason to spoil their neighbours.
            self.gradient[:, start:stop].masked_fill_(~active[:, self.column[owner], None], 0.0)

    @torch.no_grad()
    def publish(self) -> None:
        """Round the masters into the working copy, where there is one."""
        if self._working is not self.masters:
            self._working.copy_(self.masters)

    @torch.no_grad()
    def put_back(self, replica: int, numbers: Tensor) -> None:
        """Copy ``numbers``, ``(P,)`` as in :attr:`masters`, into the network that the replica was made from."""
        for name, parameter in self.networks[replica].named_parameters():
            place = self.places[name]
            parameter.copy_(numbers[place.start : place.stop].view(place.shape).t())

    def _layers(self, prefix: str) -> list[str | None]:
        """Names of the linear layers of a node or adapter, in order; None stands for a rectifier.

        Raises:
            ValueError: it is made of anything else, or not of the same in all networks.
        """
        whole = [dict(network.named_modules()) for network in self.networks]
        found: list[list[str | None]] = []
        for modules in (modules for modules in whole if prefix in modules):
            layers: list[str | None] = []
            for name, module in modules[prefix].named_modules(prefix=prefix):
                if isinstance(module, nn.Linear) and module.bias is not None:
                    layers.append(name)
                elif isinstance(module, nn.ReLU):
                    layers.append(None)
                elif not isinstance(module, nn.Sequential):
                    raise ValueError(
                        f"only an MLP can be trained as one ensemble: {name} is a {type(module).__name__}, "
                        "and linear layers with biases and rectifiers are allowed."
                    )
            found.append(layers)
        if any(layers != found[0] for layers in found):
            raise ValueError(
                f"the replicas of an ensemble need the same sizes, but {prefix} differs in layers."
            )
        return found[0]

    def _plan(self) -> dict[str, Place]:
        """A place for every parameter that some network has, those of one owner side by side.

        Raises:
            ValueError: a parameter has different shapes.
        """
        shapes: dict[str, tuple[int, ...]] = {}
        for network in self.networks:
            for name, parameter in network.named_parameters():
                shape = tuple(parameter.t().shape)
                if shapes.setdefault(name, shape) != shape:
                    raise ValueError(
                        f"the replicas of an ensemble need the same sizes, but {name} has "
                        f"{shapes[name]} numbers in one and {shape} in another."
                    )
        places: dict[str, Place] = {}
        start = 0
        for name in sorted(shapes, key=owner):  # sorting is stable
            places[name] = Place(owner(name), start, shapes[name])
            start = aligned(places[name].stop)
        return places

    def _take(self, row: Tensor, network: DistributedNetwork) -> None:
        """Copy a network's parameters into ``row``, ``(P,)``."""
        if next(network.parameters()).device != row.device:
            raise ValueError(
                f"the replicas of an ensemble need one device, but there are {row.device} and "
                f"{next(network.parameters()).device}."
            )
        for name, parameter in network.named_parameters():
            place = self.places[name]
            row[place.start : place.stop].view(place.shape).copy_(parameter.detach().t())

    def _view(self, flat: Tensor, place: Place) -> Tensor:
        """A parameter of all replicas, ``(R, *shape)``, in an ``(R, P)`` tensor."""
        return flat[:, place.start : place.stop].unflatten(1, place.shape or (1,))

    def _apply(self, name: str, x: Tensor) -> Tensor:
        """The layers of a node or of the adapter of a hyperconnection; what has none passes ``x`` on."""
        for layer in self._modules.get(name, []):
            if layer is None:
                x = x.relu()
            else:
                bias, weight = self._leaves[f"{layer}.bias"], self._leaves[f"{layer}.weight"]
                x = torch.baddbmm(bias[:, None], x, weight)
        return x

    def _all_one(self, key: str) -> bool:
        return all(network.fixed_weights.get(key, 1.0) == 1.0 for network in self.networks) and (
            f"learned_weights.{key}" not in self.places
        )

    def _factor(self, key: str) -> tuple[Tensor, Tensor]:
        """Of each replica whether the weight is learned, and what it is if not, both ``(R, 1)``; one where absent."""
        device = self.masters.device
        learned = [[key in network.learned_weights] for network in self.networks]
        fixed = [[network.fixed_weights.get(key, 1.0)] for network in self.networks]
        return torch.tensor(learned, device=device), torch.tensor(fixed, device=device)

    def _weight(self, key: str) -> Tensor:
        """The weight of a hyperconnection, ``(R, 1, 1)`` float32, in which a product with it is rounded once."""
        learned, fixed = self._factors[key]
        leaf = self._leaves.get(f"learned_weights.{key}")
        return (fixed if leaf is None else torch.where(learned, leaf.float(), fixed))[:, :, None]


def aligned(start: int) -> int:
    """The next multiple of :data:`ALIGNMENT`."""
    return -(-start // ALIGNMENT) * ALIGNMENT


def owner(name: str) -> str:
    """The physical node or hyperconnection that a parameter belongs to, by the parameter's name in its network."""
    return name.split(".")[1]


def union(topologies: Sequence[Topology]) -> Topology:
    """The physical nodes that all topologies share, with every hyperconnection of any.

    Raises:
        ValueError: the nodes differ.
    """
    for topology in topologies:
        if topology.nodes != topologies[0].nodes:
            raise ValueError(
                "the replicas of an ensemble need the same partition, but one has "
                f"{described(topologies[0])} and another {described(topology)}."
            )
    links = dict.fromkeys(link for topology in topologies for link in topology.links)
    return Topology(topologies[0].nodes, tuple(sorted(links, key=lambda link: link.is_skip)))


def described(topology: Topology) -> str:
    """The blocks of each node, for messages."""
    return ", ".join(f"{node.name}: {node.stop - node.start}" for node in topology.nodes)
