"""``resilinet networks | evaluate``: trained networks as files, and what failures do to them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from resilinet.cli.common import Data, Json, Profile, Runs, out, plain_errors, say_json
from resilinet.experiments import artefact_of


@plain_errors
def networks(
    artefact: Annotated[str, typer.Argument(help="Whose schemes.")] = "table-1-health",
    profile: Profile = "published",
    seed: Annotated[int, typer.Option(help="Which of its seeds.")] = 0,
    runs: Runs = Path("runs"),
    to: Annotated[Path, typer.Option("--out", help="Where the files go.")] = Path("results/networks"),
) -> None:
    """Write the trained network of each row of an artefact as a small float16 file, from the trials run here.

    Example: resilinet networks --seed 0, then resilinet evaluate results/networks/resilinet.pt
    """
    from resilinet.networks import load_run, save

    for scheme, trials in artefact_of(artefact).rows(profile).items():
        chosen = [trial for trial in trials if trial.seed == seed]
        if not chosen:
            raise ValueError(
                f"seed {seed} is not among the artefact's; choose from {[trial.seed for trial in trials]}."
            )
        path = to / f"{scheme}.pt"
        save(load_run(chosen[0], runs), chosen[0], path)
        out.print(f"{path}: {path.stat().st_size / 1e6:.1f} MB", soft_wrap=True)


@plain_errors
def evaluate(
    network: Annotated[
        Path, typer.Argument(help="A trained network, for example results/networks/resilinet.pt.")
    ],
    dead: Annotated[list[str] | None, typer.Option(help="A node that has failed (repeatable).")] = None,
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
    """Evaluate a trained network: in every scenario, in one (--dead), or under your own setting (--probability).

    Example: resilinet evaluate results/networks/resilinet.pt --probability n1=0.3 --probability n2=0.1
    """
    from resilinet.datasets.loading import load
    from resilinet.evaluation import correct_counts
    from resilinet.expectation import expected_accuracy, guess_accuracy, scenario_accuracies
    from resilinet.failures import FailureSetting, settings_of
    from resilinet.networks import load as load_network

    model, trial = load_network(network)
    if running:
        model.route_statistics = {}
    topology = model.topology
    for name in dead or []:
        if name not in topology.failable:
            raise ValueError(f"{name!r} cannot fail; the nodes that can are {', '.join(topology.failable)}.")
    settings = list(settings_of(topology).values())
    if probability:
        settings = [FailureSetting("your own", dict(_probability(text) for text in probability))]
    for setting in settings:
        setting.check(topology)
    examples = load(trial.data, data)
    counts = correct_counts(model, examples.test.x, examples.test.y, [frozenset(dead)] if dead else None)
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
        if dead
        else {s.name: expected_accuracy(counts, total, topology, s, chance) for s in settings},
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
    out.print(table)


def _probability(text: str) -> tuple[str, float]:
    node, _, value = text.partition("=")
    try:
        return node, float(value)
    except ValueError:
        raise ValueError(f"{text!r} is no NODE=P, for example n1=0.3.") from None
