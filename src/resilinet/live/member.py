"""What nodes and whoever asks them have in common: a plan, and connections that say which nodes are alive."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from typing import Self

import zmq
from zmq.auth.thread import ThreadAuthenticator
from zmq.utils import z85
from zmq.utils.monitor import recv_monitor_message

from resilinet.live.frames import Codec
from resilinet.live.plan import Plan
from resilinet.network import DistributedNetwork
from resilinet.routing import Skips

CLIENT = "->"  # how the name of whoever asks begins, and of no node; the first 12 bits of its requests follow
STATUS = b"\xff"  # what whoever asks sends to learn what a node knows; the reply ends with it, and no frame
PAUSE = 0.1  # seconds for which a process waits at most before it looks around
REFUSED = zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
GONE = REFUSED | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq.EVENT_DISCONNECTED | zmq.EVENT_CLOSED


class Member:
    """A process that takes part in a live network, connected to all nodes; a context manager that ends that.

    A node lets in only who has the same plan and the same network, by :meth:`resilinet.live.plan.Plan.digest`: the
    password of ZeroMQ's PLAIN, or, of a plan with a key, the pair of keys of CURVE that all processes share.
    """

    def __init__(self, network: DistributedNetwork, plan: Plan, name: str) -> None:
        plan.check(network.topology)
        self.network, self.plan, self.name = network.eval(), plan, name
        never = network.skips is Skips.NEVER
        self.topology = network.topology.without_skips() if never else network.topology
        self.codec, self.digest = Codec(self.topology, plan.batch), plan.digest(network)
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.gate = ThreadAuthenticator(self.context)  # started where others connect
        self.peers: dict[str, Peer] = {}
        self.connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.gate.stop()
        self.context.destroy(linger=0)

    @property
    def seen(self) -> dict[str, bool | None]:
        """Whether each of the other nodes is alive, as this process sees it; None where it does not know yet."""
        return {name: peer.alive for name, peer in self.peers.items()}

    @property
    def failed(self) -> frozenset[str]:
        """The nodes that this process has detected as failed."""
        return frozenset(name for name, alive in self.seen.items() if alive is False)

    def connect(self) -> None:
        """Connect to all other nodes, and forget what was known of them."""
        for peer in self.peers.values():
            peer.socket.disable_monitor()
            peer.monitor.close(linger=0)
            peer.socket.close(linger=0)
        self.peers = {name: Peer(self, name) for name in self.topology.order if name != self.name}

    def wait_for(self, *sockets: zmq.Socket[bytes], timeout: float) -> None:
        """Wait until something arrives, at most ``timeout`` seconds, and take in who has failed or come back."""
        watched = [*sockets, *(peer.monitor for peer in self.peers.values())]
        ready = dict(zmq.zmq_poll([(one, zmq.POLLIN) for one in watched], max(0, round(1000 * timeout))))
        for peer in self.peers.values():
            if peer.monitor in ready or peer.refused:
                peer.notice()

    def secure(self, socket: zmq.Socket[bytes]) -> None:
        """Let a socket prove that it knows the digest."""
        if self.plan.key:
            secret = z85.encode(self.digest)
            public = zmq.curve_public(secret)  # which whoever speaks to a server of CURVE has to know
            socket.curve_secretkey, socket.curve_publickey, socket.curve_serverkey = secret, public, public
        else:
            socket.plain_username, socket.plain_password = b"plan", self.digest.hex().encode()


class Peer:
    """The connection to a node, which counts as failed once it breaks, cannot be opened, or misses a heartbeat.

    Attributes:
        alive: whether the node is; None before either is known.
        refused: when what listens there last refused this process, as it does by another plan; else None.
        carried: ``frames`` and ``bytes`` sent over this connection.
    """

    def __init__(self, member: Member, target: str) -> None:
        self.address, patience = f"tcp://{member.plan.addresses[target]}", round(1000 * member.plan.patience)
        self.socket = member.context.socket(zmq.DEALER)
        self.socket.routing_id, self.socket.linger, self.socket.reconnect_ivl = member.name.encode(), 0, 20
        self.socket.immediate = True  # what a broken connection still held is not for the next
        self.socket.heartbeat_ivl = round(1000 * member.plan.heartbeat)
        self.socket.heartbeat_timeout = self.socket.handshake_ivl = self.socket.connect_timeout = patience
        member.secure(self.socket)
        self.monitor = self.socket.get_monitor_socket(GONE | zmq.EVENT_HANDSHAKE_SUCCEEDED)
        self.socket.connect(self.address)
        self.alive: bool | None = None
        self.refused: float | None = None
        self.carried = Counter[str]()

    def send(self, message: bytes) -> None:
        """Send a message, unless the node is not alive or too much waits already, and count it with ZMTP's header."""
        with suppress(zmq.Again):  # never wait: a connection that breaks now may be back much later
            if self.alive:
                self.socket.send(message, zmq.NOBLOCK, copy=False)
                self.carried.update(frames=1, bytes=len(message) + (2 if len(message) < 256 else 9))

    def notice(self) -> None:
        """Take in what has happened to the connection."""
        now = time.monotonic()
        while self.monitor.poll(0):
            event = recv_monitor_message(self.monitor)["event"]
            self.alive = not event & GONE
            self.refused = now if event & REFUSED else None if self.alive else self.refused
        if self.refused is not None and now - self.refused > PAUSE:  # ZeroMQ does not try again by itself
            self.refused = now
            self.socket.disconnect(self.address)
            self.socket.connect(self.address)
