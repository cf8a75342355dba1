"""How fast the convolutional networks train and answer, against the machine's matrix products, and what skips cost.

    python benchmarks/image_networks.py                        the laptop's size on the processor
    python benchmarks/image_networks.py --profile full --device cuda
    python benchmarks/image_networks.py resnet --steps 3       a quick look

Steps are timed on made-up images of the real shape, augmentation included, so that no data are needed, and
multiplied up to an epoch. Operations are three times those that PyTorch counts forward; the rate that they are
held against is that of a large matrix product in float32 at the same moment. The schemes Vanilla and ResiliNet tell
what skips and failout cost in time (FAQ 8.14). No test runs this: times depend on the machine and on what else it does.
"""

from __future__ import annotations

import dataclasses
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
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
from companion.sweeps.allocator import keep_freed_memory
from companion.sweeps.devices import usable
from companion.sweeps.run import placed
from resilinet.data.images import as_input, augment
from resilinet.evaluation import correct_counts
from resilinet.failout import Failout
from resilinet.schemes import SCHEMES
from resilinet.training import generator

NETWORKS = ("mobilenet", "resnet", "imagenet")
TRAINING_IMAGES = {"cifar10": 48_000, "imagenette160": 2_160, "imagenet": 1_153_051}
"""By data set, after a tenth of ImageNet's was held out."""


@dataclass(frozen=True)
class Speed:
    """One network under one scheme.

    Attributes:
        network: which experiment.
        scheme: its key.
        epoch: seconds that its training steps take.
        images: trained on in a second.
        answers: images a second that are answered, every failure scenario counted once.
        share: of the rate of matrix products, from 0 to 1, that a training step reaches.
    """

    network: str
    scheme: str
    epoch: float
    images: float
    answers: float
    share: float


def measure(key: str, trial: Trial, device: str, steps: int, rate: float) -> Speed:
    """Time training steps and evaluation of a trial's network on made-up images."""
    network = placed(build_network(trial), device)
    recipe, stream = trial.recipe, generator(0, "images")
    shape = (recipe.batch_size, *network.input_shape)
    images = torch.randint(0, 256, shape, dtype=torch.uint8, generator=stream).to(device)
    labels = torch.randint(0, int(trial.network["classes"]), (recipe.batch_size,), generator=stream).to(
        device
    )
    optimizer = torch.optim.Adam(network.parameters(), fused=True)
    failout, masks = Failout(network.topology, trial.failout), generator(0, "failout")

    def step() -> None:
        x = augment(as_input(images, torch.float32), stream, str(trial.data["augmentation"]))
        with torch.autocast(
            torch.device(device).type, torch.bfloat16, enabled=recipe.precision == "autocast"
        ):
            logits = network(x, failout.draw(masks), silent_nodes_send=True)
        assert logits is not None
        nn.functional.cross_entropy(logits.float(), labels).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)

    network.train()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(as_input(images, torch.float32))
    for _ in range(2):
        step()
    taken = statistics.median(timed(step, device) for _ in range(steps))
    answering = min(timed(lambda: correct_counts(network, images, labels), device) for _ in range(2))
    scenarios = 2 ** len(network.topology.failable)
    count = TRAINING_IMAGES[str(trial.data["name"])]
    return Speed(
        network=key,
        scheme=trial.scheme,
        epoch=taken * -(-count // recipe.batch_size),
        images=recipe.batch_size / taken,
        answers=scenarios * recipe.batch_size / answering,
        # Backward takes as many operations again for the inputs and for the weights; PyTorch counts too many there
        # for depthwise convolutions.
        share=3 * counter.get_total_flops() / taken / rate,
    )


def product_rate(device: str, side: int = 2048) -> float:
    """Floating-point operations a second of a float32 matrix product."""
    a, b = (torch.randn(side, side, device=device) for _ in range(2))
    times = [timed(lambda: a @ b, device) for _ in range(5)]
    return 2 * side**3 / min(times)


def timed(work: Callable[[], object], device: str) -> float:
    """Seconds that ``work`` takes."""
    began = time.perf_counter()
    work()
    if device != "cpu":
        torch.cuda.synchronize(device)
    return time.perf_counter() - began


def main(
    networks: Annotated[
        list[str] | None, typer.Argument(help="mobilenet, resnet, imagenet; all by default.")
    ] = None,
    profile: Annotated[
        str, typer.Option(help="published: the laptop's size; full: the paper's.")
    ] = "published",
    scheme: Annotated[list[str] | None, typer.Option(help="Which schemes (repeatable).")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Training steps to time, after two that warm up.")] = 10,
    threads: Annotated[int, typer.Option(min=1, help="Threads, on the processor.")] = 1,
    device: Annotated[str, typer.Option(help="cpu, cuda, ...")] = "cpu",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Measure seconds an epoch of the convolutional networks, with and without skips and failout."""
    for name in networks or ():
        if name not in NETWORKS:
            raise typer.BadParameter(f"{name!r} is no image experiment; choose from {', '.join(NETWORKS)}.")
    usable(device)
    torch.set_num_threads(threads)
    keep_freed_memory()  # as a sweep does
    speeds, console = [], Console()
    for key in networks or NETWORKS:
        experiment = EXPERIMENTS[key]
        for name in scheme or ("vanilla", "resilinet"):
            trial = experiment.trial(experiment.size(profile), SCHEMES[name], 0)
            speeds.append(measure(key, trial, device, steps, product_rate(device)))
    if as_json:
        console.print_json(json.dumps([dataclasses.asdict(speed) for speed in speeds]))
        return
    table = Table(title=f"{profile} size, {device}, {threads} thread(s)")
    for column in (
        "network",
        "scheme",
        "epoch, s",
        "images/s trained",
        "images/s answered",
        "share of the rate",
    ):
        table.add_column(column, justify="left" if column in ("network", "scheme") else "right")
    for speed in speeds:
        table.add_row(
            speed.network,
            speed.scheme,
            f"{speed.epoch:.1f}",
            f"{speed.images:.0f}",
            f"{speed.answers:.0f}",
            f"{100 * speed.share:.0f} %",
        )
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
