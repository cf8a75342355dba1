"""A Ray cluster: which one, how to connect to it, and whether its nodes can run the trials."""

from __future__ import annotations

import contextlib
import math
import os
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from companion.experiments.trial import Trial
from resilinet.data import DataError
from resilinet.sweeps.cluster_trial import look
from resilinet.sweeps.data import distinct
from resilinet.sweeps.setup import Setup


class ClusterError(ValueError):
    """A cluster that cannot be used as asked; the message says why."""


@dataclass(frozen=True)
class Cluster:
    """Which Ray cluster, and what one trial takes of it beside the threads of the setup.

    Attributes:
        address: of the cluster, for example ``auto`` or ``10.0.0.1:6379``; None for the one that ``RAY_ADDRESS``
            names or that runs on this machine, or else a new one of this machine alone.
        gpus: GPUs a trial takes, a share of one or a whole number; none by default.
        retries: how often a trial is begun again, from its checkpoint where that can be reached, because its worker
            or node died.

    Raises:
        ClusterError: a field is out of bounds.
    """

    address: str | None = None
    gpus: float = 0.0
    retries: int = 3

    def __post_init__(self) -> None:
        """Refuse what no cluster can give."""
        if not (0 <= self.gpus <= 1 or (math.isfinite(self.gpus) and self.gpus == int(self.gpus) > 0)):
            raise ClusterError(
                f"{self.gpus:g} GPUs a trial; give a share of one, from 0 to 1, or a whole number."
            )
        if self.retries < 0:
            raise ClusterError(f"{self.retries} retries of a trial; give a whole number from 0.")
        if (self.address or "").startswith("ray://"):
            raise ClusterError(
                f"{self.address!r} is a client's address; sweep on a node of the cluster, with its "
                "address there, for example auto."
            )

    def places(self, offers: Sequence[dict[str, float]], threads: int) -> int:
        """How many trials run side by side on nodes with these resources; no trial spans two GPUs unasked."""
        found = 0
        for offer in offers:
            room = offer.get("CPU", 0) // threads
            if self.gpus > 1:
                room = min(room, offer.get("GPU", 0) // self.gpus)
            elif self.gpus:
                room = min(room, offer.get("GPU", 0) * math.floor(1 / self.gpus + 1e-9))
            found += int(room)
        return found


@contextlib.contextmanager
def connected(address: str | None) -> Iterator[Any]:
    """Ray, connected to a cluster; a connection that exists is used, and left open."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ModuleNotFoundError:
        raise ClusterError('a sweep on a cluster needs Ray: pip install "resilinet[cluster]".') from None
    if ray.is_initialized():
        yield ray
        return
    try:
        host, colon, port = (address or "").rpartition(":")
        if colon and port.isdigit():  # asked first, because Ray itself asks for minutes
            socket.create_connection((host, int(port)), timeout=10).close()
        ray.init(address=address, include_dashboard=False, log_to_driver=False, logging_level="error")
    except (OSError, OverflowError, RuntimeError, ValueError) as error:
        reason = str(error).strip().split("\n")[0].rstrip(".")
        raise ClusterError(f"no Ray cluster answers at {address or 'this machine'} ({reason}).") from None
    try:
        yield ray
    finally:
        ray.shutdown()


def alive(ray: Any) -> list[dict[str, Any]]:
    """What Ray knows of each node that is not lost."""
    return [node for node in ray.nodes() if node["Alive"]]


def on_node(ray: Any, node: str) -> Any:
    """The option that makes a task or an actor run on this node and nowhere else."""
    return ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(node, soft=False)


def refuse_unfit(ray: Any, todo: Sequence[Trial], setup: Setup, cluster: Cluster) -> None:
    """Refuse here, once, what every trial would find out for itself: no room, or no data.

    Raises:
        ClusterError: no node has room for a trial.
        DataError: the data cannot be used on a node that has.
    """
    fit = [node for node in alive(ray) if cluster.places([node["Resources"]], setup.threads)]
    if not fit:
        wanted = f"{setup.threads} CPUs" + (f" and {cluster.gpus:g} GPUs" if cluster.gpus else "")
        raise ClusterError(f"no node of the cluster has the {wanted} that a trial takes.")
    descriptions = distinct(todo)
    looking = ray.remote(num_cpus=0, max_retries=0)(look)
    answers = []
    for node in fit:
        there = looking.options(scheduling_strategy=on_node(ray, node["NodeID"]))
        answers.append((node["NodeManagerHostname"], there.remote(descriptions, setup.data)))
    for name, answer in answers:
        with contextlib.suppress(ray.exceptions.RayError):  # a node that is lost already runs no trial
            if problem := ray.get(answer):
                raise DataError(f"on node {name}: {problem}")
