"""One trial, from its description to its record."""

from __future__ import annotations

import datetime
import platform
import subprocess
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import nn

from resilinet.datasets import DataError, Dataset
from resilinet.datasets.loading import differing
from resilinet.devices import described
from resilinet.evaluation import correct_counts
from resilinet.failout import Failout
from resilinet.failures import deaths
from resilinet.models import model
from resilinet.network import DistributedNetwork
from resilinet.route_statistics import Statistics, cost, estimate, flat
from resilinet.schemes import SCHEMES
from resilinet.tensor_file import save
from resilinet.training import Progress, generator, train
from resilinet.trials import Record, Trial
from resilinet.weights import WeightRule, survival_scaled

STATISTICS_IMAGES = 4096
"""Training images, without labels, that batch statistics per route are estimated from."""


def build_network(trial: Trial) -> DistributedNetwork:
    """The trial's network with its initial weights, the same for every scheme of one seed."""
    sizes = {name: value for name, value in trial.network.items() if name != "model"}
    family = model(str(trial.network["model"]))
    topology = family.topology(trial.partition, trial.skips)
    rule = WeightRule(**trial.weights)
    network = DistributedNetwork(
        family.blocks(**sizes),
        topology,
        input_shape=family.input_shape(**sizes),
        skips=SCHEMES[trial.scheme].skips,
        adapters=family.adapters(topology, **sizes),
        weights=rule.draw(topology, generator(trial.seed, "hyperconnection weights")),
        learned=rule.rule == "learned",
    )
    family.initialise(network.nodes, generator(trial.seed, "initial weights"))
    family.initialise(network.adapters, generator(trial.seed, "initial adapters"))
    return network


def placed(network: DistributedNetwork, device: str) -> DistributedNetwork:
    """The network on a device, in the order of numbers that is fastest there: :func:`orders_channels_last`."""
    network = network.to(device)
    if orders_channels_last(network, device):
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def orders_channels_last(network: DistributedNetwork, device: str) -> bool:
    """Whether images lie channels last: on accelerators always, on the processor for depthwise convolutions.

    There it makes MobileNet's epoch half as long and ResNet's no shorter. PyTorch 2.13 then adds up batch statistics
    number by number, in float32, to 1e-5 of their size instead of 1e-7, which is a hundredth of what bfloat16 rounds.
    """
    if len(network.input_shape) != 3:
        return False
    depthwise = any(isinstance(layer, nn.Conv2d) and layer.groups > 1 for layer in network.modules())
    return depthwise or torch.device(device).type != "cpu"


def run(
    trial: Trial,
    data: Dataset,
    folder: Path,
    *,
    device: str = "cpu",
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Record:
    """Train and evaluate a trial.

    Args:
        trial: what to run.
        data: the data set its description names.
        folder: where its checkpoint and, in the end, its weights (``weights.pt``) and its batch statistics of each
            route (``statistics.pt``, where there are any) lie; not the results store.
        device: where it is computed, for example ``cuda``.
        stop: asked after every epoch.
        report: told after every epoch.

    Raises:
        DataError: ``data`` is not the data set that the trial describes, if only by split or preprocessing.
        Interrupted: ``stop`` said so; a later call goes on.
    """
    if dict(data.description) != dict(trial.data):
        raise DataError(differing(trial.data, data.description) + ".")
    began, code = time.perf_counter(), commit()
    network = placed(build_network(trial), device)
    resumed = (folder / "checkpoint.pt").exists()
    earlier: list[float] = []  # seconds that runs before an interruption took
    history, best_epoch = train(
        network,
        data,
        trial.recipe,
        Failout(network.topology, trial.failout),
        trial.seed,
        checkpoint=folder / "checkpoint.pt",
        stop=stop,
        report=report,
        resume=earlier.append,
    )
    save({name: value.cpu() for name, value in network.state_dict().items()}, folder / "weights.pt")
    trained = time.perf_counter()
    statistics = estimate(network, data.train.x[:STATISTICS_IMAGES])
    estimated: dict[str, float] = {}
    if statistics:
        estimated["route_statistics_seconds"] = round(time.perf_counter() - trained, 2)
        save({name: value.cpu() for name, value in flat(statistics).items()}, folder / "statistics.pt")
    evaluated = evaluate(network, data, trial.failout, statistics)
    seconds = sum(earlier) + time.perf_counter() - began
    return Record(
        trial=trial,
        total=len(data.test.y),
        labels={"train": data.label_counts("train"), "test": data.label_counts("test")},
        history=history,
        best_epoch=best_epoch,
        parameters=sum(p.numel() for p in network.parameters()),
        provenance=provenance(code, device, seconds, resumed) | estimated,
        **evaluated,
    )


def evaluate(
    network: DistributedNetwork,
    data: Dataset,
    failout: Mapping[str, float],
    statistics: Statistics | None = None,
) -> dict[str, Any]:
    """The counts of a record: as trained, with scaled weights, and with batch statistics of each route.

    Args:
        network: trained, on the device that is to compute; left as it was.
        data: what it is tested on.
        failout: the rate at which each node was failed out, one reading of its survival (section 2.3).
        statistics: of each route; without any there are no counts by them.
    """
    topology = network.topology
    found: dict[str, Any] = {"counts": correct_counts(network, data.test.x, data.test.y), "survival": {}}
    fixed = dict(network.fixed_weights)
    for name, dies in deaths(topology, failout).items() if fixed else ():
        network.fixed_weights = survival_scaled(fixed, topology, dies)
        found["survival"][name] = correct_counts(network, data.test.x, data.test.y)
    network.fixed_weights = fixed
    if statistics:
        network.route_statistics = statistics
        found["per_route"] = correct_counts(network, data.test.x, data.test.y)
        found["route_numbers"] = cost(statistics).total_numbers
        network.route_statistics = {}
    return found


def provenance(code: str, device: str, wall_seconds: float, resumed: bool) -> dict[str, Any]:
    """Where a number came from; none of this is part of a trial's identity."""
    return {
        "commit": code,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "device": described(device),
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
