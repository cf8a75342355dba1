"""One trial, from its description to its record."""

from __future__ import annotations

import datetime
import platform
import subprocess
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import torch

from resilinet.datasets import DataError, Dataset
from resilinet.evaluation import correct_counts
from resilinet.failout import Failout
from resilinet.failures import SETTINGS
from resilinet.models import mlp
from resilinet.network import DistributedNetwork
from resilinet.schemes import SCHEMES
from resilinet.training import Progress, generator, save, train
from resilinet.trials import Record, Trial
from resilinet.weights import WeightRule, survival_scaled


def build_network(trial: Trial) -> DistributedNetwork:
    """The trial's network with its initial weights, the same for every scheme of one seed."""
    sizes = dict(trial.network)
    model = sizes.pop("model")
    if model != "mlp":
        raise ValueError(f"{model!r} is no model of this package; there is: mlp.")
    topology = mlp.topology(trial.partition, trial.skips)
    rule = WeightRule(**trial.weights)
    network = DistributedNetwork(
        mlp.blocks(**sizes),
        topology,
        input_shape=(sizes["features"],),
        skips=SCHEMES[trial.scheme].skips,
        adapters=mlp.adapters(topology, sizes["features"], sizes["width"]),
        weights=rule.draw(topology, generator(trial.seed, "hyperconnection weights")),
        learned=rule.rule == "learned",
    )
    mlp.initialise(network.nodes, generator(trial.seed, "initial weights"))
    mlp.initialise(network.adapters, generator(trial.seed, "initial adapters"))
    return network


def run(
    trial: Trial,
    data: Dataset,
    folder: Path,
    *,
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Record:
    """Train and evaluate a trial.

    Args:
        trial: what to run.
        data: the data set its description names.
        folder: where its checkpoint and, in the end, its weights (``weights.pt``) lie; not the results store.
        stop: asked after every epoch.
        report: told after every epoch.

    Raises:
        DataError: ``data`` is not the data set that the trial describes.
        Interrupted: ``stop`` said so; a later call goes on.
    """
    if dict(data.description) != dict(trial.data):
        raise DataError(
            f"the trial describes {dict(trial.data)}, but the data at hand are {dict(data.description)}."
        )
    began, code = time.perf_counter(), commit()
    network = build_network(trial)
    topology = network.topology
    resumed = (folder / "checkpoint.pt").exists()
    earlier = 0.0  # seconds that runs before an interruption took

    def hear(progress: Progress) -> None:
        nonlocal earlier
        earlier = progress.seconds - progress.seconds_of_this_run
        report(progress)

    history, best_epoch = train(
        network,
        data,
        trial.recipe,
        Failout(topology, trial.failout),
        trial.seed,
        checkpoint=folder / "checkpoint.pt",
        stop=stop,
        report=hear,
    )
    save(network.state_dict(), folder / "weights.pt")
    counts = correct_counts(network, data.test.x, data.test.y)
    survival = {}
    fixed = dict(network.fixed_weights)
    survivals = {
        name: setting.probability for name, setting in SETTINGS["health"].items() if name != "no_failure"
    }
    for name, dies in {"failout": trial.failout, **survivals}.items():
        if fixed and any(dies.values()):
            network.fixed_weights = survival_scaled(fixed, topology, dies)
            survival[name] = correct_counts(network, data.test.x, data.test.y)
    network.fixed_weights = fixed
    return Record(
        trial=trial,
        total=len(data.test.y),
        counts=counts,
        survival=survival,
        labels={"train": data.label_counts("train"), "test": data.label_counts("test")},
        history=history,
        best_epoch=best_epoch,
        parameters=sum(p.numel() for p in network.parameters()),
        provenance=provenance(code, earlier + time.perf_counter() - began, resumed),
    )


def provenance(code: str, wall_seconds: float, resumed: bool) -> dict[str, Any]:
    """Where a number came from; none of this is part of a trial's identity."""
    return {
        "commit": code,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "device": f"{platform.machine()} CPU, {torch.backends.cpu.get_cpu_capability()}",
        "threads": torch.get_num_threads(),
        "wall_seconds": round(wall_seconds, 1),
        "resumed": resumed,
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


@cache
def commit() -> str:
    """The commit of the code that runs, with ``+changes`` where the package differs from it, or ``unknown``."""
    here = Path(__file__).parent

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=here, capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("+changes" if git("status", "--porcelain", "--", ".") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
