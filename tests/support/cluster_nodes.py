"""Ray nodes on this machine for tests, started patiently: a machine that is busy with trials is no reason to fail."""

import socket
import time
from types import SimpleNamespace
from typing import Any

import pytest

PORTS = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port", "runtime_env_agent_port")


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(number)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def node_options(**options: Any) -> dict[str, Any]:
    """What a node is started with: ports, little memory, and none of the processes that these tests do not need."""
    spare = {"include_dashboard": False, "include_log_monitor": False, "no_monitor": True}
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    return {"object_store_memory": 80 * 2**20, **spare, **ports, **options}


def be_patient(patch: pytest.MonkeyPatch) -> None:
    """Let a node take minutes to start.

    Ray allows half a minute for the whole and fifteen seconds for its helpers to choose their ports and write them
    down. The one is stretched here by a slower clock, the other by writing the given ports down beforehand.
    """
    patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    patch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "1")
    patch.setenv("RAY_agent_register_timeout_ms", "300000")
    patch.setenv("RAY_worker_register_timeout_seconds", "300")
    import ray._private.node as node
    from ray._raylet import persist_port

    slow = {name: getattr(time, name) for name in dir(time)} | {"monotonic": lambda: time.monotonic() / 10}
    patch.setattr(node, "time", SimpleNamespace(**slow))
    start = node.Node.start_raylet

    def start_raylet(self: Any, *arguments: Any, **options: Any) -> None:
        for name in PORTS:
            persist_port(self._session_dir, self._node_id, name, getattr(self._ray_params, name))
        start(self, *arguments, **options)

    patch.setattr(node.Node, "start_raylet", start_raylet)
