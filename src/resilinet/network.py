"""A neural network cut into partitions that live on physical nodes (section 2.1)."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.func import functional_call

from resilinet.messages import brief
from resilinet.picture import Picture
from resilinet.routing import Route, Skips, inputs, routes
from resilinet.topology import Hyperconnection, Topology, TopologyError, is_count, shown

OWN_TENSORS = (nn.Linear, nn.modules.conv._ConvNd, nn.modules.batchnorm._BatchNorm)
"""Layers that always give a new tensor, so that what comes after them cannot reach what they were given."""


class DistributedNetwork(nn.Module):
    """Blocks placed on the physical nodes of a topology, fed over whichever hyperconnections are active.

    Liveness is an argument of :meth:`forward`: a dead node is never computed and its parameters are never read.
    Modules that work in place change a copy where somebody else reads what they are given.

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
        memory_format: the order of the numbers of an image, at first that in which it is given. Every layer passes it
            on; ``torch.channels_last`` is quicker for most convolutional networks.

    Raises:
        TopologyError: the topology asks for more or fewer blocks than there are, one of them is no module, or a
            hyperconnection brings a tensor that does not fit what its target expects.
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
        for given, kind, what in (
            (topology, Topology, "no topology; give one, such as vertical({'i': 1, 'n1': 2})"),
            (
                blocks,
                Sequence | nn.Sequential | nn.ModuleList,
                "no list of blocks; give one, such as list(model)",
            ),
            (adapters or {}, Mapping, "no mapping from hyperconnections to adapters"),
            (weights or {}, Mapping, "no mapping from hyperconnections to weights"),
            (learned, bool, "neither True nor False, one of which says whether weights are learned"),
        ):
            if not isinstance(given, kind):
                raise TopologyError(f"{shown(given)} is {what}.")
        for module in [*blocks, *(adapters or {}).values()]:
            if not isinstance(module, nn.Module):
                raise TopologyError(f"{shown(module)} is no block and no adapter; give an nn.Module.")
        if len(blocks) != topology.blocks:
            raise TopologyError(
                f"the topology hosts {topology.blocks} blocks, but the network has {len(blocks)}."
            )
        self.topology, self.skips = topology, Skips(skips)
        self.input_shapes = _shapes(input_shape, topology.sources)
        self.input_shape = self.input_shapes[topology.sources[0]]
        self.route_statistics: dict[tuple[str, Route], dict[str, Tensor]] = {}
        self.memory_format = torch.preserve_format
        placed: set[int] = set()
        self.nodes = nn.ModuleDict()
        for node in topology.nodes:
            if hasattr(self.nodes, node.name):
                raise TopologyError(
                    f"no physical node of a network can be called {node.name!r}: PyTorch keeps that name for itself."
                )
            hosted = range(node.start, node.stop)
            self.nodes[node.name] = nn.Sequential(
                *(_hosted(blocks[k], node.name, copied=k in placed) for k in hosted)
            )
            placed.update(hosted)
        keys = {link.key for link in topology.links}
        for name in [*(adapters or {}), *(weights or {})]:
            if name not in keys:
                raise TopologyError(
                    f"{name!r} is no hyperconnection of this topology; it has {', '.join(sorted(keys))}."
                )
        self.adapters = nn.ModuleDict(dict(adapters or {}))
        values = {key: float((weights or {}).get(key, 1.0)) for key in sorted(keys)}
        for key, value in values.items():
            if not math.isfinite(value):
                raise ValueError(f"{value} is no weight of {key}; give a finite number.")
        self.fixed_weights = {} if learned else values
        self.learned_weights = nn.ParameterDict(
            {key: nn.Parameter(torch.tensor(value)) for key, value in values.items()} if learned else {}
        )
        with modes_kept(self):
            self.eval()
            heard, sent = self.trace()
        self.heard_shape, self.sent_shape = (
            {name: tuple(tensor.shape[1:]) for name, tensor in way.items()} for way in (heard, sent)
        )
        self.heard_dtype = {name: tensor.dtype for name, tensor in heard.items()}

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
            silent_nodes_send: let a node that hears nothing compute on zeros, as the released training code does.

        Returns:
            ``(B, classes)`` logits, or None.

        Raises:
            ValueError: ``alive`` is no set of nodes that exist, or ``x`` is no tensor of that shape, or of a type
                with which the network cannot compute.
        """
        alive = self.topology.everyone if alive is None else self.topology.named(alive)
        x = self.check(self.by_source(x), alive)
        sent: dict[str, Tensor] = {}
        for name, route in routes(
            self.topology, alive, self.skips, silent_nodes_send=silent_nodes_send
        ).items():
            links = inputs(self.topology, name, route)
            sent[name] = self.stage(name, route, [(link, sent[link.source]) for link in links], x)
        return sent.get(self.topology.cloud)

    def stage(
        self,
        name: str,
        route: Route,
        heard: Sequence[tuple[Hyperconnection, Tensor]],
        x: Tensor | Mapping[str, Tensor],
    ) -> Tensor:
        """What node ``name`` sends on: its blocks applied to what arrives over ``route``.

        In eval mode the node normalises with the statistics of that route, where there are any: it knows who is
        alive, and with that the route.

        Raises:
            ValueError: the network cannot compute with the type of ``x``.
        """
        statistics = None if self.training else self.route_statistics.get((name, route))
        try:
            node, total = self.nodes[name], self.arriving(name, heard, x)
            out: Tensor = functional_call(node, statistics, (total,)) if statistics else node(total)
        except RuntimeError as error:
            # Only now: blocks may take whole numbers, or numbers of another precision, and convert them themselves.
            given = x if isinstance(x, Mapping) else dict.fromkeys(self.topology.sources, x)
            for source, tensor in given.items():
                if tensor.dtype != (dtype := self._dtype(source)):
                    hint = ", images as numbers from 0 to 1" if dtype.is_floating_point else ""
                    raise ValueError(
                        f"this network cannot compute with examples of {tensor.dtype}; give it {dtype}{hint}."
                    ) from error
            raise
        return out

    def arriving(
        self, name: str, heard: Sequence[tuple[Hyperconnection, Tensor]], x: Tensor | Mapping[str, Tensor]
    ) -> Tensor:
        """The weighted sum of what node ``name`` hears (Eqs. 1, 2); the examples at a source, zeros for nothing.

        The node may overwrite it: where it might, and where others read the same tensor, it is a copy.
        """
        if name in self.topology.sources:
            given = x[name] if isinstance(x, Mapping) else x
            given = given.to(memory_format=self.memory_format) if given.ndim == 4 else given
            return _own(given, self.nodes[name])
        if not heard:
            sample = next(iter(x.values()), torch.empty(0)) if isinstance(x, Mapping) else x
            return sample.new_zeros((len(sample), *self.heard_shape[name]), dtype=self._dtype(name))
        arrived = [self._carry(link, tensor) for link, tensor in heard]
        total = arrived[0] if len(heard) > 1 else _own(arrived[0], self.nodes[name])
        for tensor in arrived[1:]:
            total = total + tensor
        return total

    def by_source(self, x: Tensor | Mapping[str, Tensor]) -> Tensor | Mapping[str, Tensor]:
        """Split ``(B, S, *input_shape)``, what S sources sense of each example, by source; all else stays as it is.

        Sources are stacked in the order of ``topology.sources``.
        """
        sources = self.topology.sources
        if (
            isinstance(x, Tensor)
            and tuple(x.shape[1:]) == (len(sources), *self.input_shape)
            and len(sources) > 1
        ):
            return dict(zip(sources, x.unbind(1), strict=True))
        return x

    def check(
        self, x: Tensor | Mapping[str, Tensor], alive: Collection[str] | None = None
    ) -> Tensor | dict[str, Tensor]:
        """What the living sources of ``x`` are given; ``None`` means that all are alive.

        Raises:
            ValueError: one of them is not given as many examples as the others, or not of its shape.
        """
        given = self.by_source(x)
        sources = [name for name in self.topology.sources if alive is None or name in alive]
        given = given if isinstance(given, Mapping) else dict.fromkeys(sources, given)
        for name in sources:
            shape = self.input_shapes[name]
            if name not in given:
                raise ValueError(f"source {name!r} is given nothing; there are {', '.join(given) or 'none'}.")
            if not isinstance(given[name], Tensor):
                raise ValueError(
                    f"source {name!r} takes a tensor of shape (B, {', '.join(map(str, shape))}), "
                    f"not an object of type {type(given[name]).__name__}."
                )
            if not given[name].ndim or tuple(given[name].shape[1:]) != shape:
                raise ValueError(
                    f"source {name!r} takes batches of shape (B, {', '.join(map(str, shape))}), "
                    f"not {tuple(given[name].shape)}."
                )
        lengths = {name: len(given[name]) for name in sources}
        if len(set(lengths.values())) > 1:
            found = ", ".join(f"{name!r} {length}" for name, length in lengths.items())
            raise ValueError(f"every source takes equally many examples, but they are given {found}.")
        return {name: given[name] for name in sources} if isinstance(x, Mapping) else x

    def weight(self, key: str) -> float | Tensor:
        """The weight of a hyperconnection."""
        return self.learned_weights[key] if key in self.learned_weights else self.fixed_weights[key]

    def elements(self) -> dict[str, int]:
        """How many numbers each node sends for one example, from the real outputs of its modules."""
        return {name: math.prod(shape) for name, shape in self.sent_shape.items()}

    def picture(self, alive: Collection[str] | None = None) -> Picture:
        """The network's topology with its rule for skips, parameters and weights; who failed and where data flow.

        The parameters of a node are those of its blocks and of the adapters of what it receives.

        Args:
            alive: the nodes that are alive; None means all.

        >>> from resilinet.topology import vertical, with_skips
        >>> chain = with_skips(vertical({"a": 0, "b": 1, "c": 1}))
        >>> network = DistributedNetwork([nn.Linear(2, 2), nn.ReLU()], chain, input_shape=(2,), weights={"a->c": 0.5})
        >>> network.picture(alive={"a", "c"})
        Topology of 3 physical nodes and 2 blocks
          nodes: a (no block), b (block 0, 6 parameters), c (block 1)
          simple hyperconnections: a->b->c
          skips, open on failure: a->c around b
          weights other than 1: a->c 0.5
          failed: b
          data flow: a->c

        Raises:
            ValueError: ``alive`` names a node that does not exist.
        """
        held = {name: [self.nodes[name]] for name in self.topology.order}
        for link in self.topology.links:
            if link.key in self.adapters:
                held[link.target].append(self.adapters[link.key])
        parameters = {
            name: sum(parameter.numel() for module in modules for parameter in module.parameters())
            for name, modules in held.items()
        }
        weights = {link.key: self.weight(link.key) for link in self.topology.links}
        known = {
            key: weight.item() if isinstance(weight, Tensor) else weight
            for key, weight in weights.items()
            if not (isinstance(weight, Tensor) and weight.is_meta)
        }
        return replace(self.topology.picture(alive, self.skips), parameters=parameters, weights=known)

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

    def _carry(self, link: Hyperconnection, tensor: Tensor) -> Tensor:
        if link.key in self.adapters:
            tensor = self.adapters[link.key](_own(tensor, self.adapters[link.key]))
        weight = self.weight(link.key)
        # A factor of exactly one is left out, so that schemes that differ in nothing else agree bit for bit.
        return tensor if isinstance(weight, float) and weight == 1.0 else tensor * weight

    def trace(self, examples: int = 2) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """What each node hears and sends for a made-up batch, in the present mode; nothing in the network changes.

        Copies run on the meta device, which computes nothing. Modules that look at a value, or hold a tensor that does
        not follow them, fail there alone, and so do those that take whole numbers: they run on real numbers.

        Raises:
            TopologyError: a module does not accept such a batch, or two tensors that meet do not fit.
        """
        like, whole, problems = self._parameter(), torch.int64, list[Exception]()
        for device, *dtypes in (
            (torch.device("meta"), like.dtype),
            (like.device, like.dtype, whole),
            (like.device, whole, like.dtype),
        ):
            try:
                with torch.random.fork_rng(devices=[]), torch.no_grad():
                    return self._run(examples, device, dtypes)
            except Exception as error:
                if isinstance(error, TopologyError) and error.__cause__ is None:
                    raise
                problems.append(error)
        raise problems[1]  # the meta device's may be no fault of the module's

    def _run(
        self, examples: int, device: torch.device, dtypes: Sequence[torch.dtype]
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        nodes, adapters = self.nodes, self.adapters
        try:
            nodes, adapters = (part.to(device) for part in copy.deepcopy((nodes, adapters)))
        except Exception:  # what cannot be copied runs itself
            if device.type == "meta":
                raise
        heard: dict[str, Tensor] = {}
        sent: dict[str, Tensor] = {}
        for name in self.topology.order:
            arriving: list[Tensor] = []
            if name in self.topology.sources:
                made_up = torch.rand(examples, *self.input_shapes[name], device="cpu")
                arriving = [made_up.to(device, dtype) for dtype in dtypes]
            for link in sorted(self.topology.incoming[name], key=lambda link: link.is_skip):
                tensor = sent[link.source]
                if link.key in adapters:
                    _, tensor = _traced(
                        adapters[link.key],
                        [tensor],
                        f"the adapter of {link.key} does not accept {tuple(tensor.shape[1:])}, "
                        f"what {link.source!r} sends",
                    )
                if arriving and tensor.shape[1:] != arriving[0].shape[1:]:
                    raise TopologyError(
                        f"{link.key} brings {tuple(tensor.shape[1:])}, but {name!r} hears "
                        f"{tuple(arriving[0].shape[1:])} over its other hyperconnections: "
                        f"give {link.key} an adapter that fits."
                    )
                arriving = [tensor]
            refusal = f"node {name!r} cannot compute on {tuple(arriving[0].shape[1:])}"
            heard[name], sent[name] = _traced(nodes[name], arriving, refusal)
        return heard, sent

    def _parameter(self) -> Tensor:
        """One that says where and in which precision the network computes."""
        return next((p for p in self.parameters() if p.is_floating_point()), torch.empty(0))

    def _dtype(self, name: str) -> torch.dtype:
        """The type of number that node ``name`` hears: that of the parameters, or whole ones."""
        heard = self.heard_dtype[name]
        return self._parameter().dtype if heard.is_floating_point else heard


def _hosted(block: nn.Module, name: str, *, copied: bool) -> nn.Module:
    """What node ``name`` hosts of a block; a copy where another node has that already.

    Raises:
        TopologyError: nodes host different modules in its place, and none is this node's.
    """
    if not isinstance(block, nn.ModuleDict):
        return copy.deepcopy(block) if copied else block
    if name not in block:
        raise TopologyError(
            f"a block of {', '.join(block)} holds no module of {name!r}, which is to host it."
        )
    return block[name]


@contextmanager
def modes_kept(module: nn.Module) -> Iterator[None]:
    """Afterwards every module inside is in the mode again in which it was before, also after an error."""
    modes = [(part, part.training) for part in module.modules()]
    try:
        yield
    finally:
        # First as others do, because a module may do more than note its mode; that sets those inside it, too.
        for part, training in modes:
            if part.training != training:
                part.train(training)
        for part, training in modes:
            if part.training != training:
                part.training = training


def _own(tensor: Tensor, module: nn.Module) -> Tensor:
    """The tensor, or a copy of it where the module might write into what it is given."""
    return tensor.clone() if _writes(module) else tensor


def _writes(module: nn.Module) -> bool | None:
    """Whether a module might write into what it is given; None where what comes after it still might.

    The code of PyTorch's and of this package's modules never does, unless they say ``inplace`` or something is added.
    """
    code = getattr(getattr(type(module), "forward", None), "__module__", None) or ""
    inside = vars(module)  # attributes of a module are slow to look up
    if not code.startswith(("torch.nn.", "resilinet.models.")) or inside.get("inplace"):
        return True
    if "forward" in inside or inside["_forward_pre_hooks"] or inside["_forward_hooks"]:
        return True
    if isinstance(module, OWN_TENSORS):
        return False
    for part in inside["_modules"].values():
        if part is not None and (writes := _writes(part)) is not None:
            return writes
    return None


def _traced(module: nn.Module, tensors: Sequence[Tensor], refusal: str) -> tuple[Tensor, Tensor]:
    """The first of these tensors with which a module can compute, and what it makes of it.

    Raises:
        TopologyError: it makes nothing of the first, or no tensor; the message begins with ``refusal``.
    """
    problems = []
    for tensor in tensors:
        try:
            out = module(_own(tensor, module))
        except Exception as error:  # what modules raise depends on who wrote them
            problems.append(error)
            continue
        if not isinstance(out, Tensor):
            raise TopologyError(f"{refusal}: it gives an object of type {type(out).__name__} and no tensor.")
        return tensor, out
    raise TopologyError(f"{refusal}: {brief(problems[0])}.") from problems[0]


def _shapes(given: Any, sources: Sequence[str]) -> dict[str, tuple[int, ...]]:
    if not isinstance(given, Mapping):
        return dict.fromkeys(sources, _shape(given))
    if set(given) != set(sources):
        raise ValueError(f"{shown(given)} is no shape for each source; give one for {', '.join(sources)}.")
    return {name: _shape(given[name]) for name in sources}


def _shape(given: Iterable[int]) -> tuple[int, ...]:
    shape = tuple(given) if isinstance(given, Iterable) else ()
    if not isinstance(given, Iterable) or not all(is_count(side, 1) for side in shape):
        raise ValueError(f"{given!r} is no shape of one example; give whole numbers from 1, such as (8,).")
    return shape
