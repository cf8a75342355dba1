"""What travels between nodes: a header of fixed size and a tensor as a raw buffer, checked when it arrives."""

from __future__ import annotations

import math
import struct
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import torch
from torch import Tensor

from resilinet.topology import Topology

HEADER = struct.Struct("!2sB8sQQQBB")
"""Magic, kind, digest of the plan, request, route and failed nodes as bits, type of number, dimensions."""
DTYPES = torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.uint8

Kind = IntEnum("Kind", ["HELLO", "DATA", "STATUS"])
"""A greeting and the answer to it, a tensor, or a question of what a node knows and the answer in JSON."""


class FrameError(ValueError):
    """A frame that is refused; the message says why."""


@dataclass(frozen=True)
class Frame:
    """One message.

    Attributes:
        kind: what it is for.
        request: to which request data belong, or which greeting is answered.
        route: keys of the hyperconnections by which the data came, that of this frame left out.
        failed: the nodes that have failed as the sender knows.
        tensor: ``(B, *shape)``, of data.
        text: of a status.
    """

    kind: Kind
    request: int = 0
    route: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    tensor: Tensor | None = None
    text: bytes = b""


class Codec:
    """Frames as bytes and back, for one plan: its topology, its digest and its most examples of a request."""

    def __init__(self, topology: Topology, digest: bytes, batch: int) -> None:
        self.digest, self.batch = digest, batch
        self.links, self.nodes = [link.key for link in topology.links], topology.order

    def encode(self, frame: Frame) -> list[bytes]:
        """The parts of a message."""
        dtype, shape, body = 0, torch.Size(), frame.text
        if frame.tensor is not None:
            dense = frame.tensor.contiguous()
            dtype, shape = DTYPES.index(dense.dtype), dense.shape
            body = dense.reshape(-1).view(torch.uint8).numpy().tobytes()
        bits = _bits(self.links, frame.route), _bits(self.nodes, frame.failed)
        header = HEADER.pack(b"RN", frame.kind, self.digest, frame.request, *bits, dtype, len(shape))
        return [header + struct.pack(f"!{len(shape)}I", *shape), body]

    def decode(self, parts: Sequence[bytes], shape: Sequence[int] | None = None) -> Frame:
        """The frame in the parts of a message; data must be examples of the given shape.

        Raises:
            FrameError: it is malformed, of another plan, or holds what it should not.
        """
        try:
            header, body = parts
            magic, kind, digest, request, route, failed, dtype, dimensions = HEADER.unpack_from(header)
            sides = struct.unpack(f"!{dimensions}I", header[HEADER.size :])
            frame = Frame(Kind(kind), request, _named(self.links, route), _named(self.nodes, failed))
        except (ValueError, struct.error) as error:
            raise FrameError("it is no frame of a live network") from error
        if magic != b"RN" or digest != self.digest:
            raise FrameError(f"it is of plan {digest.hex()}, not of {self.digest.hex()}")
        if frame.kind is not Kind.DATA:
            return replace(frame, text=body)
        if shape is None or sides[1:] != tuple(shape) or not 0 < sides[0] <= self.batch:
            raise FrameError(f"its tensor has shape {sides}, not up to {self.batch} examples of {shape}")
        if dtype >= len(DTYPES) or len(body) != math.prod(sides) * DTYPES[dtype].itemsize:
            raise FrameError(f"its tensor of shape {sides} has {len(body)} bytes")
        return replace(frame, tensor=torch.frombuffer(bytearray(body), dtype=DTYPES[dtype]).view(sides))


def on_the_wire(parts: Sequence[bytes]) -> int:
    """Bytes of a message, with the length that ZMTP puts before each part."""
    return sum(len(part) + (2 if len(part) < 256 else 9) for part in parts)


def _bits(names: Sequence[str], chosen: Collection[str]) -> int:
    return sum(1 << k for k, name in enumerate(names) if name in chosen)


def _named(names: Sequence[str], bits: int) -> frozenset[str]:
    if bits >> len(names):
        raise ValueError("a bit stands for nothing")
    return frozenset(name for k, name in enumerate(names) if bits >> k & 1)
