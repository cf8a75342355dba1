"""A network that runs, as tests ask it: a stream of requests, each answer held against the simulator's."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import torch

from companion.live.processes import Processes
from resilinet.failures import scenarios
from resilinet.live import Answer, Client, Plan
from resilinet.network import DistributedNetwork
from resilinet.routing import routes


@dataclass
class Live:
    network: DistributedNetwork
    plan: Plan
    processes: Processes
    client: Client
    asked: dict[int, torch.Tensor] = field(default_factory=dict)

    def examples(self, count: int = 3) -> torch.Tensor:
        sources = self.network.topology.sources
        shape = (count, len(sources)) if len(sources) > 1 else (count,)
        return torch.rand(*shape, *self.network.input_shape, generator=self.stream)

    def __post_init__(self) -> None:
        self.stream = torch.Generator().manual_seed(0)

    def ask(self, count: int = 3) -> int:
        x = self.examples(count)
        number = self.client.ask(x)
        self.asked[number] = x
        return number

    def answers(self, seconds: float = 0.0) -> list[Answer]:
        """What ends in that time, each answer checked."""
        found, until = [], time.monotonic() + seconds
        while True:
            found += self.client.answers(max(0.0, until - time.monotonic()))
            if time.monotonic() >= until:
                break
        for answer in found:
            self.check(answer)
        return found

    def one(self) -> Answer:
        """The answer to a new request, or that there is none."""
        number = self.ask()
        until = time.monotonic() + 60
        while time.monotonic() < until:
            for answer in self.answers(0.01):
                if answer.request == number:
                    return answer
        raise AssertionError("a request has no end")

    def until(self, wanted: Callable[[Answer], bool], seconds: float = 30.0) -> Answer:
        """Ask until an answer is as wanted."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.ask()
            for answer in self.answers(0.02):
                if answer.scores is not None and wanted(answer):
                    return answer
        raise AssertionError("no answer is as wanted")

    def route(self, failed: Collection[str] = ()) -> frozenset[str] | None:
        topology = self.network.topology
        return routes(topology, topology.everyone - set(failed), self.network.skips).get(topology.cloud)

    def detoured(self, *failed: str) -> Answer:
        """The first answer by the route that the simulator has for these failures."""
        return self.until(lambda answer: answer.route == self.route(failed))

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
