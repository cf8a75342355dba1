"""Nodes that run: they answer as the simulator does, detour around failures, and return."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from companion.results.network_files import load
from live_network import Live
from resilinet.schemes import SCHEMES

NETWORKS = Path(__file__).parents[3] / "results" / "networks"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_each_failure_and_return_under_load_gives_the_simulators_answers(
    live: Callable[..., Live], scheme: str
) -> None:
    run = live(load(NETWORKS / f"{scheme}.pt")[0])
    assert run.one().route == run.route()
    for name in run.network.topology.failable:
        run.ask()
        run.processes.kill(name)
        if run.route({name}) is not None:
            run.detoured(name)
        run.restart(name)
        run.detoured()
