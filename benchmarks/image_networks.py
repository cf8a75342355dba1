"""How fast the convolutional networks train, against the machine's matrix products and against plain PyTorch.

    python benchmarks/image_networks.py                        every network, some minutes
    python benchmarks/image_networks.py resnet --rounds 3      a quick look
    python benchmarks/image_networks.py --scheme vanilla --scheme resilinet     what skips and failout cost

Steps are timed on made-up images of the real shape, augmentation included, so that no data are needed. Each way of
computing takes its turn in every round and the best round counts, so that all have had the same machine. Operations
are three times those that PyTorch counts forward; the rate that they are held against is that of a large matrix
product in the same precision at the same moment. The second table trains with one process of all threads and with one
process a thread side by side. No test runs this: times depend on the machine and on what else it does.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from companion.experiments import EXPERIMENTS
from companion.experiments.networks import build_network
from companion.experiments.trial import Trial
from companion.sweeps.run import keep_freed_memory, placed
from resilinet.data.images import as_input, augment
from resilinet.failout import Failout
from resilinet.models.convolutions import StridedDepthwise
from resilinet.randomness import generator
from resilinet.schemes import SCHEMES

NETWORKS = {"mobilenet": 0.75, "narrow": 0.25, "resnet": 1.0}
"""Width of each network; the narrow one is MobileNet, too."""
WAYS = {
    "float32, contiguous, PyTorch's kernels": ("float32", "contiguous", False),
    "float32, contiguous": ("float32", "contiguous", True),
    "float32, channels last": ("float32", "channels-last", True),
    "bfloat16, contiguous": ("autocast", "contiguous", True),
    "bfloat16, channels last": ("autocast", "channels-last", True),
}
"""Precision, order of numbers, and whether strided depthwise convolutions have the gradient of our own."""
TRAINING_IMAGES = 48_000
SIDE = 2048
"""Of the matrices whose product is timed."""


class Plain(nn.Module):
    """A strided depthwise convolution as PyTorch computes it."""

    def __init__(self, layer: StridedDepthwise) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """What the layer computes."""
        padded = nn.functional.pad(x, (0, 1, 0, 1))
        return nn.functional.conv2d(padded, self.layer.weight, stride=2, groups=self.layer.groups)


def trial_of(key: str, scheme: str) -> Trial:
    """The trial of the paper's size at a width."""
    experiment = EXPERIMENTS["resnet" if key == "resnet" else "mobilenet"]
    trial = experiment.trial(experiment.size("full"), SCHEMES[scheme], 0)
    return replace(trial, network={**trial.network, "width": NETWORKS[key]})


def training_step(trial: Trial, way: str) -> tuple[Callable[[], None], int]:
    """A step of training, and the floating-point operations in it."""
    precision, order, ours = WAYS[way]
    network = placed(build_network(trial), "cpu", order)
    if not ours:
        for module in [*network.modules()]:
            for name, layer in [*module.named_children()]:
                if isinstance(layer, StridedDepthwise):
                    module.add_module(name, Plain(layer))
    stream, masks = generator(0, "images"), generator(0, "failout")
    shape = (trial.recipe.batch_size, *network.input_shape)
    images = torch.randint(0, 256, shape, dtype=torch.uint8, generator=stream)
    labels = torch.randint(0, 10, (trial.recipe.batch_size,), generator=stream)
    optimizer = torch.optim.Adam(network.parameters(), fused=True)
    failout = Failout(network.topology, trial.failout)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(as_input(images, torch.float32))

    def step() -> None:
        x = augment(as_input(images, torch.float32), stream, str(trial.data["augmentation"]))
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "autocast"):
            logits = network(x, failout.draw(masks), silent_nodes_send=True)
        assert logits is not None
        nn.functional.cross_entropy(logits.float(), labels).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)

    # Backward takes as many operations again for the inputs and for the weights; PyTorch counts too many there for
    # depthwise convolutions.
    return step, 3 * counter.get_total_flops()


def best(steps: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Seconds of the quickest of some rounds of each, taken in turns after one that warms up."""
    found = [float("inf")] * len(steps)
    for number in range(rounds + 1):
        for which, step in enumerate(steps):
            began = time.perf_counter()
            step()
            if number:
                found[which] = min(found[which], time.perf_counter() - began)
    return found


def product(dtype: torch.dtype) -> Callable[[], object]:
    """A matrix product of ``2 * SIDE**3`` floating-point operations."""
    a, b = (torch.randn(SIDE, SIDE).to(dtype) for _ in range(2))
    return lambda: a @ b


def epochs_an_hour(key: str, scheme: str, threads: int, rounds: int) -> float:
    """How many epochs a process trains in an hour, in the quickest way; run side by side by :func:`side_by_side`."""
    torch.set_num_threads(threads)
    keep_freed_memory()
    trial = trial_of(key, scheme)
    step, _ = training_step(trial, "bfloat16, channels last")
    step()
    began = time.perf_counter()
    for _ in range(5 * rounds):
        step()
    taken = (time.perf_counter() - began) / (5 * rounds)
    return 3600 / (taken * TRAINING_IMAGES / trial.recipe.batch_size)


def side_by_side(key: str, scheme: str, processes: int, threads: int, rounds: int) -> float:
    """Epochs an hour of all processes together."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes) as pool:
        return sum(pool.starmap(epochs_an_hour, [(key, scheme, threads, rounds)] * processes, chunksize=1))


def main(
    networks: Annotated[
        list[str] | None, typer.Argument(help=f"{', '.join(NETWORKS)}; all by default.")
    ] = None,
    scheme: Annotated[list[str] | None, typer.Option(help="Which schemes (repeatable).")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds to time, after one that warms up.")] = 8,
    threads: Annotated[int, typer.Option(min=1, help="Threads of a process.")] = 2,
) -> None:
    """Measure training steps of the convolutional networks on the processor."""
    for name in networks or ():
        if name not in NETWORKS:
            raise typer.BadParameter(f"{name!r} is no network; choose from {', '.join(NETWORKS)}.")
    torch.set_num_threads(threads)
    keep_freed_memory()  # as a sweep does
    console = Console(width=120)
    table = Table(title=f"A step of 128 images, {threads} threads")
    for column in ("network", "scheme", "way", "ms", "times as quick", "GFLOP/s of products", "share"):
        table.add_column(column, justify="left" if column in ("network", "scheme", "way") else "right")
    products = {"float32": product(torch.float32), "autocast": product(torch.bfloat16)}
    for key in networks or NETWORKS:
        for one in scheme or ("vanilla",):
            ways = [training_step(trial_of(key, one), way) for way in WAYS]
            times = best([*(step for step, _ in ways), *products.values()], rounds)
            rates = {
                name: 2 * SIDE**3 / taken for name, taken in zip(products, times[len(ways) :], strict=True)
            }
            for (way, (precision, _, _)), (_, operations), taken in zip(
                WAYS.items(), ways, times, strict=False
            ):
                rate = rates[precision]
                numbers = (f"{1000 * taken:.0f}", f"{times[0] / taken:.2f}", f"{rate / 1e9:.0f}")
                table.add_row(key, one, way, *numbers, f"{100 * operations / taken / rate:.0f} %")
    console.print(table)
    table = Table(title="Epochs of 48,000 images an hour, bfloat16, channels last")
    for column in ("network", f"1 process of {threads} threads", f"{threads} processes of 1 thread"):
        table.add_column(column, justify="left" if column == "network" else "right")
    for key in networks or NETWORKS:
        one = (scheme or ["vanilla"])[0]
        found = [side_by_side(key, one, p, t, rounds) for p, t in ((1, threads), (threads, 1))]
        table.add_row(key, *(f"{value:.0f}" for value in found))
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
