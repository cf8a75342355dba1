"""Replicas of one multilayer perceptron side by side: each layer of all of them is one batched matrix product."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from resilinet.network import DistributedNetwork
from resilinet.routing import inputs, routes
from resilinet.stacked_parameters import plan, put_back, rows, view
from resilinet.topology import Topology


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
        places: where each parameter lies in a row, by its name.
        topology: the physical nodes with every hyperconnection that some replica has.
        columns: physical nodes, then keys of hyperconnections: what the last dimension of ``active`` tensors means.
        masters: ``(R, P)`` float32, every parameter of a replica in a row: see :mod:`resilinet.stacked_parameters`.
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
        self.places = plan(networks)
        self.masters = rows(networks, self.places)
        self.dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        self._working = self.masters if precision == "float32" else self.masters.to(self.dtype)
        self.gradient = torch.zeros_like(self.masters)
        # Leaves of the graph are views of one tensor: a step, a rounding or a copy of all is then one operation.
        self._leaves = {
            name: view(self._working, place).detach().requires_grad_() for name, place in self.places.items()
        }
        self._gradients = [view(self.gradient, place) for place in self.places.values()]
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

    def put_back(self, numbers: Tensor) -> None:
        """Copy ``numbers``, ``(R, P)`` as in :attr:`masters`, into the networks that the replicas were made from."""
        for row, network in zip(numbers, self.networks, strict=True):
            put_back(row, network, self.places)

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
