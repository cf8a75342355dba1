"""The nodes of a live network as processes of this machine: started, killed, frozen, and gone with who started them."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import signal
import socket
import sys
import traceback
from collections.abc import Iterable
from multiprocessing.connection import Connection
from typing import Self

import torch

from companion.live.settled import LiveError
from resilinet.live import Node, Plan, PlanError
from resilinet.network import DistributedNetwork

PORTS = range(20_000, 32_000)
"""Below those that systems give to connections, so that none of these takes the place of a node that has failed."""
PATIENCE = 120.0
"""Seconds in which a process must listen; most of them go to loading PyTorch, once for all nodes."""


class Processes:
    """One process a node, by name; a context manager that leaves none behind.

    A process of its own forks them, so that a node that comes back need not load PyTorch again. It ends with this
    one, however that ends, and all nodes with it. The network reaches it as an argument does any process of Python;
    nothing that arrives over a socket is ever unpickled.

    Attributes:
        pids: of the nodes that listen, or are frozen.
    """

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.line, far_end = context.Pipe()
        self.parent = context.Process(target=_fork_nodes, args=(far_end,), daemon=True)
        self.parent.start()
        far_end.close()
        self.pids: dict[str, int] = {}
        self.killed: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.line.close()
        self.parent.join()
        self.parent.close()

    def start(self, network: DistributedNetwork, plan: Plan, names: Iterable[str]) -> None:
        """Start nodes, and return once they listen.

        Raises:
            LiveError: one of them cannot; the message is its reason.
        """
        names = list(names)
        self.begin(network, plan, names)
        for _ in names:
            if not self.line.poll(PATIENCE):
                raise LiveError(f"no node listens after {PATIENCE:g} s.")
            self.listening()

    def begin(self, network: DistributedNetwork, plan: Plan, names: Iterable[str]) -> None:
        """Start nodes, and do not wait for them; :meth:`listening` says when they listen."""
        self.line.send((network, plan, list(names), self.killed))
        self.killed = []

    def listening(self) -> str | None:
        """A node that has begun to listen since this was asked last, or None.

        Raises:
            LiveError: one of them cannot; the message is its reason.
        """
        if not self.line.poll():
            return None
        try:
            name, pid, problem = self.line.recv()
        except EOFError:
            raise LiveError("the process that starts the nodes has ended.") from None
        if problem:
            raise LiveError(problem)
        self.pids[name] = pid
        return str(name)

    def kill(self, name: str) -> None:
        """End a node as a crash does, without a word to anyone (SIGKILL)."""
        self._signal(name, signal.SIGKILL)
        self.killed.append(self.pids.pop(name))

    def freeze(self, name: str) -> None:
        """Let a node do nothing from now on while its connections stay (SIGSTOP)."""
        self._signal(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Let a frozen node go on (SIGCONT)."""
        self._signal(name, signal.SIGCONT)

    def stop(self) -> None:
        """Kill all nodes; others may be started then."""
        for name in [*self.pids]:
            self.kill(name)

    def _signal(self, name: str, number: signal.Signals) -> None:
        if name not in self.pids:
            raise LiveError(f"node {name!r} does not run here.")
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            os.kill(self.pids[name], number)


def free_addresses(names: Iterable[str], host: str = "127.0.0.1") -> dict[str, str]:
    """An address for each node at which nobody listens now."""
    found: dict[str, str] = {}
    ports = iter(random.SystemRandom().sample(PORTS, len(PORTS)))
    for name in names:
        for port in ports:
            with socket.socket() as tried, contextlib.suppress(OSError):
                tried.bind((host, port))
                found[name] = f"{host}:{port}"
                break
    return found


def _fork_nodes(line: Connection) -> None:
    """Fork a process for each node asked for, until whoever asks is gone; then end them all."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process; the parent ends them
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    torch.set_num_threads(1)
    children: set[int] = set()
    try:
        while True:
            network, plan, names, killed = line.recv()
            for pid in children.intersection(killed):  # until it has ended it holds its address
                os.waitpid(pid, 0)
                children.discard(pid)
            while children and (ended := os.waitpid(-1, os.WNOHANG)[0]):
                children.discard(ended)
            for name in names:
                pid = os.fork()
                if not pid:
                    _be(network, plan, name, line)
                children.add(pid)
    except (EOFError, OSError):
        pass
    finally:
        for pid in children:  # those that have ended keep their number until they are waited for
            os.kill(pid, signal.SIGKILL)


def _be(network: DistributedNetwork, plan: Plan, name: str, line: Connection) -> None:
    """What a forked process does; it never returns."""
    parent = os.getppid()
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        node = Node(network, plan, name)
        line.send((name, os.getpid(), ""))
        node.run(lambda: os.getppid() != parent)
    except PlanError as error:
        line.send((name, 0, str(error)))
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(0)
