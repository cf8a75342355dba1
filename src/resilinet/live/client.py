"""Whoever asks: sends examples to the sources and receives what leaves the cloud, each request with its deadline."""

from __future__ import annotations

import itertools
import json
import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any, Self

import zmq
from torch import Tensor

from resilinet.live.frames import Codec, Frame, FrameError, Kind
from resilinet.live.node import CLIENT, opened
from resilinet.live.peer import Peer
from resilinet.live.plan import Plan, watched
from resilinet.network import DistributedNetwork


class LiveError(ConnectionError):
    """A live network that cannot start or go on; the message is one sentence saying why."""


@dataclass(frozen=True)
class Answer:
    """How a request ended.

    Attributes:
        request: its number.
        asked: when it was sent, by ``time.monotonic``.
        ended: when its answer arrived, or when its deadline had passed.
        scores: ``(B, classes)``; None where no answer arrived in time.
        route: keys of the hyperconnections by which the answer came about.
    """

    request: int
    asked: float
    ended: float
    scores: Tensor | None = None
    route: frozenset[str] = frozenset()


class Client:
    """Connections to every node of a network that runs; a context manager that closes them.

    Attributes:
        known: the last status of each node (:meth:`resilinet.live.node.Node.status`), empty where there is none.
        counts: frames that were ``refused``, and answers that were ``late`` or came twice; both are dropped.
    """

    def __init__(self, network: DistributedNetwork, plan: Plan) -> None:
        plan.check(network.topology)
        self.network, self.plan, self.topology = network, plan, opened(network)
        self.watched = watched(self.topology, network.skips)
        self.codec = Codec(self.topology, plan.digest(network), plan.batch)
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.peers = {
            name: Peer(self.context, plan, self.codec, name, CLIENT) for name in self.topology.order
        }
        self.poller = zmq.Poller()
        for socket in (s for peer in self.peers.values() for s in (peer.socket, peer.monitor)):
            self.poller.register(socket, zmq.POLLIN)
        self.numbers = itertools.count(time.time_ns())  # others than those of a client that was here before
        self.open: dict[int, float] = {}
        self.known: dict[str, dict[str, Any]] = {name: {} for name in self.peers}
        self.counts = Counter[str]()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.destroy(linger=0)

    @property
    def failed(self) -> frozenset[str]:
        """The nodes that have failed, as seen from here."""
        return frozenset(name for name, peer in self.peers.items() if peer.failed)

    @property
    def ready(self) -> frozenset[str]:
        """The nodes that have answered over their present connection."""
        return frozenset(name for name, peer in self.peers.items() if peer.ready)

    def wait(self, failed: Set[str] = frozenset(), timeout: float = 30.0) -> None:
        """Wait until every node but those that have failed is alive, and sees the others as they are.

        Whatever else is answered meanwhile is dropped.

        Raises:
            LiveError: that takes longer than ``timeout`` seconds; the message names a node.
        """
        list(self.answers())
        self.known = {name: {} for name in self.known}
        until = time.monotonic() + timeout
        while True:
            self.ask_status()
            time.sleep(0.02)
            list(self.answers())
            wrong = failed - self.failed
            for name in self.topology.everyone - failed:
                status = self.known[name] or {"failed": self.topology.everyone, "silent": ()}
                if set(status["failed"]) != self.watched[name] & failed or set(status["silent"]) - failed:
                    wrong |= {name}
            if not wrong:
                return
            if time.monotonic() > until:
                name = min(wrong, key=lambda name: (not self.peers[name].stranger, name))
                why = "runs another plan or other weights" if self.peers[name].stranger else "is not ready"
                raise LiveError(f"node {name!r} at {self.plan.addresses[name]} {why} after {timeout:g} s.")

    def ask(self, x: Tensor | Mapping[str, Tensor]) -> int:
        """Send examples, ``(B, *input_shape)`` or one such tensor for each source, and return the request's number.

        Raises:
            ValueError: they are not of that shape, or more than the plan allows.
        """
        x = self.network.check(self.network.by_source(x))
        tensors = x if isinstance(x, Mapping) else dict.fromkeys(self.topology.sources, x)
        number = next(self.numbers)
        for name, tensor in tensors.items():
            if not 0 < len(tensor) <= self.plan.batch:
                raise ValueError(
                    f"{len(tensor)} examples are no request; the plan allows 1 to {self.plan.batch}."
                )
            self.peers[name].send(self.codec.encode(Frame(Kind.DATA, number, tensor=tensor)))
        self.open[number] = time.monotonic()
        return number

    def ask_status(self) -> None:
        """Ask every node for its status; :meth:`answers` takes the replies in."""
        for name, peer in self.peers.items():
            if not peer.ready or not peer.send(self.codec.encode(Frame(Kind.STATUS))):
                self.known[name] = {}

    def answers(self, timeout: float = 0.0) -> Iterator[Answer]:
        """Wait up to ``timeout`` seconds for anything to arrive, and give each request that has ended, once."""
        self.poller.poll(max(0, round(1000 * timeout)))
        for name, peer in self.peers.items():
            peer.notice()
            while peer.arrived:
                yield from self._take(name, peer.arrived.popleft())
        now = time.monotonic()
        for number, asked in [*self.open.items()]:  # in the order in which they were sent
            if now - asked < self.plan.deadline:
                break
            del self.open[number]
            yield Answer(number, asked, now)

    def _take(self, name: str, parts: list[bytes]) -> Iterator[Answer]:
        try:
            frame = self.codec.decode(
                parts, self.network.sent_shape[name] if name == self.topology.cloud else None
            )
        except FrameError:
            self.counts["refused"] += 1
            return
        now = time.monotonic()
        if frame.kind is Kind.STATUS:
            self.known[name] = json.loads(frame.text)
        elif now - self.open.get(frame.request, -math.inf) < self.plan.deadline:
            yield Answer(frame.request, self.open.pop(frame.request), now, frame.tensor, frame.route)
        else:
            self.counts["late"] += 1
