"""Whoever asks: sends examples to the sources and receives what leaves the cloud, each request with its deadline."""

from __future__ import annotations

import itertools
import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import zmq
from torch import Tensor

from resilinet.live.frames import DTYPES, Frame
from resilinet.live.member import CLIENT, STATUS, Member
from resilinet.live.plan import Plan
from resilinet.network import DistributedNetwork
from resilinet.routing import Route


class Answer(NamedTuple):
    """How a request ended, times by ``time.monotonic``; ``scores`` are ``(B, classes)``, None without an answer."""

    request: int
    asked: float
    ended: float
    scores: Tensor | None = None
    route: Route = frozenset()


class Client(Member):
    """Whoever asks a network that runs.

    Attributes:
        open: when each request was sent that has not ended.
        known: each node's last status: who is alive (``seen``), ``frames`` and ``bytes`` it ``carried``, ``counts``.
        counts: messages that were ``refused``, and answers that were ``late``; both are dropped.
    """

    def __init__(self, network: DistributedNetwork, plan: Plan) -> None:
        first = random.SystemRandom().getrandbits(32)  # no other client's
        super().__init__(network, plan, f"{CLIENT}{first >> 20}")
        self.numbers = (first ^ count % 2**20 for count in itertools.count())
        self.open: dict[int, float] = {}
        self.known: dict[str, dict[str, Any]] = {}
        self.counts = Counter[str]()

    def ask(self, x: Tensor | Mapping[str, Tensor]) -> int:
        """Send examples, ``(B, *input_shape)`` or one such tensor for each source, and return the request's number.

        Raises:
            ValueError: they are not of that shape or real, or more than the plan allows.
        """
        x, number = self.network.check(self.network.by_source(x)), next(self.numbers)
        tensors = x if isinstance(x, Mapping) else dict.fromkeys(self.topology.sources, x)
        for name, one in tensors.items():
            if not 0 < len(one) <= self.plan.batch or one.dtype not in DTYPES:
                raise ValueError(f"{len(one)} of {one.dtype} are not 1 to {self.plan.batch} real examples.")
            self.peers[name].send(self.codec.encode(Frame(number, one)))
        self.open[number] = time.monotonic()
        return number

    def ask_status(self) -> None:
        """Ask every node for its status; :meth:`answers` takes the replies in."""
        for peer in self.peers.values():
            peer.send(STATUS)

    def answers(self, timeout: float = 0.0) -> Iterator[Answer]:
        """Wait up to ``timeout`` seconds for anything to arrive, and give each request that has ended, once."""
        self.wait_for(*(peer.socket for peer in self.peers.values()), timeout=timeout)
        now = time.monotonic()
        for number in [number for number, asked in self.open.items() if now - asked >= self.plan.deadline]:
            yield Answer(number, self.open.pop(number), now)
        for name, peer in self.peers.items():
            with suppress(zmq.Again):
                while True:
                    yield from self._take(name, peer.socket.recv(zmq.NOBLOCK))

    def _take(self, name: str, message: bytes) -> Iterator[Answer]:
        try:
            if message.endswith(STATUS):
                self.known[name] = json.loads(message.removesuffix(STATUS))
                return
            request, scores, route = self.codec.decode(message, self.network.sent_shape[name])
            yield Answer(request, self.open.pop(request), time.monotonic(), scores, route)
        except (KeyError, ValueError) as error:
            self.counts["late" if isinstance(error, KeyError) else "refused"] += 1
