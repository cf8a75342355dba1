"""Seconds an epoch of many Health MLPs trained as one ensemble, against the same ones trained one after another.

    python benchmarks/health_ensemble.py --device cuda                    1, 4 and 16 replicas
    python benchmarks/health_ensemble.py --device cuda --replicas 64 --precision float32
    python benchmarks/health_ensemble.py --rows 8192 --epochs 1 --replicas 1 --replicas 4     a quick look on a CPU

Both are the package's own training, on made-up rows of the real shape, ResiliNet with 10 % failout, a seed a replica.
One after another, replicas take their number times what one takes, so that one is measured. On a CPU an ensemble is
not expected to be quicker, since one MLP fills it; on an accelerator it is the way to fill the device. No test runs
this: times depend on the machine and on what else it does.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import time
from dataclasses import dataclass
from typing import Annotated

import torch
import typer
from health_mlp import BATCH, CLASSES, FEATURES, HIDDEN, PRECISIONS, ROWS, WIDTH, made_up
from rich.console import Console
from rich.table import Table

from resilinet.datasets import Dataset
from resilinet.devices import usable
from resilinet.ensemble import train_together
from resilinet.experiments.networks import build_network
from resilinet.failout import Failout, uniform_rates
from resilinet.models import mlp
from resilinet.recipe import Recipe
from resilinet.schemes import RESILINET
from resilinet.training import train
from resilinet.trials import Trial


@dataclass(frozen=True)
class Speed:
    """What was measured for a number of replicas.

    Attributes:
        replicas: how many were trained.
        alone: seconds of the quickest epoch of all of them, one after another, validation included.
        together: the same as one ensemble.
        memory: bytes that the ensemble took at most on an accelerator; 0 on a CPU, where nobody counts them.
    """

    replicas: int
    alone: float
    together: float
    memory: int


def trials(count: int, epochs: int, precision: str) -> list[Trial]:
    """ResiliNet on the paper's MLP, a seed each; one epoch more than is timed, because the first warms up."""
    topology = mlp.topology()
    return [
        Trial(
            network={
                "model": "mlp",
                "features": FEATURES,
                "width": WIDTH,
                "hidden": HIDDEN,
                "classes": CLASSES,
            },
            partition=(1, 2, 3, 4),
            skips=mlp.SKIPS,
            scheme=RESILINET.key,
            failout=uniform_rates(topology, RESILINET.failout),
            weights={"rule": "one", "probability": {}, "high": 1.0},
            recipe=Recipe(epochs=epochs + 1, batch_size=BATCH, precision=precision),
            data={},
            seed=seed,
        )
        for seed in range(count)
    ]


def alone(trial: Trial, data: Dataset, device: str) -> float:
    """Seconds of the quickest epoch of one training by itself."""
    network, ends = build_network(trial).to(device), list[float]()
    train(
        network,
        data,
        trial.recipe,
        Failout(network.topology, trial.failout),
        trial.seed,
        report=lambda _: ends.append(time.perf_counter()),
    )
    return quickest(ends)


def together(wanted: list[Trial], data: Dataset, device: str) -> float:
    """Seconds of the quickest epoch of an ensemble."""
    networks, ends = [build_network(trial).to(device) for trial in wanted], list[float]()
    train_together(networks, wanted, data, report=lambda _: ends.append(time.perf_counter()))
    return quickest(ends)


def quickest(ends: list[float]) -> float:
    """The shortest time between two ends; an epoch ends with numbers on the host, so the device is done as well."""
    return min(after - before for before, after in itertools.pairwise(ends))


def main(
    replicas: Annotated[list[int] | None, typer.Option(min=1, help="How many; may be repeated.")] = None,
    rows: Annotated[int, typer.Option(min=BATCH, help="Training rows.")] = ROWS,
    epochs: Annotated[int, typer.Option(min=1, help="Epochs to time, after one that warms up.")] = 3,
    threads: Annotated[int, typer.Option(min=1, help="Threads of a CPU.")] = os.cpu_count() or 1,
    precision: Annotated[str, typer.Option(help="float32 or bfloat16.")] = "bfloat16",
    device: Annotated[str, typer.Option(help="Where to compute: cpu, cuda, ...")] = "cpu",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Measure seconds an epoch of 1, 4 and 16 replicas together against one after another."""
    if precision not in PRECISIONS:
        raise typer.BadParameter(f"{precision!r} is no precision; choose float32 or bfloat16.")
    try:
        usable(device)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    torch.set_num_threads(threads)
    data, cuda = made_up(rows), torch.device(device).type == "cuda"
    one = alone(trials(1, epochs, precision)[0], data, device)
    speeds = []
    for count in replicas or (1, 4, 16):
        if cuda:
            torch.cuda.reset_peak_memory_stats(device)
        seconds = together(trials(count, epochs, precision), data, device)
        memory = torch.cuda.max_memory_allocated(device) if cuda else 0
        speeds.append(Speed(count, count * one, seconds, memory))
    console = Console()
    if as_json:
        content = {"rows": rows, "device": device, "precision": precision}
        measured = [dataclasses.asdict(speed) for speed in speeds]
        console.print_json(json.dumps(content | {"threads": threads, "speeds": measured}))
        return
    table = Table(
        title=f"Health MLP, {rows:,} rows, {precision} on {device}: seconds an epoch of all replicas"
    )
    for column in (
        "replicas",
        "one after another",
        "together",
        "times as quick",
        "epochs an hour, all",
        "GiB",
    ):
        table.add_column(column, justify="right")
    for speed in speeds:
        table.add_row(
            str(speed.replicas),
            f"{speed.alone:.2f}",
            f"{speed.together:.2f}",
            f"{speed.alone / speed.together:.2f}",
            f"{3600 * speed.replicas / speed.together:.0f}",
            f"{speed.memory / 2**30:.2f}" if cuda else "-",
        )
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
