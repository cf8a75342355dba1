"""What is to happen in a live run: how many requests a second, for how long, and which nodes fail and return when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from resilinet.topology import Topology

KINDS = ("fail", "freeze", "restore")


@dataclass(frozen=True)
class Event:
    """Something that happens to a node: it is killed, frozen, or returns from either.

    Attributes:
        kind: one of :data:`KINDS`.
        node: its name.
        at: seconds after the first request.
    """

    kind: str
    node: str
    at: float


@dataclass(frozen=True)
class Script:
    """What is to happen in a live run.

    Attributes:
        rate: requests a second.
        duration: seconds for which requests are sent.
        batch: examples of a request.
        events: what happens to nodes, in any order.

    Raises:
        ValueError: a number is out of range, or an event is too late.
    """

    rate: float
    duration: float
    batch: int = 1
    events: tuple[Event, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        if not 0 < self.rate <= 10_000:
            raise ValueError(f"a rate of {self.rate:g} requests a second is out of range; give up to 10000.")
        if not 0 < self.duration <= 86_400:
            raise ValueError(f"a duration of {self.duration:g} s is out of range; give up to one day.")
        for event in self.events:
            if not 0 <= event.at < self.duration:
                raise ValueError(
                    f"{event.node} is to {event.kind} at {event.at:g} s, but the run lasts {self.duration:g} s."
                )

    @cached_property
    def ordered(self) -> tuple[Event, ...]:
        """The events as they come."""
        return tuple(sorted(self.events, key=lambda event: event.at))

    def check(self, topology: Topology) -> None:
        """Refuse events that this topology's nodes cannot go through one after the other.

        Raises:
            ValueError: there is no such node, it has failed already, or has not failed when it is to return.
        """
        down: set[str] = set()
        for event in self.ordered:
            if event.node not in topology.everyone:
                raise ValueError(f"{event.node!r} is no node; there are {', '.join(topology.order)}.")
            if (event.kind == "restore") != (event.node in down):
                state = "has failed already" if event.node in down else "has not failed"
                raise ValueError(f"{event.node} cannot {event.kind} at {event.at:g} s: by then it {state}.")
            down ^= {event.node}


def kills(nodes: Iterable[str], count: int, every: float, first: float = 1.0) -> tuple[Event, ...]:
    """Kill the nodes in turn, ``count`` times, each for the first half of ``every`` seconds."""
    names = list(nodes)
    return tuple(
        Event(kind, names[k % len(names)], first + every * (k + half / 2))
        for k in range(count)
        for half, kind in enumerate(("fail", "restore"))
    )
