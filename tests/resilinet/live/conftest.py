"""Networks that run, each for as long as a test takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import torch

from companion.live.processes import Processes, free_addresses
from live_network import Live
from resilinet.live import Client, Plan
from resilinet.network import DistributedNetwork


@pytest.fixture(scope="session")
def processes() -> Iterator[Processes]:
    with Processes() as found:
        yield found


@pytest.fixture
def live(processes: Processes, _one_thread: object) -> Iterator[Callable[..., Live]]:
    """Starts a network, whose nodes end with the test."""
    with ExitStack() as stack:
        stack.callback(processes.stop)

        def start(network: DistributedNetwork, **values: float) -> Live:
            torch.set_num_threads(1)
            # A busy machine must not take a node for failed; what is lost must be found out soon all the same.
            plan = Plan(
                free_addresses(network.topology.order), **{"patience": 5.0, "deadline": 2.0, **values}
            )
            processes.start(network, plan, network.topology.order)
            client = stack.enter_context(Client(network, plan))
            client.wait()
            return Live(network, plan, processes, client)

        yield start
