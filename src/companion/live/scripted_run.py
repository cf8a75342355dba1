"""A live run by a script: asks, kills, freezes and restores, and records what comes of it."""

from __future__ import annotations

import math
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from companion.live.processes import Processes, free_addresses
from companion.live.recording import Ended, Happened, Recording
from companion.live.script import Event, Script
from companion.live.settled import settle
from companion.sweeps.run import commit, provenance
from resilinet.evaluation import ready, right
from resilinet.failures import failed_nodes, scenario_key, scenarios
from resilinet.live import Answer, Client, Plan
from resilinet.network import DistributedNetwork
from resilinet.routing import routes

SAMPLE = 0.25
"""Seconds between two looks at what the nodes have sent."""


@dataclass
class Now:
    """What is known while a run goes on.

    Attributes:
        at: seconds after the first request.
        failed: the nodes that have been detected as failed.
        bytes_a_second: over each hyperconnection, at the last look.
        answers: requests answered in the last second.
        lost: requests without an answer, so far.
        accuracy: of the last second's answers, from 0 to 1; None without any.
    """

    at: float
    failed: frozenset[str]
    bytes_a_second: Mapping[str, float]
    answers: int
    lost: int
    accuracy: float | None


@dataclass
class Run:
    """A run as it goes on; :meth:`go` does all of it.

    Args:
        network: whose processes run.
        plan: theirs.
        processes: that were started; None where they run elsewhere, and nothing can be done to them from here.
        client: that asks them.
        x: examples, ``(N, ...)``; requests take them in turn, and begin anew after the last.
        y: their classes, ``(N,)``.
        script: what is to happen.
        tell: is given what is known, a few times a second.

    Raises:
        ValueError: there are fewer examples than a request has.
    """

    network: DistributedNetwork
    plan: Plan
    processes: Processes | None
    client: Client
    x: Tensor
    y: Tensor
    script: Script
    tell: Callable[[Now], None] = lambda now: None
    happened: list[Happened] = field(default_factory=list)
    asked: dict[int, int] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    recent: deque[tuple[float, int]] = field(default_factory=deque)
    traffic: list[tuple[float, dict[str, int]]] = field(default_factory=list)
    seen: dict[str, Counter[str]] = field(default_factory=dict)
    frames: Counter[str] = field(default_factory=Counter)
    frozen: set[str] = field(default_factory=set)
    returning: set[str] = field(default_factory=set)
    down: frozenset[str] = frozenset()
    lost: int = 0

    def __post_init__(self) -> None:
        """Refuse requests that no examples could fill."""
        if self.script.batch > len(self.x):
            raise ValueError(
                f"a batch of {self.script.batch} is more than the {len(self.x)} examples there are."
            )

    def go(self) -> str:
        """Do what the script says; why the run ended early, or nothing."""
        self.script.check(self.network.topology)
        self.start, self.sampled = time.monotonic(), -SAMPLE
        self.carried = dict.fromkeys((link.key for link in self.network.topology.links), 0)
        for status in self.client.known.values():  # what an earlier run has sent is none of this one
            self.seen.update({key: Counter(tally) for key, tally in status["carried"].items()})
        events, count = deque(self.script.ordered), 0
        total = math.ceil(self.script.rate * self.script.duration)
        # All that is due is done, even where this process was kept waiting.
        while (now := self._now()) < self.script.duration or count < total or events or self.client.open:
            while events and events[0].at <= now:
                self._do(events.popleft())
            while count < total and count / self.script.rate <= now:
                self._ask(count)
                count += 1
            self._notice()
            if self._now() - self.sampled >= SAMPLE:
                self._sample()
            due = [count / self.script.rate] if count < total else []
            due += [self.sampled + SAMPLE, *(event.at for event in list(events)[:1])]
            for answer in self.client.answers(min(due) - self._now()):
                self._take(answer)
            self.returning &= self.client.failed
            if reason := self._cut_off({event.node for event in events if event.kind == "restore"}):
                return reason
        return ""

    def _now(self) -> float:
        return time.monotonic() - self.start

    def _part(self, count: int) -> slice:
        """The examples of a request."""
        batch = self.script.batch
        begin = count % max(1, len(self.x) // batch) * batch
        return slice(begin, begin + batch)

    def _ask(self, count: int) -> None:
        self.asked[self.client.ask(ready(self.network, self.x[self._part(count)]))] = count

    def _do(self, event: Event) -> None:
        assert self.processes is not None
        began, node = self._now(), event.node
        if event.kind == "restore":
            self.returning.add(node)
            if node not in self.frozen:
                self.processes.begin(self.network, self.plan, [node])
                return  # it has happened when the node listens
            self.processes.thaw(node)
            self.frozen.remove(node)
        elif event.kind == "freeze":
            self.processes.freeze(node)
            self.frozen.add(node)
        else:
            self.processes.kill(node)
        self.happened.append(Happened(event.kind, node, began))

    def _notice(self) -> None:
        """Take in which nodes listen again, and which events have been detected."""
        while self.processes and (name := self.processes.listening()) is not None:
            self.happened.append(Happened("restore", name, self._now()))
        failed = self.client.failed
        if self.processes is None:  # what happens to nodes elsewhere is known once it has been detected
            for node in sorted(failed ^ self.down):
                self.happened.append(Happened("fail" if node in failed else "restore", node, self._now()))
            self.down = failed
            return
        for k, event in enumerate(self.happened):
            if event.detected is None and (event.node in failed) == (event.kind != "restore"):
                self.happened[k] = replace(event, detected=self._now())

    def _sample(self) -> None:
        now, before = self._now(), dict(self.carried)
        for status in self.client.known.values():
            for key, tally in status.get("carried", {}).items():
                last = self.seen.get(key, Counter())
                # A node that has come back counts from zero again.
                fresh = last if tally.get("frames", 0) >= last["frames"] else Counter()
                self.carried[key] += tally.get("bytes", 0) - fresh["bytes"]
                self.frames[key] += tally.get("frames", 0) - fresh["frames"]
                self.seen[key] = Counter(tally)
        self.traffic.append((round(now, 3), dict(self.carried)))
        self.client.ask_status()
        while self.recent and self.recent[0][0] < now - 1:
            self.recent.popleft()
        answered = len(self.recent)
        correct = sum(correct for _, correct in self.recent)
        rates = {key: (sent - before[key]) / (now - self.sampled) for key, sent in self.carried.items()}
        share = correct / (answered * self.script.batch) if answered else None
        self.sampled = now
        self.tell(Now(now, self.client.failed, rates, answered, self.lost, share))

    def _take(self, answer: Answer) -> None:
        if answer.request not in self.asked:
            return
        self.answers.append(answer)
        self.lost += answer.scores is None
        if answer.scores is not None:
            correct = right(answer.scores, self.y[self._part(self.asked[answer.request])])
            self.recent.append((answer.ended - self.start, correct))

    def _cut_off(self, later: set[str]) -> str:
        """Why no further answer can come, or nothing; some nodes return later, others are about to."""
        topology, failed = self.network.topology, self.client.failed - later - self.returning
        if topology.cloud in failed:
            return f"the cloud, {topology.cloud}, has failed: no answer can leave the network"
        if failed >= set(topology.sources):
            return f"every source has failed ({', '.join(topology.sources)}): no data enter the network"
        return ""


def record(run: Run, trial: Mapping[str, Any]) -> Recording:
    """Do a run and record it; every answer is then held against the simulator's."""
    began, before = time.monotonic(), os.getloadavg()[0]
    ended = run.go()
    run.client.known.clear()
    run.client.ask_status()
    alive, until = run.network.topology.everyone - run.client.failed, time.monotonic() + 2
    while time.monotonic() < until and not alive <= run.client.known.keys():
        for answer in run.client.answers(0.05):
            run._take(answer)
    run._sample()
    names = _scenario_of(run.network)
    found: dict[frozenset[str], int] = {}
    expected: dict[tuple[int, frozenset[str]], Tensor] = {}
    requests = []
    for answer in sorted(run.answers, key=lambda one: one.asked):
        asked, over = answer.asked - run.start, answer.ended - run.start
        if answer.scores is None:
            requests.append(Ended(asked, over, -1, 0, False))
            continue
        part = run._part(run.asked[answer.request])
        pair = part.start, answer.route
        if pair not in expected:
            expected[pair] = _simulated(run.network, ready(run.network, run.x[part]), names.get(answer.route))
        equal = torch.equal(expected[pair], answer.scores)
        number = found.setdefault(answer.route, len(found))
        requests.append(Ended(asked, over, number, right(answer.scores, run.y[part]), equal))
    refused = Counter(run.client.counts)
    for status in run.client.known.values():
        refused.update({key: value for key, value in status.get("counts", {}).items() if key != "computed"})
    plan, script = run.plan, run.script
    return Recording(
        trial=trial,
        setting={
            "rate": script.rate,
            "duration": script.duration,
            "batch": script.batch,
            "deadline": plan.deadline,
            "heartbeat": plan.heartbeat,
            "patience": plan.patience,
        },
        routes=[(names.get(route, "unknown"), tuple(sorted(route))) for route in found],
        events=_followed(run.network, run.happened, found),
        requests=requests,
        traffic=run.traffic,
        frames={key: run.frames[key] for key in run.carried},
        refused=refused,
        ended=ended,
        provenance=provenance(commit(), "cpu", time.monotonic() - began, False)
        | {
            "load": [round(before, 1), round(os.getloadavg()[0], 1)],
            "processors": os.cpu_count(),
            "nice": os.nice(0),
        },
    )


@contextmanager
def started(
    network: DistributedNetwork, x: Tensor, y: Tensor, script: Script, plan: Plan | None = None
) -> Iterator[Run]:
    """A network whose processes run on this machine, ready to go; they end with the block."""
    plan = plan or Plan(free_addresses(network.topology.order), batch=script.batch)
    script.check(network.topology)
    with Processes() as processes:
        processes.start(network, plan, network.topology.order)
        with Client(network, plan) as client:
            settle(client)
            yield Run(network, plan, processes, client, x, y, script)


def _followed(
    network: DistributedNetwork, events: Sequence[Happened], found: Mapping[frozenset[str], int]
) -> list[Happened]:
    """The events, each with the scenario that holds from then on and the number of its route."""
    topology, failed, told = network.topology, frozenset[str](), []
    for event in events:
        failed ^= {event.node}
        route = routes(topology, topology.everyone - failed, network.skips).get(topology.cloud)
        number = -1 if route is None else found.get(route, -1)
        told.append(replace(event, scenario=scenario_key(topology, failed), route=number))
    return told


def _scenario_of(network: DistributedNetwork) -> dict[frozenset[str], str]:
    """The first scenario, the one of fewest failures, that has each route to the cloud."""
    topology = network.topology
    found: dict[frozenset[str], str] = {}
    for failed in scenarios(topology):
        route = routes(topology, topology.everyone - failed, network.skips).get(topology.cloud)
        if route is not None:
            found.setdefault(route, scenario_key(topology, failed))
    return found


@torch.no_grad()
def _simulated(network: DistributedNetwork, x: Tensor, scenario: str | None) -> Tensor:
    """What the simulator says in a scenario; nothing where there is none."""
    x = x.clone()  # a slice may begin anywhere in memory, and where it begins decides how sums round
    scores = None if scenario is None else network(x, network.topology.everyone - failed_nodes(scenario))
    return torch.empty(0) if scores is None else scores
