"""1x1 convolutions that make skip hyperconnections of convolutional networks fit, read off the network itself."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

import torch
from torch import nn

from resilinet.models.convolutions import Pointwise
from resilinet.topology import Topology, TopologyError

Shape = tuple[int, ...]

_LARGE = 2048
"""A side at which borders do not count: it divides by what a map has there, and the quotient is the stride."""


def fitting(
    layers: Sequence[nn.Module], topology: Topology, input_shape: Sequence[int]
) -> dict[str, nn.Module]:
    """Adapters for every skip of ``topology``, and for the hyperconnections that must be padded to meet one.

    A skip becomes a 1x1 convolution without bias, from the channels that its source sends to those that its target
    receives, with the stride of the blocks that it leads around. Blocks that do not pad their input on both sides lose
    a pixel where the convolution loses none: what is smaller is padded with zeros on the right and at the bottom.

    Args:
        layers: the network as a flat list, which is left as it is; only its shapes are asked for.
        topology: which node hosts which of them.
        input_shape: ``(channels, height, width)`` of one image.

    Raises:
        ValueError: the network cannot compute on such an image, for example because it is too small.
        TopologyError: the network has another number of blocks, or no 1x1 convolution makes a skip fit.
    """
    if len(layers) != topology.blocks:
        raise TopologyError(
            f"the topology hosts {topology.blocks} blocks, but the network has {len(layers)}."
        )
    layers = [copy.deepcopy(layer).to("meta").eval() for layer in layers]
    _shapes(layers, input_shape)  # too small is too small, even where padding for a skip would save a pixel
    large = _shapes(layers, (input_shape[0], _LARGE, _LARGE))
    reduction = [round(_LARGE / shape[-1]) if len(shape) == 3 else 0 for shape in large]
    sent: dict[str, Shape] = {}
    adapters: dict[str, nn.Module] = {}
    for name in topology.order:
        node, incoming = topology.by_name[name], topology.incoming[name]
        received = tuple(input_shape)
        arriving: dict[str, Shape] = {}
        for link in sorted(incoming, key=lambda link: link.is_skip):
            came = sent[link.source]
            if link.is_skip:
                before = reduction[topology.by_name[link.source].stop]
                stride, rest = divmod(reduction[node.start], before) if before else (0, 0)
                if rest or not stride:
                    raise TopologyError(_unfit(name, arriving | {link.key: came}))
                adapters[link.key] = Pointwise(came[0], received[0], stride)
                came = (received[0], *(-(-side // stride) for side in came[1:]))
            else:
                received = came
            arriving[link.key] = came
        if any(link.is_skip for link in incoming):
            if len({len(came) for came in arriving.values()}) > 1:
                raise TopologyError(_unfit(name, arriving))
            meeting = tuple(max(sides) for sides in zip(*arriving.values(), strict=True))
            for key, came in arriving.items():
                missing = [most - side for most, side in zip(meeting, came, strict=True)]
                if missing[0] or max(missing) > 1:
                    raise TopologyError(_unfit(name, arriving))
                if any(missing):
                    pad = nn.ZeroPad2d((0, missing[2], 0, missing[1]))
                    adapters[key] = nn.Sequential(adapters[key], pad) if key in adapters else pad
            received = meeting
        sent[name] = _shapes(layers[node.start : node.stop], received, node.start)[-1]
    return adapters


def _unfit(name: str, arriving: Mapping[str, Shape]) -> str:
    brought = ", ".join(f"{key} brings {shape}" for key, shape in arriving.items())
    return f"no 1x1 convolution makes these fit together at {name!r}: {brought}."


@torch.no_grad()
def _shapes(layers: Sequence[nn.Module], shape: Sequence[int], start: int = 0) -> list[Shape]:
    """The shapes before, between and after layers that lie on the meta device, where nothing is computed."""
    x = torch.empty((1, *shape), device="meta")
    found = [tuple(shape)]
    for number, layer in enumerate(layers, start=start):
        try:
            x = layer(x)
        except RuntimeError as error:
            raise ValueError(
                f"this network cannot compute on {tuple(shape)}: block {number}, counted from 0, is given "
                f"{tuple(x.shape[1:])} ({error})."
            ) from error
        found.append(tuple(x.shape[1:]))
    return found
