"""What travels between nodes: a tensor as a raw buffer, and behind it the few bytes that say what it is."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from resilinet.routing import Route
from resilinet.topology import Topology

DTYPES = torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.uint8


class Frame(NamedTuple):
    """A tensor ``(B, *shape)`` of a request (32 bits), with the route by which came what it is made of."""

    request: int
    tensor: Tensor
    route: Route = frozenset()


class Codec:
    """Frames as bytes and back: the tensor, then request, type of number, and a bit for each hyperconnection.

    The shape of one example follows from the sender, as all processes have the same network; how many there are
    follows from the length, and may be up to ``batch``.
    """

    def __init__(self, topology: Topology, batch: int) -> None:
        self.keys, self.batch = [link.key for link in topology.links], batch
        self.tail = struct.Struct(f"!IB{len(self.keys) // 8 + 1}s")  # whose very last bit is never set

    def encode(self, frame: Frame) -> bytes:
        """A frame as bytes."""
        bits = sum(1 << k for k, key in enumerate(self.keys) if key in frame.route)
        dense, route = frame.tensor.contiguous(), bits.to_bytes(self.tail.size - 5, "little")
        tail = self.tail.pack(frame.request, DTYPES.index(dense.dtype), route)
        return b"".join((dense.view(-1).view(torch.uint8).numpy().data, tail))

    def decode(self, message: bytes, shape: Sequence[int]) -> Frame:
        """The frame in a message, which must hold examples of the given shape.

        Raises:
            ValueError: it is malformed, or holds something else.
        """
        size = len(message) - self.tail.size
        if size < 0:
            raise ValueError(f"{len(message)} bytes are no frame")
        request, dtype, route = self.tail.unpack_from(message, size)
        bits = int.from_bytes(route, "little")
        if dtype >= len(DTYPES) or bits >> len(self.keys):
            raise ValueError("the type of number or the route of a frame does not exist")
        count, rest = divmod(size, math.prod(shape) * DTYPES[dtype].itemsize)
        if rest or not 0 < count <= self.batch:
            raise ValueError(f"{size} bytes are not 1 to {self.batch} examples of shape {tuple(shape)}")
        tensor = torch.empty(count, *shape, dtype=DTYPES[dtype])  # aligned, so that sums round alike
        tensor.view(-1).view(torch.uint8).numpy()[:] = memoryview(message)[:size]
        return Frame(request, tensor, frozenset(key for k, key in enumerate(self.keys) if bits >> k & 1))
