"""The recording of a live run: every request and event, and what can be measured of them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from resilinet.atomic_files import whole_file
from resilinet.routing import passed

SCHEMA = "live run 1"


class RecordingError(ValueError):
    """A file that holds no recording; the message names it and says why."""


@dataclass(frozen=True)
class Happened:
    """An event of the script as it came about; times in seconds after the first request.

    Attributes:
        kind: ``fail``, ``freeze`` or ``restore``.
        node: whose.
        began: when the signal was sent, or, of a return, when the node listened again or went on; of a node that runs
            elsewhere, when whoever asks noticed.
        detected: when whoever asks noticed; None where it has not, or began is that time.
        scenario: which nodes are failed from then on (:func:`resilinet.failures.scenario_key`).
        route: which of the recording's routes that scenario has; -1 where no answer came by it.
    """

    kind: str
    node: str
    began: float
    detected: float | None = None
    scenario: str = "none"
    route: int = -1


@dataclass(frozen=True)
class Ended:
    """How a request ended; times in seconds after the first request.

    Attributes:
        asked: when it was sent.
        ended: when its answer arrived, or it was given up.
        route: which of the recording's routes its answer came by; -1 where none arrived in time.
        correct: how many of its examples were classified correctly.
        equal: whether its scores are the simulator's, bit for bit.
    """

    asked: float
    ended: float
    route: int
    correct: int
    equal: bool

    @property
    def answered(self) -> bool:
        """Whether an answer arrived in time."""
        return self.route >= 0


@dataclass(frozen=True)
class Phase:
    """The time between two events; a scenario that holds.

    Attributes:
        scenario: which nodes have failed (:func:`resilinet.failures.scenario_key`).
        begins: in seconds after the first request.
        ends: likewise.
        answered: requests sent in that time that were answered.
        lost: the others.
        by_its_route: of those answered the ones by the route of the scenario.
        accuracy: of the latter, from 0 to 1; None where there are none.
    """

    scenario: str
    begins: float
    ends: float
    answered: int
    lost: int
    by_its_route: int
    accuracy: float | None


@dataclass(frozen=True)
class Recording:
    """A live run.

    Attributes:
        trial: the values of the trial whose network ran.
        setting: rate, duration, batch, and the plan's deadline, heartbeat and patience in seconds.
        routes: the route of each scenario that was seen, as keys of hyperconnections, beside the scenario's name.
        events: what happened to nodes.
        requests: how each ended, in the order in which they were sent.
        traffic: bytes that each hyperconnection has carried until a time, the lengths and headers of frames included.
        frames: how many tensors each has carried in the end.
        refused: what nodes and client refused or received too late, in numbers.
        ended: why the run ended early; empty where it did not.
        provenance: as that of a trial's result, with the machine's load.
    """

    trial: Mapping[str, Any]
    setting: Mapping[str, float]
    routes: Sequence[tuple[str, tuple[str, ...]]]
    events: Sequence[Happened]
    requests: Sequence[Ended]
    traffic: Sequence[tuple[float, Mapping[str, int]]]
    frames: Mapping[str, int]
    refused: Mapping[str, int] = field(default_factory=dict)
    ended: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def passed(self) -> list[frozenset[str]]:
        """The nodes by which each route leads."""
        return [passed(frozenset(keys)) for _, keys in self.routes]

    def until_detour(self, event: Happened) -> float | None:
        """Seconds from a failure to the first answer that came around the node; None where it came back before that."""
        return None if event.kind == "restore" else self._until(event, through=False)

    def until_return(self, event: Happened) -> float | None:
        """Seconds from when a node listens again to the first answer through it; None where it failed before that."""
        return self._until(event, through=True) if event.kind == "restore" else None

    def _until(self, event: Happened, *, through: bool) -> float | None:
        ends = min(
            (e.began for e in self.events if e.node == event.node and e.began > event.began), default=math.inf
        )
        times = (
            one.ended - event.began
            for one in self.requests
            if one.answered
            and event.began < one.ended < ends
            and (event.node in self.passed[one.route]) == through
        )
        return min(times, default=None)

    def phases(self) -> list[Phase]:
        """What happened between each event and the next."""
        healthy = next((k for k, (name, _) in enumerate(self.routes) if name == "none"), -1)
        held = [("none", healthy, 0.0), *((one.scenario, one.route, one.began) for one in self.events)]
        last = max((one.asked for one in self.requests), default=0.0) + 1e-3
        ends = [*(begins for *_, begins in held[1:]), max(self.setting["duration"], last)]
        return [self._phase(*one, until) for one, until in zip(held, ends, strict=True)]

    def _phase(self, scenario: str, route: int, begins: float, ends: float) -> Phase:
        inside = [one for one in self.requests if begins <= one.asked < ends]
        own = [one for one in inside if one.answered and one.route == route]
        answered = sum(one.answered for one in inside)
        total = len(own) * self.setting["batch"]
        share = sum(one.correct for one in own) / total if total else None
        return Phase(scenario, begins, ends, answered, len(inside) - answered, len(own), share)

    def write(self, path: Path) -> None:
        """Write the recording, which appears whole or not at all."""
        content = {"schema": SCHEMA, **{one.name: getattr(self, one.name) for one in fields(self)}}
        content["events"] = [asdict(event) for event in self.events]
        content["requests"] = [
            [round(one.asked, 4), round(one.ended, 4), one.route, one.correct, int(one.equal)]
            for one in self.requests
        ]
        text = json.dumps(content, allow_nan=False, separators=(",", ":"))
        with whole_file(path) as partial:
            partial.write_text(text.replace("],[", "],\n[").replace(',"', ',\n"') + "\n", encoding="utf-8")


def read_recording(path: Path) -> Recording:
    """The recording in a file.

    Raises:
        RecordingError: there is none, or it is not whole.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or content.pop("schema", None) != SCHEMA:
            raise ValueError(f"it is not of schema {SCHEMA!r}")
        content["routes"] = [(name, tuple(keys)) for name, keys in content["routes"]]
        content["events"] = [Happened(**event) for event in content["events"]]
        content["requests"] = [
            Ended(asked, ended, route, correct, bool(equal))
            for asked, ended, route, correct, equal in content["requests"]
        ]
        content["traffic"] = [(float(at), carried) for at, carried in content["traffic"]]
        found = Recording(**content)
        for one in found.requests:
            if not -1 <= one.route < len(found.routes) or not math.isfinite(one.ended - one.asked):
                raise ValueError(f"a request ended as {one}")
    except (OSError, KeyError, TypeError, IndexError, ValueError, RecursionError) as error:
        raise RecordingError(f"{path}: not a recording of a live run ({error}).") from error
    return found
