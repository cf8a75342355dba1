"""One physical node as a process: receives tensors, computes its blocks, and sends on over what is open."""

from __future__ import annotations

import json
import math
import signal
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable

import torch
import zmq

from resilinet.live.frames import Frame
from resilinet.live.member import CLIENT, PAUSE, STATUS, Member
from resilinet.live.plan import Plan, PlanError
from resilinet.network import DistributedNetwork
from resilinet.routing import Joining, inputs, is_active
from resilinet.topology import Hyperconnection


class Node(Member):
    """A physical node of a network that runs, listening at its address from the start.

    It sends over the hyperconnections that :func:`resilinet.routing.is_active` opens for the liveness that it has
    detected, and first over one that opens what it has sent since a failure may have gone unnoticed. For every request
    it waits for the frames of one route (:class:`resilinet.routing.Joining`).

    Raises:
        PlanError: the plan is another network's, or the address is in use.
    """

    def __init__(self, network: DistributedNetwork, plan: Plan, name: str) -> None:
        if name not in network.topology.everyone:
            raise PlanError(f"{name!r} is no node; there are {', '.join(network.topology.order)}.")
        super().__init__(network, plan, name)
        incoming, self.joining = self.topology.incoming[name], Joining(self.topology, name, network.skips)
        of_nodes = {link.source: (link.key, network.sent_shape[link.source]) for link in incoming}
        self.expected = of_nodes or {CLIENT: (CLIENT, network.input_shapes[name])}
        self.leaving = [link for link in self.topology.links if link.source == name]
        self.begun = OrderedDict[int, float]()  # when each request's first frame arrived, oldest first
        self.pending: dict[int, dict[str, Frame]] = {}  # by hyperconnection, of those not yet computed
        self.open: list[Hyperconnection] = []
        self.sent: deque[tuple[float, bytes]] = deque()
        self.counts, self.thawed = Counter[str](), False
        self.router = self.context.socket(zmq.ROUTER)
        self._listen(plan.addresses[name])

    def run(self, ended: Callable[[], bool] = lambda: False) -> None:
        """Take part in the network until ``ended`` says so, computing one request after the other."""
        signal.signal(signal.SIGCONT, lambda *_: setattr(self, "thawed", True))
        busy = False
        with self:
            while not ended():
                self.wait_for(self.router, timeout=0 if busy else PAUSE)
                while self.router.poll(0):
                    self._receive(*self.router.recv_multipart())
                if self.thawed:  # cut off by the others while it was stopped, which says nothing of them
                    self.thawed = False
                    self.connect()
                self._follow()
                busy = self._compute_one()
                self._forget(time.monotonic())

    def _listen(self, address: str) -> None:
        largest = max(math.prod(shape) for _, shape in self.expected.values())
        self.router.maxmsgsize = 8 * self.plan.batch * largest + 1024
        self.router.router_handover = True  # a node that comes back takes the place of its broken connection
        self.secure(self.router)
        if self.plan.key:
            self.router.curve_server = True
        else:
            self.router.plain_server = True
            self.gate.start()
            self.gate.configure_plain(passwords={"plan": self.digest.hex()})
        try:
            self.router.bind(f"tcp://{address}")
        except zmq.ZMQError as error:
            self.__exit__()
            reason = zmq.strerror(error.errno or 0)
            raise PlanError(f"node {self.name!r} cannot listen at {address} ({reason}).") from error

    def _follow(self) -> None:
        """Open and close hyperconnections as the rule says for the nodes that have failed."""
        alive, before = self.topology.everyone - self.failed, self.open
        active = [link for link in self.leaving if is_active(link, alive, self.network.skips)]
        self.open = [link for link in active if self.seen[link.target]]
        for link in self.open:
            for _, message in self.sent if link not in before else ():
                self.peers[link.target].send(message)

    def _receive(self, sender: bytes, *parts: bytes) -> None:
        name = CLIENT if sender.startswith(CLIENT.encode()) else sender.decode(errors="replace")
        if (name, *parts) == (CLIENT, STATUS):
            carried = {link.key: self.peers[link.target].carried for link in self.leaving}
            status = {"seen": self.seen, "carried": carried, "counts": self.counts}
            self.router.send_multipart([sender, json.dumps(status).encode() + STATUS], zmq.NOBLOCK)
            return  # one part: ZeroMQ aborts who reads one of several while the connection breaks
        try:
            (key, shape), (message,) = self.expected[name], parts
            frame = self.codec.decode(message, shape)
        except (KeyError, ValueError):
            self.counts["refused"] += 1
            return
        if frame.request not in self.begun:
            self.begun[frame.request], self.pending[frame.request] = time.monotonic(), {}
        if frame.request in self.pending:
            self.pending[frame.request].setdefault(key, frame)

    @torch.no_grad()
    def _compute_one(self) -> bool:
        """Compute the newest complete request, as under overload only that can be in time, and send on; whether any."""
        for number, frames in reversed(self.pending.items()):
            came = {key: frame.route for key, frame in frames.items() if key != CLIENT}
            if (route := self.joining(came, self.failed)) is not None:
                del self.pending[number]
                break
        else:
            return False
        received = [(link, frames[link.key].tensor) for link in inputs(self.topology, self.name, route)]
        examples = {self.name: frames[CLIENT].tensor} if CLIENT in frames else {}
        try:
            tensor = self.network.stage(self.name, route, received, examples)
        except (RuntimeError, ValueError):  # numbers of a type with which its blocks cannot compute
            self.counts["refused"] += 1
            return True
        message = self.codec.encode(Frame(number, tensor, route))
        if self.name == self.topology.cloud:
            self.router.send_multipart([f"{CLIENT}{number >> 20}".encode(), message], zmq.NOBLOCK)
        self.sent.append((time.monotonic(), message))
        for link in self.open:
            self.peers[link.target].send(message)
        return True

    def _forget(self, now: float) -> None:
        """Give up what is too old, and keep of what was sent only what a failure not yet noticed may have cost."""
        while self.begun and now - next(iter(self.begun.values())) > self.plan.deadline:
            number, _ = self.begun.popitem(last=False)
            self.counts["given up"] += self.pending.pop(number, None) is not None
        while self.sent and now - self.sent[0][0] > self.plan.heartbeat + self.plan.patience:
            self.sent.popleft()
