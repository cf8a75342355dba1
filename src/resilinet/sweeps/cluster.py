"""Runs the trials whose results are missing on a Ray cluster: retried when a worker dies, results in one store."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from filelock import FileLock

from companion.experiments.trial import Trial
from companion.results.store import Store
from resilinet.sweeps.claiming import claim
from resilinet.sweeps.cluster_trial import PATIENCE, Board, Outcome, train_one
from resilinet.sweeps.events import STOPPING, Event
from resilinet.sweeps.interrupts import interrupts
from resilinet.sweeps.ray_cluster import Cluster, ClusterError, alive, connected, on_node, refuse_unfit
from resilinet.sweeps.setup import Setup, missing
from resilinet.sweeps.worker import tidy

__all__ = ["Cluster", "ClusterError", "sweep_on_cluster"]

POLL = 0.2
"""Seconds after which the driver asks for news when no trial has ended."""


@dataclass
class _Job:
    """A trial that was handed to the cluster, and the lock by which it is this sweep's."""

    trial: Trial
    worker: int
    lock: FileLock
    node: str | None = None
    """Where it began, last time; None while it waits for a place."""


def sweep_on_cluster(
    trials: Sequence[Trial],
    setup: Setup,
    cluster: Cluster,
    *,
    time_budget: float | None = None,
    tell: Callable[[Event], None] = lambda event: None,
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
        tell: hears every event, in this process; ``started`` once more when a trial is begun again.

    Raises:
        ClusterError: Ray is not installed, no cluster answers, none of its nodes has room for one trial, or trials
            are to compute on GPUs and take none.
        StoreError: a result that exists cannot be trusted.
        DataError: on some node a data set is missing, damaged, or not the one the trials describe.
        KeyboardInterrupt: Ctrl-C; trials finish their running epoch first. A second one waits for nothing.
    """
    deadline = math.inf if time_budget is None else time.time() + time_budget
    if setup.device.startswith("cuda") and not cluster.gpus:
        raise ClusterError(f"on {setup.device!r} a trial takes GPUs; say how many, for example 0.25 or 1.")
    setup = replace(setup, runs=setup.runs.absolute(), data=setup.data.absolute())
    todo = missing(trials, Store(setup.results))
    if not todo:
        return []
    with connected(cluster.address) as ray:
        refuse_unfit(ray, todo, setup, cluster)
        driver = _Driver(ray, setup, cluster, tell)
        try:
            driver.drive(todo, deadline)
        finally:
            driver.close()
    return driver.failed


class _Driver:
    """Hands trials to the cluster, a few more than there is room for, and takes in what comes back."""

    def __init__(self, ray: Any, setup: Setup, cluster: Cluster, tell: Callable[[Event], None]) -> None:
        self.ray, self.setup, self.cluster, self.tell = ray, setup, cluster, tell
        self.store = Store(setup.results)
        self.jobs: dict[Any, _Job] = {}
        self.failed: list[Event] = []
        # On this node, without which the sweep is over anyway, and so safe from the end of any other.
        self.node = ray.get_runtime_context().get_node_id()
        here = on_node(ray, self.node)
        self.board = ray.remote(num_cpus=0)(Board).options(scheduling_strategy=here).remote()
        self.train = ray.remote(num_cpus=setup.threads, num_gpus=cluster.gpus, max_retries=cluster.retries)(
            train_one
        )

    def drive(self, todo: Sequence[Trial], deadline: float) -> None:
        """Run these trials until the deadline, a time of this process's clock."""
        left, stopping = list(todo), False
        with interrupts(lambda: self.tell(STOPPING)) as asked:
            while self.jobs or (left and not stopping):
                if not stopping and (asked() or time.time() >= deadline):
                    stopping = True
                    self.board.stop.remote()
                if stopping:
                    self._call_off_waiting()
                else:
                    self._hand_out(left)
                self._take_in()

    def _hand_out(self, left: list[Trial]) -> None:
        # One more than there is room for, so that no place waits for the driver; not all, so that others can share.
        room = self.cluster.places([node["Resources"] for node in alive(self.ray)], self.setup.threads)
        while left and len(self.jobs) <= room:
            trial = left.pop(0)
            if (lock := claim(trial, self.setup.runs, self.store)) is None:
                continue
            taken = {job.worker for job in self.jobs.values()}
            worker = next(number for number in count() if number not in taken)
            task = self.train.options(name=f"trial {trial.id[:16]}")
            self.jobs[task.remote(trial.values, trial.id, self.setup, self.board, worker)] = _Job(
                trial, worker, lock
            )

    def _call_off_waiting(self) -> None:
        # What runs hears from the board. What waits, for the first time or again, might wait for hours.
        there = {node["NodeID"] for node in alive(self.ray)}
        for task, job in self.jobs.items():
            if job.node not in there:
                self.ray.cancel(task, recursive=False)

    def _take_in(self) -> None:
        ended: list[Any] = []
        if self.jobs:
            ended, _ = self.ray.wait(list(self.jobs), num_returns=len(self.jobs), timeout=POLL)
        news = self.ray.get(self.board.take.remote())
        places = {event.trial: node for event, node in news if event.kind == "started"}
        for job in self.jobs.values():
            job.node = places.get(job.trial.id, job.node)
        for event, _ in news:
            self.tell(event)
        for task in ended:
            self._end(task, self.jobs[task])

    def _end(self, task: Any, job: _Job) -> None:
        trial, worker = job.trial, job.worker
        try:
            outcome: Outcome = self.ray.get(task)
        except self.ray.exceptions.TaskCancelledError:
            outcome = Outcome("stopped")
        except self.ray.exceptions.RayError as error:
            reason = str(error).strip().split("\n")[0].rstrip(".")
            outcome = Outcome("failed", message=f"its worker was lost, {type(error).__name__}: {reason}")
        if outcome.record is not None:
            if trial.id not in self.store:
                self.store.write(outcome.record)
            self._tidy(job)
        self.jobs.pop(task).lock.release()
        epochs = trial.recipe.epochs if outcome.kind == "finished" else 0
        event = Event(outcome.kind, trial.id, worker, epochs, epochs, outcome.message)
        if outcome.kind == "failed":
            self.failed.append(event)
        if outcome.kind != "stopped" or job.node is not None:
            self.tell(event)

    def _tidy(self, job: _Job) -> None:
        # Not before the record is written: until then the checkpoint is all that is left of the training.
        tidy(job.trial, self.setup)
        if job.node is None or job.node == self.node:
            return
        # That node may have folders of its own. If it is lost, so are they, and nobody need tidy up.
        there = self.ray.remote(num_cpus=0, max_retries=0)(tidy)
        there = there.options(scheduling_strategy=on_node(self.ray, job.node))
        with contextlib.suppress(self.ray.exceptions.RayError):
            self.ray.get(there.remote(job.trial, self.setup), timeout=PATIENCE)

    def close(self) -> None:
        """Let go of everything; a trial that still runs finds no board after its epoch, and stops."""
        self.ray.kill(self.board)
        for job in self.jobs.values():
            job.lock.release()
