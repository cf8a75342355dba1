"""Networks that run, as tests ask them: a stream of requests, each answer held against the simulator's."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import torch
from torch import Tensor, nn

from companion.live.processes import Processes, free_addresses
from companion.live.settled import settle
from resilinet.failures import scenarios
from resilinet.live import Answer, Client, Plan
from resilinet.models import model
from resilinet.network import DistributedNetwork
from resilinet.routing import Skips, routes
from resilinet.topology import Topology, vertical, with_skips

SOON = 60.0
"""Seconds after which what should have happened counts as not happening; no test waits for them otherwise."""


class Slow(nn.Module):
    """Passes on what it receives, after a while."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def forward(self, x: Tensor) -> Tensor:
        time.sleep(self.seconds)
        return x + 0


def dense(topology: Topology, skips: Skips | str = Skips.ON_FAILURE, width: int = 6) -> DistributedNetwork:
    """A dense layer in each block of any topology."""
    torch.manual_seed(0)
    blocks = [nn.Sequential(nn.Linear(width, width), nn.ReLU()) for _ in range(topology.blocks)]
    return DistributedNetwork(blocks, topology, input_shape=(width,), skips=skips).eval()


def chain(skips: Skips | str = Skips.ON_FAILURE) -> DistributedNetwork:
    """A source, three nodes that can fail, and the cloud."""
    return dense(with_skips(vertical({"i": 0, "n1": 1, "n2": 1, "n3": 1, "n4": 1})), skips)


def family(name: str, partition: tuple[int, ...], **sizes: object) -> DistributedNetwork:
    """A network of the paper's, small."""
    torch.manual_seed(0)
    found = model(name)
    topology = found.topology(partition, found.SKIPS)
    return DistributedNetwork(
        found.blocks(**sizes),
        topology,
        input_shape=found.input_shape(**sizes),
        adapters=found.adapters(topology, **sizes),
    ).eval()


@dataclass
class Live:
    """A network that runs, with a client."""

    network: DistributedNetwork
    plan: Plan
    processes: Processes
    client: Client
    asked: dict[int, Tensor] = field(default_factory=dict)
    ended: dict[int, Answer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.stream = torch.Generator().manual_seed(0)
        self.route = cache(self._route)

    def ask(self, count: int = 2) -> int:
        sources = self.network.topology.sources
        shape = (count, len(sources)) if len(sources) > 1 else (count,)
        x = torch.rand(*shape, *self.network.input_shape, generator=self.stream)
        number = self.client.ask(x)
        self.asked[number] = x
        return number

    def answers(self, seconds: float = 0.0) -> list[Answer]:
        """What has ended when something arrives, or after that time; each answer is checked."""
        found = list(self.client.answers(seconds))
        for answer in found:
            assert answer.request not in self.ended, "a request ended twice"
            self.ended[answer.request] = answer
            self.check(answer)
        return found

    def settle(self, *failed: str) -> None:
        """Wait until every node knows exactly who has failed; what is in flight may be lost, and is forgotten."""
        self.client.open.clear()
        settle(self.client, frozenset(failed), SOON)

    def until(self, done: Callable[[], bool]) -> None:
        until = time.monotonic() + SOON
        while not done():
            assert time.monotonic() < until, "what should happen does not"
            self.answers(0.02)

    def one(self) -> Answer:
        """How a new request ends."""
        number = self.ask()
        self.until(lambda: number in self.ended)
        return self.ended[number]

    def detoured(self, *failed: str) -> Answer:
        """Ask until an answer comes by the route that the simulator has for these failures."""
        until = time.monotonic() + SOON
        while time.monotonic() < until:
            self.ask()
            for answer in self.answers(0.02):
                if answer.scores is not None and answer.route == self.route(frozenset(failed)):
                    return answer
        raise AssertionError("no answer comes that way")

    def _route(self, failed: frozenset[str] = frozenset()) -> frozenset[str] | None:
        topology = self.network.topology
        return routes(topology, topology.everyone - failed, self.network.skips).get(topology.cloud)

    def check(self, answer: Answer) -> None:
        """An answer is, bit for bit, the simulator's for a scenario with its route."""
        if answer.scores is None:
            return
        topology = self.network.topology
        failed = next(one for one in scenarios(topology) if self.route(one) == answer.route)
        with torch.no_grad():
            expected = self.network(self.asked[answer.request], topology.everyone - failed)
        assert expected is not None
        assert torch.equal(answer.scores, expected)

    def restart(self, *names: str, network: DistributedNetwork | None = None) -> None:
        self.processes.start(network or self.network, self.plan, names)


@contextmanager
def starting(processes: Processes) -> Iterator[Callable[..., Live]]:
    """Starts networks, whose nodes end with the block."""
    with ExitStack() as stack:
        stack.callback(processes.stop)

        def start(network: DistributedNetwork, **values: float) -> Live:
            # A busy machine must not take a node for failed, nor an answer for lost.
            plan = Plan(
                free_addresses(network.topology.order), **{"patience": 10.0, "deadline": 10.0, **values}
            )
            processes.start(network, plan, network.topology.order)
            client = stack.enter_context(Client(network, plan))
            settle(client, timeout=SOON)
            return Live(network, plan, processes, client)

        yield start


def gone(pids: Collection[int]) -> bool:
    """Whether none of these processes runs any more; one that waits to be reaped does not."""
    for pid in pids:
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z":
                return False
        except (ProcessLookupError, FileNotFoundError):
            continue
    return True
