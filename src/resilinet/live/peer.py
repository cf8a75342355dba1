"""The connection from one process to a node: it carries frames, and says when the node has failed."""

from __future__ import annotations

import time
from collections import Counter, deque

import zmq
from zmq.auth.thread import ThreadAuthenticator
from zmq.utils.monitor import recv_monitor_message

from resilinet.live.frames import Codec, Frame, FrameError, Kind, on_the_wire
from resilinet.live.plan import Plan

GONE = (
    zmq.EVENT_DISCONNECTED
    | zmq.EVENT_CLOSED
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
)


class Peer:
    """A DEALER socket connected to the node ``target``, with heartbeats.

    A node counts as failed once its connection breaks, cannot be opened, or a heartbeat stays without an answer. It
    is alive again once it has answered a greeting with the digest of the same plan: a connection alone says nothing
    of what listens there. At first it is neither failed nor ready, and frames wait.

    Args:
        identity: by which the node knows the sender: a hyperconnection's key, or another name.

    Attributes:
        failed: whether the node has been detected as failed.
        ready: whether it has answered over this connection.
        stranger: whether what answered is of another plan.
        tally: ``bytes`` and ``frames`` sent so far, greetings left out.
        arrived: messages from the node that are no greetings, oldest first.
    """

    def __init__(
        self, context: zmq.Context[zmq.Socket[bytes]], plan: Plan, codec: Codec, target: str, identity: str
    ):
        self.target, self.codec, self.plan = target, codec, plan
        self.failed = self.ready = self.stranger = False
        self.tally, self.greeting, self.since = Counter[str](), 0, time.monotonic()
        self.waiting: deque[tuple[float, list[bytes]]] = deque(maxlen=256)
        self.arrived: deque[list[bytes]] = deque()
        self.socket = context.socket(zmq.DEALER)
        self.socket.routing_id = identity.encode()
        self.socket.immediate = True  # a frame for a broken connection is lost, not kept for the next
        self.socket.linger, self.socket.reconnect_ivl = 0, 20
        self.socket.heartbeat_ivl = round(1000 * plan.heartbeat)
        self.socket.heartbeat_timeout = self.socket.handshake_ivl = round(1000 * plan.patience)
        secure(self.socket, plan)
        self.monitor = self.socket.get_monitor_socket(GONE | zmq.EVENT_HANDSHAKE_SUCCEEDED)
        self.socket.connect(f"tcp://{plan.addresses[target]}")

    def notice(self, *, doubtful: bool = False) -> bool:
        """Take in what has happened to the connection; whether the node has failed or come back.

        Args:
            doubtful: this process itself has been stopped for a while, so that a broken connection says nothing.
        """
        before = self.failed
        while self.monitor.poll(0):
            if recv_monitor_message(self.monitor)["event"] & GONE:
                self.ready, self.failed, self.since = False, not doubtful, time.monotonic()
            else:
                self.greeting += 1
                self._push(self.codec.encode(Frame(Kind.HELLO, self.greeting)))
        while self.socket.poll(0):
            self._take(self.socket.recv_multipart())
        if not self.ready and time.monotonic() - self.since > self.plan.patience:
            self.failed = True
        return before != self.failed

    def send(self, parts: list[bytes]) -> bool:
        """Send a frame, or let it wait while the connection is being opened; False for a failed node: it is lost."""
        if self.ready:
            sent = self._push(parts)
            self.tally.update(bytes=sent * on_the_wire(parts), frames=sent)
            return sent
        if not self.failed:
            self.waiting.append((time.monotonic(), parts))
        return not self.failed

    def close(self) -> None:
        """Close the connection at once."""
        self.socket.disable_monitor()
        self.monitor.close(linger=0)
        self.socket.close(linger=0)

    def _take(self, parts: list[bytes]) -> None:
        if parts[0][2:3] != bytes([Kind.HELLO]):
            self.arrived.append(parts)
            return
        try:
            current = self.codec.decode(parts).request == self.greeting
        except FrameError:
            self.stranger = True
            return
        if current:
            self.ready, self.failed, self.stranger = True, False, False
            while self.waiting:
                since, held = self.waiting.popleft()
                if time.monotonic() - since < self.plan.deadline:
                    self.send(held)

    def _push(self, parts: list[bytes]) -> bool:
        try:
            self.socket.send_multipart(parts, zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True


def secure(socket: zmq.Socket[bytes], plan: Plan) -> None:
    """Encrypt what a socket sends with the pair of keys that all processes of a plan share, if it has one."""
    if plan.key:
        secret, public = plan.key.encode(), zmq.curve_public(plan.key.encode())
        socket.curve_secretkey, socket.curve_publickey = secret, public
        if socket.type == zmq.ROUTER:
            socket.curve_server = True
        else:
            socket.curve_serverkey = public


class Admission(ThreadAuthenticator):
    """Lets in only who has the key of a plan."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], plan: Plan) -> None:
        super().__init__(context)
        self.key = zmq.curve_public(plan.key.encode())
        self.start()
        self.configure_curve_callback(credentials_provider=self)

    def callback(self, _domain: str, key: bytes) -> bool:
        """Whether a public key is that of the plan."""
        return key == self.key
