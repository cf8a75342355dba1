"""How soon a live network notices a failure and detours, what it sends, and how fast it answers, on this machine.

    python benchmarks/live.py                                   all of it, some minutes
    python benchmarks/live.py --kills 6 --freezes 1             a quick look
    python benchmarks/live.py --recording results/live/kills.json     keep the run of kills, as the book shows it

Times are those of one machine with all that it does besides, so its load is printed with them. Nodes are niced like
this process. Bytes are those of the frames with the lengths that ZMTP puts before their parts, without heartbeats.
Throughput is that of requests of which some are always under way, against calls of the whole network, a thread each.
"""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from rich.console import Console
from rich.table import Table

from companion.experiments import EXPERIMENTS
from companion.experiments.loading import load
from companion.experiments.networks import build_network
from companion.live.processes import Processes, free_addresses
from companion.live.recording import Recording
from companion.live.script import Event, Script, kills
from companion.live.scripted_run import Run, record
from companion.live.settled import settle
from companion.results.network_files import load_network
from resilinet.live import Client, Plan
from resilinet.network import DistributedNetwork
from resilinet.schemes import RESILINET

UNDER_WAY = 16
"""Requests that wait for their answers at any moment while throughput is measured."""


def ran(run: Run, trial: dict[str, Any], script: Script) -> Recording:
    """A recording of one script on nodes that run already."""
    return record(Run(run.network, run.plan, run.processes, run.client, run.x, run.y, script), trial)


def milliseconds(times: list[float | None]) -> tuple[str, str]:
    """Median and worst; a time that is missing is the worst of all."""
    known = sorted(float("inf") if one is None else 1000 * one for one in times)
    return f"{statistics.median(known):.1f}", f"{known[-1]:.1f}"


def bytes_sent(run: Run, batch: int, requests: int = 20) -> tuple[int, int]:
    """Bytes over all hyperconnections for some requests without failures, and those of their tensors."""
    x = torch.rand(batch, *run.network.input_shape)
    carried = []
    for count in (0, requests):
        for _ in range(count):
            run.client.ask(x)
            while run.client.open:
                list(run.client.answers(0.1))
        settle(run.client)
        tallies = [t for status in run.client.known.values() for t in status["carried"].values()]
        carried.append(sum(tally.get("bytes", 0) for tally in tallies))
    elements = run.network.elements()
    simple = sum(elements[link.source] for link in run.network.topology.links if not link.is_skip)
    return carried[1] - carried[0], requests * batch * 4 * simple


def throughput(run: Run, batch: int, seconds: float = 4.0) -> tuple[float, float]:
    """Requests a second without failures: of the nodes, and of the whole network in this process."""
    x = torch.rand(batch, *run.network.input_shape)
    answered, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        while len(run.client.open) < UNDER_WAY:
            run.client.ask(x)
        answered += sum(answer.scores is not None for answer in run.client.answers(0.05))
    list(run.client.answers(0.5))
    calls, until = 0, time.monotonic() + seconds
    with torch.no_grad():
        while time.monotonic() < until:
            run.network(x)
            calls += 1
    return answered / seconds, calls / seconds


def convolutional(key: str) -> DistributedNetwork:
    """A network of the paper's size with its initial weights, which say nothing of what it sends."""
    experiment = EXPERIMENTS[key]
    return build_network(experiment.trial(experiment.size("full"), RESILINET, 0)).eval()


def started(
    processes: Processes, network: DistributedNetwork, x: torch.Tensor, y: torch.Tensor, **plan: Any
) -> Run:
    """Nodes of a network that run, with whoever asks them."""
    chosen = Plan(free_addresses(network.topology.order), **plan)
    processes.start(network, chosen, network.topology.order)
    client = Client(network, chosen)
    settle(client)
    return Run(network, chosen, processes, client, x, y, Script(1, 1))


def main(
    network: Annotated[Path, typer.Option(help="The Health network.")] = Path(
        "results/networks/resilinet.pt"
    ),
    data: Annotated[Path, typer.Option(help="The folder of prepared data sets.")] = Path("data"),
    kill_count: Annotated[int, typer.Option("--kills", min=1, help="Kills, and as many returns.")] = 54,
    rate: Annotated[float, typer.Option(help="Requests a second, of one example.")] = 20.0,
    every: Annotated[
        float, typer.Option(help="Seconds from one kill to the next; half of them the node is gone.")
    ] = 3.0,
    freezes: Annotated[int, typer.Option(min=1, help="Freezes, and as many returns.")] = 6,
    recording: Annotated[Path | None, typer.Option(help="Where the run of kills is kept.")] = None,
) -> None:
    """Measure a live Health network, and what the convolutional ones send."""
    torch.set_num_threads(1)
    model, trial = load_network(network)
    test = load(trial.data, data).test
    console, load_before = Console(width=110), os.getloadavg()
    table = Table(title="A live network on this machine")
    for column in ("what", "median", "worst", "to reach"):
        table.add_column(column, justify="left" if column == "what" else "right")
    names = model.topology.failable
    with Processes() as processes:
        run = started(processes, model, test.x, test.y)
        events = kills(names, kill_count, every)
        killed = ran(run, trial.values, Script(rate, every * kill_count + 1, 1, events))
        events = tuple(
            Event("freeze" if event.kind == "fail" else event.kind, event.node, event.at)
            for event in kills(names, freezes, 8.0)
        )
        frozen = ran(run, trial.values, Script(rate, 8.0 * freezes + 1, 1, events))
        down = [event for event in killed.events if event.kind == "fail"]
        back = [event for event in killed.events if event.kind == "restore"]
        noticed = [event.detected and event.detected - event.began for event in down]
        stopped = [event for event in frozen.events if event.kind == "freeze"]
        for what, times, goal in (
            (f"kill to its detection, ms ({len(down)} kills)", noticed, ""),
            ("kill to the first detoured answer, ms", [killed.until_detour(e) for e in down], "< 50, < 250"),
            (
                f"freeze to the first detoured answer, ms ({len(stopped)})",
                [frozen.until_detour(e) for e in stopped],
                "< 1200",
            ),
            (
                "listening again to the first answer through it, ms",
                [killed.until_return(e) for e in back],
                "< 2000",
            ),
        ):
            table.add_row(what, *milliseconds(times), goal)
        requests = [one for found in (killed, frozen) for one in found.requests]
        answered = sum(one.answered for one in requests)
        lost = f"{len(requests) - answered} of {len(requests)} requests lost"
        equal = (
            f"{sum(one.equal for one in requests)} of {answered} answers equal the simulator's bit for bit"
        )
        for batch in (1, 64):
            sent, tensors = bytes_sent(run, batch)
            table.add_row(
                f"Health, batch {batch}: bytes over the tensors', %",
                f"{100 * (sent / tensors - 1):.2f}",
                "",
                "< 2",
            )
            live, alone = throughput(run, batch)
            console.print(
                f"Health, batch {batch}: {live:.0f} requests a second live, {alone:.0f} in one process, "
                f"ratio {live / alone:.2f}"
            )
        run.client.__exit__()
        processes.stop()
        for key in ("mobilenet", "resnet"):
            run = started(processes, convolutional(key), test.x, test.y, deadline=60.0)
            for batch in (1, 8):
                sent, tensors = bytes_sent(run, batch, 3)
                table.add_row(
                    f"{key}, batch {batch}: bytes over the tensors', %",
                    f"{100 * (sent / tensors - 1):.3f}",
                    "",
                    "< 0.1",
                )
            run.client.__exit__()
            processes.stop()
    console.print(table)
    console.print(lost)
    console.print(equal)
    console.print(
        f"load before {load_before[0]:.1f}, after {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors"
    )
    if recording:
        killed.write(recording)


if __name__ == "__main__":
    typer.run(main)
