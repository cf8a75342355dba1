"""``resilinet networks | evaluate``: trained networks as files, and what failures do to them."""

from __future__ import annotations

import shlex
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from companion.cli.common import Data, Json, Profile, Runs, check_writable, out, plain_errors, say_json, show
from companion.experiments import artefact_of
from resilinet.topology import Topology

RECEIVED_EXAMPLES = 2000
"""Test examples that a histogram of received values is made from."""


@plain_errors
def networks(
    artefact: Annotated[str, typer.Argument(help="Whose schemes.")] = "table-1-health",
    profile: Profile = "published",
    seed: Annotated[int, typer.Option(help="Which of its seeds.")] = 0,
    runs: Runs = Path("runs"),
    to: Annotated[Path, typer.Option("--out", help="Where the files go.")] = Path("results/networks"),
) -> None:
    """Write the trained network of each row of an artefact as a small float16 file, from the trials run here.

    The weights are those that a sweep leaves in --runs; results alone, as a clone has them, are not enough. To train
    again what has a result, let the sweep write to a folder without results.

    Example: resilinet networks table-1-health --seed 0, after resilinet sweep table-1-health --results build/again

    Example: resilinet evaluate results/networks/resilinet.pt
    """
    from companion.results.network_files import NetworkError, load_run, save_network

    check_writable(to, "networks", "--out")
    for scheme, trials in artefact_of(artefact).rows(profile).items():
        chosen = [trial for trial in trials if trial.seed == seed]
        if not chosen:
            raise ValueError(
                f"seed {seed} is not among the artefact's; choose from {[trial.seed for trial in trials]}."
            )
        path = to / f"{scheme}.pt"
        try:
            model = load_run(chosen[0], runs)
        except NetworkError as error:
            again = "resilinet sweep {} --profile {} --results build/again --runs {}".format(
                *map(shlex.quote, (artefact, profile, str(runs)))
            )
            raise NetworkError(
                f"{str(error).rstrip('.')}, for example by `{again}`, into a folder that has no results of it."
            ) from error
        save_network(model, chosen[0], path)
        out.print(f"{path}: {path.stat().st_size / 1e6:.1f} MB", soft_wrap=True)


@plain_errors
def received(
    artefact: Annotated[str, typer.Argument(help="Whose run, for example figure-2c.")],
    row: Annotated[str, typer.Argument(help="Which of its rows, for example resilinet.")],
    node: Annotated[str, typer.Argument(help="The node that receives, for example z2.")],
    failed: Annotated[str, typer.Option(help="The node that is failed in one of the two scenarios.")],
    seed: Annotated[int, typer.Option(help="Which of its seeds.")] = 0,
    runs: Runs = Path("runs"),
    data: Data = Path("data"),
    to: Annotated[Path, typer.Option("--out", help="Where the file goes.")] = Path("results/received"),
) -> None:
    """Write a histogram of what a node receives, with no failure and around a failed node, from a run made here.

    Values are those behind the node's first batch normalisation, with running statistics and with those of each route.

    Example: resilinet received figure-2c resilinet z2 --failed z1, after resilinet sweep figure-2c
    """
    import torch

    from companion.experiments.loading import load
    from companion.results.network_files import load_run
    from companion.results.normalised import measure
    from companion.results.received import write
    from companion.sweeps.run import commit, provenance
    from resilinet.data.images import as_input

    check_writable(to, "histograms", "--out")
    rows = artefact_of(artefact).rows("published")
    chosen = [trial for trial in rows.get(row, []) if trial.seed == seed]
    if not chosen:
        raise ValueError(f"{artefact} has no run {row!r} of seed {seed}; its rows are {', '.join(rows)}.")
    network = load_run(chosen[0], runs)
    for name in (node, failed):
        network.topology.named([name])
    began = time.perf_counter()
    examples = as_input(load(chosen[0].data, data).test.x[:RECEIVED_EXAMPLES], torch.float32)
    code = provenance(commit(), "cpu", time.perf_counter() - began, resumed=False)
    found = measure(network, examples, node, failed, chosen[0].id, code)
    write(found, to / f"{artefact}-{node}.json")
    for kind, by_failed in found.mean.items():
        for key, mean in by_failed.items():
            out.print(f"{kind}, failed: {key}: mean {mean:.2f}, deviation {found.deviation[kind][key]:.2f}")


@plain_errors
def evaluate(
    network: Annotated[
        Path, typer.Argument(help="A trained network, for example results/networks/resilinet.pt.")
    ],
    failed: Annotated[list[str] | None, typer.Option(help="A node that has failed (repeatable).")] = None,
    probability: Annotated[
        list[str] | None, typer.Option(help="NODE=P, a node's probability of failure (repeatable).")
    ] = None,
    guess: Annotated[str, typer.Option(help="train-frequency or released-code.")] = "train-frequency",
    running: Annotated[
        bool,
        typer.Option("--running", help="Running batch statistics, even if the file has those of each route."),
    ] = False,
    data: Data = Path("data"),
    as_json: Json = False,
) -> None:
    """Evaluate a trained network: in every scenario, in one (--failed), or under your own setting (--probability).

    With --failed, expected accuracies are left out: they are means over every scenario.

    Example: resilinet evaluate results/networks/resilinet.pt --failed n1 --failed n3

    Example: resilinet evaluate results/networks/resilinet.pt --probability n1=0.3 --probability n2=0.1
    """
    from companion.experiments.loading import load
    from companion.experiments.table_2 import settings_of
    from companion.results.accuracy import guess_accuracy
    from companion.results.network_files import load_network
    from resilinet.evaluation import correct_counts
    from resilinet.expectation import expected_from_counts, scenario_accuracies
    from resilinet.failures import FailureSetting

    if failed and probability:
        raise ValueError(
            "--failed says which nodes have failed and --probability how often they do; give one of the two."
        )
    own = _probabilities(probability or [])
    model, trial = load_network(network)
    if running:
        model.route_statistics = {}
    topology = model.topology
    for name in failed or []:
        _check_failable(name, topology)
    settings = list(settings_of(trial).values())
    if own:
        settings = [FailureSetting("your own", own)]
    for setting in settings:
        setting.check(topology)
    examples = load(trial.data, data)
    counts = correct_counts(model, examples.test.x, examples.test.y, [frozenset(failed)] if failed else None)
    labels = {"train": examples.label_counts("train"), "test": examples.label_counts("test")}
    chance, total = guess_accuracy(labels, guess), len(examples.test.y)
    answer: dict[str, Any] = {
        "network": str(network),
        "scheme": trial.scheme,
        "trial": trial.id,
        "test examples": total,
        "guess": chance,
        "accuracy": scenario_accuracies(counts, total, chance),
        "no information flow": [key for key, count in counts.items() if count is None],
        "expected accuracy": {}
        if failed
        else {s.name: expected_from_counts(counts, total, topology, s, chance) for s in settings},
    }
    if as_json:
        say_json(answer)
        return
    table = Table(title=f"{trial.scheme}, {total} test examples, {network}")
    table.add_column("failing nodes or setting")
    table.add_column("accuracy (%)", justify="right")
    for key, value in answer["accuracy"].items():
        table.add_row(key, f"{100 * value:.2f}" + (" (guess)" if counts[key] is None else ""))
    for key, value in answer["expected accuracy"].items():
        table.add_row(f"expected, {key}", f"{100 * value:.2f}")
    show(table)


def _check_failable(name: str, topology: Topology) -> None:
    """Raise ValueError unless the topology has a node of that name that can fail."""
    if name in topology.failable:
        return
    problem = f"{name!r} cannot fail" if name in topology.everyone else f"there is no node {name!r}"
    several = [part for part in name.replace(",", " ").split() if part in topology.failable]
    hint = (
        f"; for several, say {' '.join(f'--failed {part}' for part in several)}" if len(several) > 1 else ""
    )
    raise ValueError(f"{problem}; the nodes that can fail are {', '.join(topology.failable)}{hint}.")


def _probabilities(texts: Sequence[str]) -> dict[str, float]:
    pairs = [_probability(text) for text in texts]
    for node, times in Counter(node for node, _ in pairs).items():
        if times > 1:
            values = ", ".join(f"{value:g}" for name, value in pairs if name == node)
            raise ValueError(f"--probability of {node!r} is given {times} times ({values}); give it once.")
    return dict(pairs)


def _probability(text: str) -> tuple[str, float]:
    node, _, value = text.partition("=")
    try:
        return node, float(value)
    except ValueError:
        raise ValueError(f"{text!r} is no NODE=P, for example n1=0.3.") from None
