"""Nodes as processes: they end with whoever started them, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from companion.live.processes import Processes, free_addresses
from companion.live.settled import LiveError
from live_network import SOON, Live, chain, gone

Start = Callable[..., Live]

PARENT = """
import sys, time
from companion.live.processes import Processes, free_addresses
from companion.live.settled import LiveError
from live_network import chain
from resilinet.live import Plan

if __name__ == "__main__":
    network = chain()
    with Processes() as processes:
        processes.start(network, Plan(free_addresses(network.topology.order)), network.topology.order)
        processes.freeze("n2")
        print(processes.parent.pid, *processes.pids.values(), flush=True)
        for _ in range(6000):  # one long sleep would outlast a signal that comes just before it
            time.sleep(0.1)
"""


def test_ctrl_c_is_left_to_the_parent(live: Start) -> None:
    """It reaches all processes of a terminal, and these must not end before their parent says so."""
    run = live(chain())
    for pid in (run.processes.parent.pid, *run.processes.pids.values()):
        assert pid is not None
        os.kill(pid, signal.SIGINT)
    assert run.one().scores is not None


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_node_outlives_its_parent_not_even_a_frozen_one(tmp_path: Path, how: signal.Signals) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT, encoding="utf-8")
    path = os.pathsep.join(one for one in sys.path if one)
    command = [sys.executable, str(script)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": path}
    ) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) == 6
        parent.send_signal(how)
    until = time.monotonic() + SOON
    while not gone(pids):
        assert time.monotonic() < until, "a process is left behind"
        time.sleep(0.05)


def test_a_killed_node_may_return_at_once(live: Start) -> None:
    """A process that was killed holds its address until it has ended, which takes a while."""
    run = live(chain())
    for _ in range(30):
        run.processes.kill("n2")
        run.restart("n2")
    run.settle()


def test_nodes_that_do_not_run_cannot_be_killed(processes: Processes) -> None:
    with pytest.raises(LiveError, match="node 'n9' does not run here"):
        processes.kill("n9")


def test_addresses_are_all_different_and_free() -> None:
    found = free_addresses([f"n{k}" for k in range(50)])
    assert len(set(found.values())) == 50
