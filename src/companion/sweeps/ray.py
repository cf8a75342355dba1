"""Runs the trials whose results are missing on a Ray cluster; Ray begins a trial again that lost its node."""

from __future__ import annotations

import contextlib
import math
import os
import platform
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from filelock import FileLock

from companion.experiments.trial import Record, Trial
from companion.results.store import Store
from companion.sweeps.run import explain, run, usable
from companion.sweeps.shared import STOPPING, Event, Setup, check_data, claim, interrupts, loaded, missing
from resilinet.data import DataError
from resilinet.training import Interrupted, Progress

POLL, PATIENCE = 0.2, 10.0
"""Seconds after which the driver asks for news, and that a trial waits for the answer whether it shall stop."""


class ClusterError(ValueError):
    """A cluster that cannot be used as asked; the message says why."""


@dataclass(frozen=True)
class Cluster:
    """Which Ray cluster, and what one trial takes of it beside the threads of the setup.

    Attributes:
        address: of the cluster, for example ``auto`` or ``10.0.0.1:6379``; None for the one that ``RAY_ADDRESS``
            names or that runs on this machine, or else a new one of this machine alone.
        gpus: GPUs a trial takes, a share of one or a whole number; none by default.
        retries: how often Ray begins a trial again because its worker or its node was lost.
    """

    address: str | None = None
    gpus: float = 0.0
    retries: int = 3

    def __post_init__(self) -> None:
        """Refuse what no cluster can give."""
        if not (0 <= self.gpus <= 1 or (self.gpus > 1 and self.gpus % 1 == 0)):
            raise ClusterError(f"{self.gpus:g} GPUs a trial; give a share of one or a whole number.")
        if (self.address or "").startswith("ray://"):
            raise ClusterError(f"{self.address!r} is a client's address; sweep on a node of the cluster.")

    def room(self, resources: Mapping[str, float], threads: int) -> int:
        """How many trials these resources are enough for."""
        gpus = resources.get("GPU", 0) / self.gpus if self.gpus else math.inf
        return int(min(resources.get("CPU", 0) / threads, gpus))


def sweep_on_cluster(
    trials: Sequence[Trial],
    setup: Setup,
    cluster: Cluster,
    *,
    time_budget: float | None = None,
    on_event: Callable[[Event], None] = lambda event: None,
) -> list[Event]:
    """Run what is missing on a cluster and return the events of trials that failed.

    This process, the driver, runs on a node of the cluster. It alone writes to the store, and it holds the lock on a
    trial's folder as long as the cluster has the trial. So every trial ends exactly once even if a lost node ran it a
    second time, and any sweeps, local ones as well, that share the folder ``runs`` share the work.

    Args:
        trials: in the order in which they are wanted.
        setup: where and how; ``threads`` is the number of CPUs a trial takes. The paths ``runs`` and ``data`` hold on
            every node. Where ``runs`` is shared, a trial that lost its node goes on from its checkpoint on another
            one, otherwise it starts afresh there, to the same end.
        cluster: which, and what a trial takes of it.
        time_budget: seconds after which every trial stops at the end of its epoch; None for no bound.
        on_event: called with every event, in this process; ``started`` once more when a trial is begun again.

    Raises:
        ClusterError: Ray is not installed, no cluster answers, or none of its nodes has what a trial takes.
        StoreError, DataError, KeyboardInterrupt: as :func:`companion.sweeps.sweep`; DataError also of another node.
    """
    deadline = math.inf if time_budget is None else time.time() + time_budget
    if setup.device.startswith("cuda") and not cluster.gpus:
        raise ClusterError(f"on {setup.device!r} a trial takes GPUs; say how many, for example 0.25 or 1.")
    setup = replace(setup, runs=setup.runs.absolute(), data=setup.data.absolute())
    todo = missing(trials, Store(setup.results))
    check_data(todo, setup)
    if not todo:
        return []
    with connected(cluster.address) as ray:
        if not any(cluster.room(node["Resources"], setup.threads) for node in ray.nodes() if node["Alive"]):
            raise ClusterError(f"no node has {setup.threads} CPUs and {cluster.gpus:g} GPUs for a trial.")
        return _drive(ray, todo, setup, cluster, deadline, on_event)


@contextlib.contextmanager
def connected(address: str | None) -> Iterator[Any]:
    """Ray, connected to a cluster; a connection that exists is used, and left open."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray

        if not (shared := ray.is_initialized()):
            host, colon, port = (address or "").rpartition(":")
            if colon and port.isdigit():  # asked first, because Ray itself asks for minutes
                socket.create_connection((host, int(port)), timeout=10).close()
            ray.init(address=address, include_dashboard=False, log_to_driver=False, logging_level="error")
    except ModuleNotFoundError:
        raise ClusterError('a sweep on a cluster needs Ray: pip install "resilinet[cluster]".') from None
    except (OSError, OverflowError, RuntimeError, ValueError) as error:
        reason = str(error).strip().split("\n")[0].rstrip(".")
        raise ClusterError(f"no Ray cluster answers at {address or 'this machine'} ({reason}).") from None
    try:
        yield ray
    finally:
        if not shared:
            ray.shutdown()


def _drive(
    ray: Any, todo: list[Trial], setup: Setup, cluster: Cluster, until: float, show: Callable[[Event], None]
) -> list[Event]:
    """Hand trials to the cluster, take in what comes back, and return the events of those that failed."""
    store, stopping, failed = Store(setup.results), False, list[Event]()
    running: dict[Any, tuple[Trial, FileLock]] = {}
    nodes: dict[str, str] = {}  # where each trial began, last time
    # The board is on this node, without which the sweep is over anyway, and so safe from the end of any other.
    only_on = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
    here = only_on(ray.get_runtime_context().get_node_id(), soft=False)
    board = ray.remote(num_cpus=0, scheduling_strategy=here)(_Board).remote()
    train = ray.remote(num_cpus=setup.threads, num_gpus=cluster.gpus, max_retries=cluster.retries)(_train)
    try:
        with interrupts(lambda: show(STOPPING)) as asked:
            while running or (todo and not stopping):
                stopping = stopping or asked() or time.time() >= until
                # One more than there is room for, so that no place waits; not all, so that other sweeps can share.
                room = cluster.room(ray.cluster_resources(), setup.threads)
                while todo and not stopping and len(running) <= room:
                    trial = todo.pop(0)
                    if (lock := claim(trial, setup, store)) is not None:
                        task = train.options(name=f"trial {trial.id[:16]}")
                        running[task.remote(trial, trial.id, setup, board)] = trial, lock
                ended = ray.wait(list(running), num_returns=len(running), timeout=POLL)[0] if running else []
                for event, node in ray.get(board.take.remote(stopping)):
                    nodes[event.trial] = node
                    show(event)
                for task in ended:
                    trial, lock = running[task]
                    event, record = _ending(ray, task, trial)
                    if record is not None:
                        store.write(record)
                        setup.clear(trial)  # not before: the checkpoint was all that was left of the training
                    del running[task]
                    lock.release()
                    failed += [event] if event.kind == "failed" else []
                    if event.kind != "stopped" or trial.id in nodes:
                        show(event)
                # What waits for a place, for the first time or again, might wait for hours; what runs knows.
                alive = {node["NodeID"] for node in ray.nodes() if stopping and node["Alive"]}
                for task, (trial, _) in running.items():
                    if stopping and nodes.get(trial.id) not in alive:
                        ray.cancel(task, recursive=False)
    finally:
        ray.kill(board)  # a trial that still runs finds none after its epoch, and stops
        for _, lock in running.values():
            lock.release()
    return failed


def _ending(ray: Any, task: Any, trial: Trial) -> tuple[Event, Record | None]:
    """How a trial ended, and its record where it was finished."""
    try:
        return ray.get(task)
    except ray.exceptions.TaskCancelledError:
        return Event("stopped", trial.id, 0), None
    except DataError as error:  # every trial that comes there would fail; Ray adds the node's traceback
        raise DataError(str(getattr(error, "cause", error))) from None
    except ray.exceptions.RayError as error:
        reason = str(error).strip().split("\n")[0].rstrip(".")
        message = f"its worker was lost, {type(error).__name__}: {reason}"
        return Event("failed", trial.id, 0, message=message), None


class _Board:
    """Where running trials leave events and learn whether to stop: a Ray actor, one for each driver."""

    def __init__(self) -> None:
        self.news: list[tuple[Event, str]] = []
        self.stopping = False

    def keep(self, event: Event, node: str) -> bool:
        """Keep an event and the node that it comes from, and say whether trials shall stop."""
        if event.kind != "started" or not self.stopping:  # else it stops before its first epoch
            self.news.append((event, node))
        return self.stopping

    def take(self, stopping: bool) -> list[tuple[Event, str]]:
        """All events since the last call; from now on every trial stops at the end of its epoch where ``stopping``."""
        self.stopping, news, self.news = stopping, self.news, []
        return news


def _train(trial: Trial, identity: str, setup: Setup, board: Any) -> tuple[Event, Record | None]:
    """Run a trial, which has this identity where the driver is, on this node, and say how it ended."""
    import ray

    node, epochs, stopping = ray.get_runtime_context().get_node_id(), trial.recipe.epochs, False

    def send(kind: str, epoch: int = 0) -> None:
        nonlocal stopping
        try:
            # Waiting as Ray does, by ray.get, would lend this trial's CPUs to another one for as long as that runs.
            answer = board.keep.remote(Event(kind, identity, 0, epoch, epochs), node).future()
            with contextlib.suppress(TimeoutError):
                stopping = answer.result(timeout=PATIENCE)
        except Exception:
            stopping = True  # the board is gone, and the driver with it; the result would be lost

    def report(progress: Progress) -> None:
        send("epoch", progress.epoch)

    try:
        send("started")
        if stopping:
            raise Interrupted
        if Trial.from_values(trial.values).id != identity:
            raise ValueError("this node has another version of the package than the driver")
        torch.set_num_threads(setup.threads)
        data, folder, device = loaded(trial.data, setup), setup.runs / identity[:16], usable(setup.device)
        record = run(trial, data, folder, device=device, stop=lambda: stopping, report=report)
    except Interrupted:
        return Event("stopped", identity, 0), None
    except DataError as error:
        raise DataError(f"on node {platform.node()}: {error}") from None
    except Exception as error:
        # An answer, rather than an exception: Ray's would carry the traceback of this node to the reader.
        message = f"on node {platform.node()}, {explain(error)}"
        return Event("failed", identity, 0, message=message), None
    return Event("finished", identity, 0, epochs, epochs), record
