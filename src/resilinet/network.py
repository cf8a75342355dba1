"""A neural network cut into partitions that live on physical nodes (section 2.1)."""

from __future__ import annotations

import copy
import hashlib
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.func import functional_call

from resilinet.picture import Picture
from resilinet.routing import Route, Skips, inputs, routes
from resilinet.topology import Hyperconnection, Topology, TopologyError, is_count, shown
from resilinet.tracing import modes_kept, own, trace


class DistributedNetwork(nn.Module):
    """Blocks placed on the physical nodes of a topology, fed over whichever hyperconnections are active.

    Liveness is an argument of :meth:`forward`: a failed node is never computed and its parameters are never read.
    Modules that work in place change a copy where another node reads what they are given.

    Args:
        blocks: the whole network as a flat list, upstream first. Nodes that host the same blocks side by side (a
            horizontal distribution) get copies of their own; where they differ, the block is an ``nn.ModuleDict`` that
            holds the module of each such node by its name.
        topology: which node hosts which blocks, and the hyperconnections between the nodes.
        input_shape: shape of one example, without the batch dimension; where sources differ, one for each by its name.
        skips: when skip hyperconnections are active, a member of :class:`resilinet.routing.Skips` or its value.
        adapters: for each skip hyperconnection whose tensor does not fit, by its key, the module at the receiver
            that makes it fit.
        weights: a factor for each hyperconnection, by its key; one where not named.
        learned: make the weights parameters.

    Attributes:
        input_shape: that of the only source, or of the first.
        input_shapes: of every source by its name.
        route_statistics: for a node and a route, the batch statistics that replace the running ones of the node's
            modules in eval mode, by their names there (``0.1.running_mean``); a pair that is missing, and every pair
            at first, computes with running statistics. Estimated by :mod:`resilinet.batch_statistics`; they follow
            the network to another device or precision, and are no part of its ``state_dict``.
        channels_last: whether images are computed with their channels last in memory, which every layer passes on and
            which is quicker for most convolutional networks; at first they stay as they are given.

    Raises:
        TopologyError: ``blocks`` is no list of as many modules as the topology asks for, or a hyperconnection brings a
            tensor that does not fit what its target expects.
        ValueError: ``skips`` is no rule, ``input_shape`` no shape, or a weight not finite.
    """

    def __init__(
        self,
        blocks: Sequence[nn.Module],
        topology: Topology,
        *,
        input_shape: Sequence[int] | Mapping[str, Sequence[int]],
        skips: Skips | str = Skips.ON_FAILURE,
        adapters: Mapping[str, nn.Module] | None = None,
        weights: Mapping[str, float] | None = None,
        learned: bool = False,
    ) -> None:
        """Place the blocks and check, without computing anything, that every tensor fits where it arrives."""
        super().__init__()
        adapters, weights = adapters or {}, weights or {}
        _check_names(blocks, topology, [*adapters, *weights])
        self.topology, self.skips = topology, Skips(skips)
        self.input_shapes = _shapes(input_shape, topology.sources)
        self.input_shape = self.input_shapes[topology.sources[0]]
        self.route_statistics: dict[tuple[str, Route], dict[str, Tensor]] = {}
        self.channels_last = False
        self.nodes = _placed(blocks, topology)
        self.adapters = nn.ModuleDict(dict(adapters))
        values = {key: float(weights.get(key, 1.0)) for key in sorted(link.key for link in topology.links)}
        for key, value in values.items():
            if not math.isfinite(value):
                raise ValueError(f"{value} is no weight of {key}; give a finite number.")
        self.fixed_weights = {} if learned else values
        self.learned_weights = nn.ParameterDict(
            {key: nn.Parameter(torch.tensor(value)) for key, value in values.items()} if learned else {}
        )
        with modes_kept(self):
            self.eval()
            received, sent = trace(self)
        self.received_shape, self.sent_shape = (
            {name: tuple(tensor.shape[1:]) for name, tensor in way.items()} for way in (received, sent)
        )
        self.received_dtype = {name: tensor.dtype for name, tensor in received.items()}

    def forward(
        self,
        x: Tensor | Mapping[str, Tensor],
        alive: Collection[str] | None = None,
        *,
        silent_nodes_send: bool = False,
    ) -> Tensor | None:
        """The prediction that leaves the cloud, or None when there is no information flow.

        Args:
            x: ``(B, *input_shape)``, given to every source, or one such tensor for each living source by name, or for
                every source stacked (:meth:`by_source`).
            alive: the nodes that are alive; None means all.
            silent_nodes_send: let a node that receives nothing compute on zeros, as the released training code does.

        Returns:
            ``(B, classes)`` logits, or None.

        Raises:
            ValueError: ``alive`` is no set of nodes that exist, or ``x`` is no tensor of that shape.
        """
        alive = self.topology.everyone if alive is None else self.topology.named(alive)
        x = self.check(self.by_source(x), alive)
        sent: dict[str, Tensor] = {}
        found = routes(self.topology, alive, self.skips, silent_nodes_send=silent_nodes_send)
        for name, route in found.items():
            links = inputs(self.topology, name, route)
            sent[name] = self.stage(name, route, [(link, sent[link.source]) for link in links], x)
        return sent.get(self.topology.cloud)

    def stage(
        self,
        name: str,
        route: Route,
        received: Sequence[tuple[Hyperconnection, Tensor]],
        x: Tensor | Mapping[str, Tensor],
    ) -> Tensor:
        """What node ``name`` sends on: its blocks applied to what arrives over ``route``.

        In eval mode the node normalises with the statistics of that route, where there are any.
        """
        statistics = None if self.training else self.route_statistics.get((name, route))
        node, total = self.nodes[name], self.arriving(name, received, x)
        out: Tensor = functional_call(node, statistics, (total,)) if statistics else node(total)
        return out

    def arriving(
        self, name: str, received: Sequence[tuple[Hyperconnection, Tensor]], x: Tensor | Mapping[str, Tensor]
    ) -> Tensor:
        """``X_j = sum_i w_ij Y_i`` over what node ``j`` receives (Eqs. 1, 2); a source's examples; zeros for nothing.

        The node may overwrite it: where it might, and where others read the same tensor, it is a copy.
        """
        if name in self.topology.sources:
            return own(self._laid(x[name] if isinstance(x, Mapping) else x), self.nodes[name])
        if not received:
            sample = next(iter(x.values()), torch.empty(0)) if isinstance(x, Mapping) else x
            return sample.new_zeros((len(sample), *self.received_shape[name]), dtype=self._dtype(name))
        arrived = [self._carry(link, self._laid(tensor)) for link, tensor in received]
        total = arrived[0] if len(received) > 1 else own(arrived[0], self.nodes[name])
        for tensor in arrived[1:]:
            total = total + tensor
        return total

    def by_source(self, x: Tensor | Mapping[str, Tensor]) -> Tensor | Mapping[str, Tensor]:
        """Split ``(B, S, *input_shape)``, what S sources sense of each example, by source; all else stays as it is.

        Sources are stacked in the order of ``topology.sources``. Each is given numbers that lie together in memory, as
        they would if it were a device of its own: where numbers lie decides how their sums round.
        """
        sources = self.topology.sources
        stacked = len(sources), *self.input_shape
        if not isinstance(x, Tensor) or tuple(x.shape[1:]) != stacked or len(sources) == 1:
            return x
        return dict(zip(sources, (part.contiguous() for part in x.unbind(1)), strict=True))

    def check(
        self, x: Tensor | Mapping[str, Tensor], alive: Collection[str] | None = None
    ) -> Tensor | dict[str, Tensor]:
        """What the living sources of ``x`` are given; ``None`` means that all are alive.

        Raises:
            ValueError: one of them is not given as many examples as the others, or not of its shape.
        """
        parts = self.by_source(x)
        sources = [name for name in self.topology.sources if alive is None or name in alive]
        parts = parts if isinstance(parts, Mapping) else dict.fromkeys(sources, parts)
        for name in sources:
            if name not in parts:
                found = ", ".join(map(str, parts)) or "none"
                raise ValueError(f"source {name!r} is given nothing; there are {found}.")
            shape, sides = tuple(parts[name].shape), ", ".join(map(str, self.input_shapes[name]))
            if not shape or shape[1:] != self.input_shapes[name]:
                raise ValueError(f"source {name!r} takes batches of shape (B, {sides}), not {shape}.")
        lengths = {name: len(parts[name]) for name in sources}
        if len(set(lengths.values())) > 1:
            found = ", ".join(f"{name!r} {length}" for name, length in lengths.items())
            raise ValueError(f"every source takes equally many examples, but they are given {found}.")
        return {name: parts[name] for name in sources} if isinstance(x, Mapping) else x

    def elements(self) -> dict[str, int]:
        """How many numbers each node sends for one example, from the real outputs of its modules."""
        return {name: math.prod(shape) for name, shape in self.sent_shape.items()}

    def digest(self) -> bytes:
        """SHA-256 over the topology and all that the network computes with: another answer means another digest."""
        keys = [link.key for link in self.topology.links]
        said = (
            self.topology.nodes,
            keys,
            self.skips,
            self.fixed_weights,
            self.input_shapes,
            self.channels_last,
        )
        digest, tensors = hashlib.sha256(repr(said).encode()), dict(self.state_dict())
        for (name, route), statistics in self.route_statistics.items():
            tensors |= {f"{name} {sorted(route)} {key}": value for key, value in statistics.items()}
        for name, tensor in sorted(tensors.items()):
            digest.update(f"{name}:{tensor.dtype}:{tuple(tensor.shape)}".encode())
            digest.update(tensor.cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
        return digest.digest()

    def picture(self, alive: Collection[str] | None = None) -> Picture:
        """The topology with parameters, numbers sent, the rule for skips, weights, failures, and where data flow.

        The parameters of a node are those of its blocks and of the adapters of what it receives.

        Args:
            alive: the nodes that are alive; None means all.

        >>> from resilinet.topology import vertical, with_skips
        >>> chain = with_skips(vertical({"a": 0, "b": 1, "c": 1}))
        >>> network = DistributedNetwork([nn.Linear(2, 2), nn.ReLU()], chain, input_shape=(2,), weights={"a->c": 0.5})
        >>> network.picture(alive={"a", "c"})
        Topology of 3 physical nodes and 2 blocks
          nodes: a (no block, sends 2 numbers), b (block 0, 6 parameters, sends 2 numbers),
            c (block 1, sends 2 numbers)
          simple hyperconnections: a->b->c
          skips, open on failure: a->c around b
          weights other than 1: a->c 0.5
          failed: b
          data flow: a->c

        Raises:
            ValueError: ``alive`` names a node that does not exist.
        """
        parameters = dict.fromkeys(self.topology.order, 0)
        for link in self.topology.links:
            if link.key in self.adapters:
                parameters[link.target] += sum(p.numel() for p in self.adapters[link.key].parameters())
        for name, node in self.nodes.items():
            parameters[name] += sum(p.numel() for p in node.parameters())
        learned = {key: weight.item() for key, weight in self.learned_weights.items() if not weight.is_meta}
        weights = {**self.fixed_weights, **learned}
        picture = self.topology.picture(alive, self.skips)
        return replace(picture, parameters=parameters, sent=self.elements(), weights=weights)

    def extra_repr(self) -> str:
        """The picture in words, ahead of the modules."""
        return self.picture().words()

    def _repr_html_(self) -> str:
        """The picture as SVG, for notebooks."""
        return self.picture().svg()

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Let the statistics of routes follow ``to()``, ``half()`` and their kin, as buffers do."""
        super()._apply(fn, recurse)
        self.route_statistics = {
            pair: {name: fn(tensor) for name, tensor in statistics.items()}
            for pair, statistics in self.route_statistics.items()
        }
        return self

    def _laid(self, tensor: Tensor) -> Tensor:
        """A tensor as :attr:`channels_last` wants it in memory, where examples and what came over a wire may not be."""
        images = self.channels_last and tensor.ndim == 4
        return tensor.contiguous(memory_format=torch.channels_last) if images else tensor

    def _carry(self, link: Hyperconnection, tensor: Tensor) -> Tensor:
        if link.key in self.adapters:
            adapter = self.adapters[link.key]
            tensor = adapter(own(tensor, adapter))
        if link.key in self.learned_weights:
            return tensor * self.learned_weights[link.key]
        weight = self.fixed_weights[link.key]
        # A factor of exactly one is left out, so that schemes that differ in nothing else agree bit for bit.
        return tensor if weight == 1.0 else tensor * weight

    @property
    def reference(self) -> Tensor:
        """A parameter that says where and in which precision the network computes; without any, an empty tensor."""
        return next((p for p in self.parameters() if p.is_floating_point()), torch.empty(0))

    def _dtype(self, name: str) -> torch.dtype:
        """The type of number that node ``name`` receives: that of the parameters, or whole ones."""
        received = self.received_dtype[name]
        return self.reference.dtype if received.is_floating_point else received


def _check_names(blocks: Sequence[nn.Module], topology: Topology, named: Iterable[str]) -> None:
    """Raise TopologyError where there is not a block for each of the topology's, or a name is no hyperconnection's."""
    lists: Any = Sequence | nn.Sequential | nn.ModuleList
    if not isinstance(blocks, lists) or not all(isinstance(block, nn.Module) for block in blocks):
        raise TopologyError(
            f"{shown(blocks)} is no list of blocks; give one of modules, such as list(model)."
        )
    if len(blocks) != topology.blocks:
        raise TopologyError(
            f"the topology hosts {topology.blocks} blocks, but the network has {len(blocks)}."
        )
    keys = sorted(link.key for link in topology.links)
    for name in named:
        if name not in keys:
            raise TopologyError(f"{name!r} is no hyperconnection of this topology; it has {', '.join(keys)}.")


def _placed(blocks: Sequence[nn.Module], topology: Topology) -> nn.ModuleDict:
    """The blocks on their nodes; of a block that several host, all but the first have copies.

    Raises:
        TopologyError: a node bears a name that PyTorch keeps for itself, or hosts a block that has no module for it.
    """
    nodes, placed = nn.ModuleDict(), set[int]()
    for node in topology.nodes:
        if hasattr(nodes, node.name):
            raise TopologyError(
                f"no physical node of a network can be called {node.name!r}: PyTorch keeps that name for itself."
            )
        hosted = []
        for k in range(node.start, node.stop):
            block = blocks[k]
            if isinstance(block, nn.ModuleDict):
                if node.name not in block:
                    raise TopologyError(
                        f"a block of {', '.join(block)} holds no module of {node.name!r}, which is to host it."
                    )
                hosted.append(block[node.name])
            else:
                hosted.append(copy.deepcopy(block) if k in placed else block)
            placed.add(k)
        nodes[node.name] = nn.Sequential(*hosted)
    return nodes


def _shapes(given: Any, sources: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """The shape of one example at each source."""
    by_source = given if isinstance(given, Mapping) else dict.fromkeys(sources, given)
    if set(by_source) != set(sources):
        raise ValueError(f"{shown(given)} is no shape for each source; give one for {', '.join(sources)}.")
    for shape in by_source.values():
        if not all(is_count(side, 1) for side in shape):
            raise ValueError(
                f"{shown(shape)} is no shape of one example; give whole numbers from 1, such as (8,)."
            )
    return {name: tuple(by_source[name]) for name in sources}
