"""One physical node as a process: receives tensors, computes its blocks, and sends on over what is open."""

from __future__ import annotations

import json
import math
import signal
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

import torch
import zmq

from resilinet.live.frames import Codec, Frame, FrameError, Kind
from resilinet.live.peer import Admission, Peer, secure
from resilinet.live.plan import Plan, PlanError, upstream, watched
from resilinet.network import DistributedNetwork
from resilinet.routing import Route, Skips, inputs, is_active, routes
from resilinet.topology import Topology

CLIENT = "client"
"""What whoever asks is called."""
TURN = 100
"""Milliseconds for which a node waits at most before it looks around."""
REMEMBERED = 10
"""Deadlines for which a node remembers a request, so that it answers none twice."""


@dataclass
class Request:
    """What a node has received of a request since when, and whether that has been computed or given up."""

    since: float
    frames: dict[str, Frame] = field(default_factory=dict)
    done: bool = False


class Node:
    """A physical node of a network that runs, listening at its address from the start.

    For every request it waits for what :func:`resilinet.routing.routes` lets it receive by the liveness that it has
    detected. Where a sender knew otherwise, the sender's word counts for what lies behind that one; frames that do not
    add up to one route are never computed.

    Raises:
        PlanError: the plan is another network's, or the address is in use.
    """

    def __init__(self, network: DistributedNetwork, plan: Plan, name: str) -> None:
        plan.check(network.topology)
        if name not in network.topology.everyone:
            raise PlanError(f"{name!r} is no node; there are {', '.join(network.topology.order)}.")
        self.network, self.plan, self.name, self.skips = network.eval(), plan, name, network.skips
        topology = self.topology = opened(network)
        self.codec = Codec(topology, plan.digest(network), plan.batch)
        self.incoming = {link.key: link.source for link in topology.incoming[name]}
        self.leaving = [link for link in topology.links if link.source == name]
        self.upstream, self.watched = upstream(topology)[name], watched(topology, self.skips)
        self.route = cache(lambda failed: routes(topology, topology.everyone - failed, self.skips).get(name))
        self.requests: dict[int, Request] = {}
        self.over: dict[int, float] = {}
        self.complete: deque[tuple[int, frozenset[str], Route]] = deque()
        self.counts = Counter[str]()
        self.tallies: dict[str, Counter[str]] = {}
        self.doubt, self.turned, self.continued = 0.0, time.monotonic(), False
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.admission = Admission(self.context, plan) if plan.key else None
        self.router, self.poller = self._listen(), zmq.Poller()
        self.poller.register(self.router, zmq.POLLIN)
        self.peers: dict[str, Peer] = {}
        for link in self.leaving:
            if not link.is_skip or self.skips is Skips.ALWAYS:
                self._connect(link.target, link.key)
        for other in sorted(self.watched[name] - {peer.target for peer in self.peers.values()}):
            self._connect(other, f"{name}?{other}")

    @property
    def failed(self) -> frozenset[str]:
        """The nodes that this one has detected as failed."""
        return frozenset(p.target for p in self.peers.values() if p.failed) & self.watched[self.name]

    def run(self, ended: Callable[[], bool] = lambda: False) -> None:
        """Take part in the network until ``ended`` says so."""
        signal.signal(signal.SIGCONT, lambda *_: setattr(self, "continued", True))
        try:
            while not ended():
                self.turn()
        finally:
            if self.admission:
                self.admission.stop()
            self.context.destroy(linger=0)

    def turn(self) -> None:
        """Wait a moment, take in all that has arrived, and compute one request that is complete."""
        self.poller.poll(0 if self.complete else TURN)
        now = time.monotonic()
        if stopped := self.continued and now - self.turned > self.plan.patience:
            self.doubt = now + self.plan.patience  # others have taken this process for failed
        self.turned, self.continued = now, False
        while self.router.poll(0):
            self._receive(*self.router.recv_multipart(), stopped=stopped)
        noticed = [peer.notice(doubtful=now < self.doubt) for peer in self.peers.values()]
        if any(noticed):
            self._follow()
        if self.complete:
            self._compute(*self.complete.popleft())
        self._forget(now)

    def _forget(self, now: float) -> None:
        """Give up what is too old; both dictionaries are in the order of arrival."""
        while self.requests and now - next(iter(self.requests.values())).since > self.plan.deadline:
            number, request = next(iter(self.requests.items()))
            self.counts["given up"] += bool(request.frames)
            self.over[number] = self.requests.pop(number).since
        while self.over and now - next(iter(self.over.values())) > REMEMBERED * self.plan.deadline:
            del self.over[next(iter(self.over))]

    def status(self) -> dict[str, object]:
        """What this node knows: who has failed or is still silent, what its hyperconnections carried, and counts."""
        silent = sorted({peer.target for peer in self.peers.values() if not peer.ready})
        carried: dict[str, Mapping[str, int]] = {
            link.key: self.tallies.get(link.key, {}) for link in self.leaving
        }
        return {"failed": sorted(self.failed), "silent": silent, "carried": carried, "counts": self.counts}

    def _listen(self) -> zmq.Socket[bytes]:
        router = self.context.socket(zmq.ROUTER)
        shapes = [self.network.sent_shape[source] for source in self.incoming.values()]
        largest = max(math.prod(shape) for shape in shapes or [self.network.input_shapes[self.name]])
        router.maxmsgsize = 8 * self.plan.batch * largest + 1024
        router.router_handover = True  # a node that comes back takes the place of its broken connection
        router.handshake_ivl = 1000
        secure(router, self.plan)
        address = self.plan.addresses[self.name]
        try:
            router.bind(f"tcp://{address}")
        except zmq.ZMQError as error:
            self.context.destroy(linger=0)
            raise PlanError(
                f"node {self.name!r} cannot listen at {address} ({zmq.strerror(error.errno or 0)})."
            ) from error
        return router

    def _connect(self, target: str, identity: str) -> None:
        peer = self.peers[identity] = Peer(self.context, self.plan, self.codec, target, identity)
        peer.tally = self.tallies.setdefault(identity, peer.tally)  # goes on where a skip opens again
        self.poller.register(peer.socket, zmq.POLLIN)
        self.poller.register(peer.monitor, zmq.POLLIN)

    def _follow(self) -> None:
        """Open and close skips as the rule says, and look again at what waits."""
        alive = self.topology.everyone - self.failed
        for link in self.leaving:
            wanted = is_active(link, alive, self.skips)
            if wanted and link.key not in self.peers:
                self._connect(link.target, link.key)
            elif not wanted and link.key in self.peers:
                peer = self.peers.pop(link.key)
                self.poller.unregister(peer.socket)
                self.poller.unregister(peer.monitor)
                peer.close()
        for number, request in self.requests.items():
            self._look(number, request)

    def _receive(self, sender: bytes, *parts: bytes, stopped: bool) -> None:
        name, shape = sender.decode(errors="replace"), None
        if name in self.incoming:
            shape = self.network.sent_shape[self.incoming[name]]
        elif name == CLIENT:
            shape = self.network.input_shapes.get(self.name)
        try:
            if shape is None and name != CLIENT and self.name not in self.watched.get(name.split("?")[0], ()):
                raise FrameError("its sender is not in the plan")
            frame = self.codec.decode(parts, shape)
        except FrameError:
            self.counts["refused"] += 1
            frame = Frame(Kind.HELLO)  # says which plan this node has
        if frame.kind is Kind.HELLO:
            self._reply(sender, frame)
        elif frame.kind is Kind.STATUS:
            self._reply(sender, Frame(Kind.STATUS, text=json.dumps(self.status()).encode()))
        elif not stopped and frame.request not in self.over:  # else it is too late for anyone
            request = self.requests.setdefault(frame.request, Request(time.monotonic()))
            if not request.done:
                request.frames.setdefault(name, frame)
                self._look(frame.request, request)

    def _reply(self, to: bytes, frame: Frame) -> None:
        self.router.send_multipart([to, *self.codec.encode(frame)], zmq.NOBLOCK)

    def _look(self, number: int, request: Request) -> None:
        """Mark a request as complete when its frames are all that some view of who has failed leads to."""
        for failed in () if request.done else self._views(request):
            route = self.route(failed)
            if route is None:
                continue
            keys = {link.key for link in inputs(self.topology, self.name, route)} or {CLIENT}
            came = [request.frames[key].route for key in keys if key in request.frames]
            if len(came) == len(keys) and route == frozenset(keys - {CLIENT}).union(*came):
                request.done = True
                self.complete.append((number, failed, route))
                return

    def _views(self, request: Request) -> Iterator[frozenset[str]]:
        """Who has failed: by this node, and by each sender as far as that one detects failures."""
        yield self.failed
        for key, frame in request.frames.items():
            seen = self.watched[self.incoming.get(key, self.name)]
            yield (frame.failed & seen) | (self.failed - seen)

    @torch.no_grad()
    def _compute(self, number: int, failed: frozenset[str], route: Route) -> None:
        """Compute a request by the view with which it is complete, and send on by this node's own."""
        request = self.requests.get(number)
        if request is None:  # given up while others were computed
            return
        given = {key: frame.tensor for key, frame in request.frames.items() if frame.tensor is not None}
        if self.network.channels_last:  # frames carry numbers contiguously
            last = torch.channels_last
            given = {k: t.contiguous(memory_format=last) if t.ndim == 4 else t for k, t in given.items()}
        request.frames = {}
        heard = [(link, given[link.key]) for link in inputs(self.topology, self.name, route)]
        x = {self.name: given[CLIENT]} if CLIENT in given else {}
        try:
            tensor = self.network.stage(self.name, route, heard, x)
        except (RuntimeError, ValueError):  # numbers of a type with which its blocks cannot compute
            self.counts["refused"] += 1
            return
        self.counts["computed"] += 1
        view = (failed & self.upstream) | (self.failed - self.upstream)
        frame = Frame(Kind.DATA, number, route, view, tensor)
        if self.name == self.topology.cloud:
            self._reply(CLIENT.encode(), frame)
        parts, alive = self.codec.encode(frame), self.topology.everyone - self.failed
        for link in self.leaving:
            if is_active(link, alive, self.skips):
                self.peers[link.key].send(parts)


def opened(network: DistributedNetwork) -> Topology:
    """The topology without hyperconnections that never open."""
    return network.topology.without_skips() if network.skips is Skips.NEVER else network.topology
