"""A recorded live run for the explorer's drawing: for each moment who has failed, what flows, and the accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from companion.explorer.scene import drawn
from companion.live.recording import Recording
from resilinet.network import DistributedNetwork

STEP: Final = 0.25
"""Seconds from one moment to the next; the page plays them as fast as they were."""


def moments(found: Recording, network: DistributedNetwork) -> dict[str, Any]:
    """All that the page needs to play a recording, as JSON values: accuracies in percent, bytes a second.

    Args:
        found: the recording.
        network: that ran.
    """
    topology = network.topology
    steps = [_moment(found, STEP * k) for k in range(int(found.setting["duration"] / STEP) + 1)]
    return {
        "scheme": found.trial["scheme"],
        "skips": network.skips.value,
        "step": STEP,
        **drawn(topology),
        "steps": steps,
    }


def _moment(found: Recording, at: float) -> dict[str, Any]:
    failed: set[str] = set()
    for event in found.events:
        if event.began <= at:
            failed ^= {event.node}
    recent = [one for one in found.requests if one.answered and at - 1 < one.ended <= at]
    correct = sum(one.correct for one in recent)
    return {
        "at": at,
        "failed": sorted(failed),
        "bytes": _flow(found.traffic, at),
        "answers": len(recent),
        "accuracy": 100 * correct / (len(recent) * found.setting["batch"]) if recent else None,
    }


def _flow(traffic: Sequence[tuple[float, Mapping[str, int]]], at: float) -> Mapping[str, int]:
    """Bytes a second over each hyperconnection that carried any, between the two looks around a moment."""
    for (before, was), (after, now) in pairwise(traffic):
        if before <= at < after:
            rates = {key: round((now[key] - was[key]) / (after - before)) for key in now}
            return {key: rate for key, rate in rates.items() if rate}
    return {}
