"""How fast the Health MLP trains, against what the machine's matrix products allow, and what shared prefixes save.

    python benchmarks/health_mlp.py                       both precisions, as many threads as there are cores
    python benchmarks/health_mlp.py --threads 1 --processes 2
    python benchmarks/health_mlp.py --rows 20000 --epochs 1 --seconds 0.2     a quick look

The training is the package's own, on made-up rows of the real shape, so that no data are needed. The rate it is held
against is measured in the same processes at the same moment: the matrix products of one batch, forward and backward,
at the same shapes and in the same precision, with nothing between them. No test runs this: times depend on the
machine and on what else it does.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import torch
import typer
from rich.console import Console
from rich.table import Table

from resilinet.allocator import keep_freed_memory
from resilinet.datasets import Dataset, Examples
from resilinet.evaluation import correct_counts
from resilinet.failout import Failout
from resilinet.failures import scenario_key, scenarios
from resilinet.models import mlp
from resilinet.network import DistributedNetwork
from resilinet.recipe import Recipe
from resilinet.training import generator, train

FEATURES, WIDTH, HIDDEN, CLASSES = 23, 250, 10, 13
ROWS, BATCH = 274_548, 1024
LAYERS = [(FEATURES, WIDTH), *[(WIDTH, WIDTH)] * (HIDDEN - 1), (WIDTH, CLASSES)]
PRECISIONS = ("float32", "bfloat16")


@dataclass(frozen=True)
class Speed:
    """What one process measured.

    Attributes:
        precision: of weights and activations.
        rate: of the bare matrix products, in floating-point operations a second.
        seconds: of the quickest epoch, validation included.
        share: of that rate, from 0 to 1, that the whole epoch reaches.
    """

    precision: str
    rate: float
    seconds: float
    share: float


def operations(rows: int, validation: int) -> int:
    """Floating-point operations of the matrix products of an epoch: a multiplication and an addition each.

    A layer takes a product forward, one for its weights' gradient and, but for the first layer, one for its
    input's gradient; validation takes the forward products alone.
    """
    forward = sum(2 * a * b for a, b in LAYERS)
    backward = 2 * forward - 2 * FEATURES * WIDTH
    return rows * (forward + backward) + validation * forward


def product_rate(precision: str, seconds: float) -> float:
    """Operations a second of one batch's matrix products, the median over at least ``seconds``."""
    dtype = getattr(torch, precision)
    drawn = [[torch.randn(shape).to(dtype) for shape in ((BATCH, a), (b, a), (BATCH, b))] for a, b in LAYERS]

    def products() -> None:
        for number, (x, weight, gradient) in enumerate(drawn):
            x @ weight.t()
            gradient.t() @ x
            if number:
                gradient @ weight

    products()
    taken: list[float] = []
    while sum(taken) < seconds:
        taken.append(timed(products))
    return operations(BATCH, 0) / statistics.median(taken)


def made_up(rows: int) -> Dataset:
    """Rows of Health's shape: whole numbers as inputs, random labels from 1 to 12."""
    stream = torch.Generator().manual_seed(0)

    def part(count: int) -> Examples:
        x = torch.randint(-20, 21, (count, FEATURES), generator=stream).float()
        return Examples(x, torch.randint(1, CLASSES, (count,), generator=stream))

    return Dataset("made-up", {}, part(rows), part(rows // 8), part(rows // 8), CLASSES)


def network() -> DistributedNetwork:
    """The paper's MLP on its four nodes, with initial weights."""
    topology = mlp.topology()
    found = DistributedNetwork(
        mlp.blocks(FEATURES, WIDTH, HIDDEN, CLASSES),
        topology,
        input_shape=(FEATURES,),
        adapters=mlp.adapters(topology, FEATURES, WIDTH),
    )
    mlp.initialise(found, generator(0, "initial weights"))
    return found


def measure(precision: str, rows: int, epochs: int, seconds: float, threads: int, start: Any = None) -> Speed:
    """Measure in this process; ``start`` is a barrier that processes side by side wait at."""
    torch.set_num_threads(threads)
    keep_freed_memory()  # as a sweep does
    data, net = made_up(rows), network()
    recipe = Recipe(epochs=epochs + 1, batch_size=BATCH, precision=precision)
    if start is not None:
        start.wait()
    rate = product_rate(precision, seconds)
    # Nothing fails out, so that every batch takes all products. The first epoch warms up.
    ends: list[float] = []
    train(net, data, recipe, Failout(net.topology, {}), 0, report=lambda _: ends.append(time.perf_counter()))
    quickest = min(after - before for before, after in itertools.pairwise(ends))
    return Speed(precision, rate, quickest, operations(rows, rows // 8) / quickest / rate)


def side_by_side(processes: int, *arguments: Any) -> list[Speed]:
    """The same measurement in several processes at once."""
    if processes == 1:
        return [measure(*arguments)]
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, context.Pool(processes) as pool:
        start = manager.Barrier(processes)
        return pool.starmap(measure, [(*arguments, start)] * processes)


def prefixes(rows: int) -> tuple[float, float]:
    """Seconds to count correct answers in all eight scenarios, with shared prefixes and one scenario at a time.

    Raises:
        AssertionError: the two do not agree.
    """
    net, test = network().eval(), made_up(rows).test
    topology = net.topology
    found: dict[str, dict[str, int | None]] = {}

    @torch.no_grad()
    def one_at_a_time() -> None:
        found["alone"] = {}
        for dead in scenarios(topology):
            right = None
            for x, y in zip(test.x.split(4096), test.y.split(4096), strict=True):
                logits = net(x, topology.everyone - dead)
                right = None if logits is None else (right or 0) + int((logits.argmax(1) == y).sum())
            found["alone"][scenario_key(topology, dead)] = right

    def shared() -> None:
        found["shared"] = correct_counts(net, test.x, test.y)

    times = [min(timed(work) for _ in range(3)) for work in (shared, one_at_a_time)]
    assert found["shared"] == found["alone"], "shared prefixes changed a count"
    return times[0], times[1]


def timed(work: Callable[[], object]) -> float:
    """Seconds that ``work`` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main(
    rows: Annotated[int, typer.Option(min=BATCH, help="Training rows.")] = ROWS,
    epochs: Annotated[int, typer.Option(min=1, help="Epochs to time, after one that warms up.")] = 3,
    seconds: Annotated[float, typer.Option(help="How long to measure bare matrix products.")] = 2.0,
    threads: Annotated[int, typer.Option(min=1, help="Threads of each process.")] = os.cpu_count() or 1,
    processes: Annotated[int, typer.Option(min=1, help="Trainings side by side.")] = 1,
    precision: Annotated[str, typer.Option(help="float32, bfloat16 or both.")] = "both",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Measure seconds an epoch of the Health MLP and its share of the machine's matrix-product rate."""
    if precision not in (*PRECISIONS, "both"):
        raise typer.BadParameter(f"{precision!r} is no precision; choose float32, bfloat16 or both.")
    wanted = PRECISIONS if precision == "both" else (precision,)
    speeds = [side_by_side(processes, name, rows, epochs, seconds, threads) for name in wanted]
    torch.set_num_threads(threads)
    keep_freed_memory()  # as a sweep does
    shared, alone = prefixes(rows)
    console = Console()
    if as_json:
        content = {
            "rows": rows,
            "threads": threads,
            "processes": processes,
            "speeds": [dataclasses.asdict(speed) for group in speeds for speed in group],
            "evaluation": {"shared_seconds": shared, "one_at_a_time_seconds": alone},
        }
        console.print_json(json.dumps(content))
        return
    table = Table(title=f"Health MLP, {rows:,} rows, {processes} process(es) of {threads} thread(s)")
    for column in ("precision", "products, GFLOP/s", "epoch, s", "share of the rate", "epochs an hour, all"):
        table.add_column(column, justify="left" if column == "precision" else "right")
    for group in speeds:
        rate, epoch, share = (
            statistics.mean(getattr(speed, field) for speed in group)
            for field in ("rate", "seconds", "share")
        )
        hourly = sum(3600 / speed.seconds for speed in group)
        table.add_row(
            group[0].precision, f"{rate / 1e9:.1f}", f"{epoch:.2f}", f"{100 * share:.0f} %", f"{hourly:.0f}"
        )
    console.print(table)
    console.print(
        f"All 8 scenarios of {rows // 8:,} test rows: {shared:.2f} s with shared prefixes, "
        f"{alone:.2f} s one at a time ({alone / shared:.2f} times), counts equal."
    )


if __name__ == "__main__":
    typer.run(main)
