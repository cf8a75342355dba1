"""The command line: ``resilinet data | sweep | status | networks | evaluate | bandwidth | verify | book``."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from resilinet.experiments import ARTEFACTS, all_trials, artefact_of, trials_of
from resilinet.store import Store

app = typer.Typer(
    help="Failure-resilient inference in distributed neural networks: data, trials, results and the book.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
data_app = typer.Typer(help="Prepare data sets as checked arrays.", no_args_is_help=True)
app.add_typer(data_app, name="data")
out, err = Console(), Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Results = Annotated[Path, typer.Option(help="The results store.")]
Runs = Annotated[Path, typer.Option(help="Checkpoints and weights of trials run here.")]
Data = Annotated[Path, typer.Option(help="The folder of prepared data sets.")]
Profile = Annotated[
    str,
    typer.Option(
        help="published: Health at the paper's size, image networks at a laptop's; full: all at the paper's; "
        "smoke: tiny, on synthetic data."
    ),
]
P = ParamSpec("P")
R = TypeVar("R")


def plain_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Turn a refusal into one sentence and exit code 2, never a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (ValueError, OSError) as error:
            err.print(f"resilinet: {error}", style="red", highlight=False, soft_wrap=True)
            raise typer.Exit(2) from None

    return run


def say_json(content: Any) -> None:
    """Print JSON that any reader accepts: what is not a number becomes null."""

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            return {str(key): clean(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [clean(item) for item in value]
        return None if isinstance(value, float) and not math.isfinite(value) else value

    typer.echo(json.dumps(clean(content), indent=1, ensure_ascii=False))


@data_app.command("health")
@plain_errors
def data_health(
    source: Annotated[
        Path | None,
        typer.Argument(
            help="mHealth_complete.log (integer-truncated), a folder of the ten subject logs, or the official "
            "zip; without it the official archive is downloaded."
        ),
    ] = None,
    preprocessing: Annotated[
        str, typer.Option(help="released-code: as the paper's code; float: full precision, standardised.")
    ] = "released-code",
    data: Data = Path("data"),
) -> None:
    """Turn MHEALTH recordings into checked arrays with a manifest.

    Example: resilinet data health ~/Downloads/mhealth
    """
    from resilinet.datasets.health_preparation import prepare_health

    folder = prepare_health(source, data, preprocessing)
    out.print(f"Health, preprocessing {preprocessing}: {folder}", soft_wrap=True)


@data_app.command("cifar10")
@plain_errors
def data_cifar10(
    source: Annotated[
        Path | None,
        typer.Argument(
            help="The folder cifar-10-batches-py or the one it lies in, or cifar-10-python.tar.gz; without it the "
            "official archive is downloaded (170 MB)."
        ),
    ] = None,
    data: Data = Path("data"),
) -> None:
    """Turn CIFAR-10 into checked arrays with a manifest: 60,000 images, 184 MB, some seconds.

    Every file must have its published md5. The published training and test images are merged; they are split
    80/10/10 when they are loaded, by a seed.

    Example: resilinet data cifar10 ~/Downloads/cifar-10-python.tar.gz
    """
    from resilinet.datasets.cifar10 import prepare_cifar10

    folder = prepare_cifar10(source, data)
    out.print(f"CIFAR-10: {folder}", soft_wrap=True)


SplitSeed = Annotated[
    int, typer.Option(min=0, help="Chooses the tenth of the training images that validates.")
]


@data_app.command("imagenet")
@plain_errors
def data_imagenet(
    source: Annotated[
        Path,
        typer.Argument(
            help="The folder of ILSVRC 2012 that holds train and val, each with 1,000 folders such as n01440764."
        ),
    ],
    split_seed: SplitSeed = 0,
    data: Data = Path("data"),
) -> None:
    """Turn ImageNet (ILSVRC 2012) into checked arrays of 160 x 160 pixels: 102 GB, some hours.

    The images cannot be downloaded without an account; get ILSVRC2012_img_train.tar, ILSVRC2012_img_val.tar and
    ILSVRC2012_devkit_t12.tar.gz from image-net.org, and let torchvision.datasets.ImageNet unpack them into train
    and val. Every image is squashed to a square. The images under val test; a random tenth of those under train
    validates.

    Example: resilinet data imagenet /datasets/ILSVRC2012
    """
    _data_images("imagenet", source, data, split_seed)


@data_app.command("imagenette160")
@plain_errors
def data_imagenette160(
    source: Annotated[
        Path,
        typer.Argument(help="The folder that holds train and val, each with the ten folders of classes."),
    ],
    split_seed: SplitSeed = 0,
    data: Data = Path("data"),
) -> None:
    """Turn ten of ImageNet's classes into checked arrays of 160 x 160 pixels: a stand-in for ImageNet, in seconds.

    It has another name and another fingerprint than ImageNet, so no result on it passes for one on ImageNet. The
    classes are those of Imagenette. Every image is squashed to a square; the images under val test, and a random
    tenth of those under train validates.

    Example: resilinet data imagenette160 ~/Downloads/imagenette160
    """
    _data_images("imagenette160", source, data, split_seed)


def _data_images(name: str, source: Path, data: Path, split_seed: int) -> None:
    from resilinet.datasets.imagenet_preparation import prepare_images
    from resilinet.datasets.imagenet_sources import COLLECTIONS

    folder = prepare_images(COLLECTIONS[name], source, data, split_seed)
    out.print(f"{name}, split seed {split_seed}: {folder}", soft_wrap=True)


@app.command("sweep")
@plain_errors
def sweep_command(
    artefacts: Annotated[
        list[str] | None, typer.Argument(help="Artefacts; `resilinet status` lists them.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every artefact.")] = False,
    profile: Profile = "published",
    processes: Annotated[int, typer.Option(min=1, help="Trials run side by side.")] = 1,
    threads: Annotated[int, typer.Option(min=1, help="Threads of each process.")] = 1,
    time_budget: Annotated[
        str | None, typer.Option(help="Stop cleanly after this long, for example 9m.")
    ] = None,
    device: Annotated[
        str, typer.Option(help="cpu, or an accelerator as PyTorch names it, for example cuda.")
    ] = "cpu",
    executor: Annotated[
        str,
        typer.Option(
            help="local: processes on this machine; ray: a Ray cluster that this machine is part of."
        ),
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(
            help="Of the Ray cluster, for example auto or 10.0.0.1:6379; without it RAY_ADDRESS, the cluster that "
            "runs here, or else a new one of this machine alone."
        ),
    ] = None,
    gpus_per_trial: Annotated[
        float, typer.Option(help="GPUs of the Ray cluster that a trial takes; 0.25 lets four share one.")
    ] = 0.0,
    results: Results = Path("results"),
    runs: Runs = Path("runs"),
    data: Data = Path("data"),
) -> None:
    """Run the trials of an artefact (or --all) whose results are missing; stop and call again as you like.

    One process for each core with one thread each gives the most trials an hour. A killed sweep loses at most
    the running epochs; two sweeps at once share the work.

    On a Ray cluster (--executor ray, with the extra "cluster") each trial takes --threads CPUs of a node and is begun
    again elsewhere if the node is lost; results come back to this machine. The paths of --runs and --data hold on
    every node.

    Example: resilinet sweep table-1-health --processes 2 --time-budget 9m

    Example: resilinet sweep --all --executor ray --address auto --device cuda --gpus-per-trial 0.25
    """
    from resilinet.cluster import Cluster
    from resilinet.devices import usable
    from resilinet.duration import seconds
    from resilinet.sweep import Setup, missing
    from resilinet.watch import watched_sweep

    if every == bool(artefacts):
        raise ValueError("name the artefacts to run, or say --all (and not both).")
    trials = all_trials(profile) if every else trials_of(profile, *(artefacts or []))
    budget = None if time_budget is None else seconds(time_budget)
    if executor not in ("local", "ray"):
        raise ValueError(f"{executor!r} is no executor; choose local or ray.")
    if executor == "local" and (address or gpus_per_trial):
        raise ValueError("--address and --gpus-per-trial are for a cluster; say --executor ray, too.")
    if executor == "ray" and processes > 1:
        raise ValueError("--processes is for this machine; a cluster runs as many trials as it has room for.")
    cluster = Cluster(address, gpus_per_trial) if executor == "ray" else None
    # Which devices a cluster's nodes have shows there.
    setup = Setup(results, runs, data, threads, device if cluster else usable(device))
    try:
        failed = watched_sweep(
            trials, setup, processes=processes, cluster=cluster, time_budget=budget, console=err
        )
    except KeyboardInterrupt:
        err.print("resilinet: stopped; finished epochs are kept, call again to go on.", highlight=False)
        raise typer.Exit(130) from None
    left = len(missing(trials, Store(results)))
    out.print(
        f"{len(trials) - left} of {len(trials)} trials have results"
        + ("; call again to go on." if left else ".")
    )
    for event in failed:
        err.print(
            f"resilinet: trial {event.trial[:16]}: {event.message}",
            style="red",
            highlight=False,
            soft_wrap=True,
        )
    if failed:
        raise typer.Exit(1)


@app.command()
@plain_errors
def status(profile: Profile = "published", results: Results = Path("results"), as_json: Json = False) -> None:
    """Show which trials of which artefact have results."""
    store = Store(results)
    rows = [
        {
            "artefact": artefact.key,
            "title": artefact.title,
            "row": row,
            "done": [trial.seed for trial in trials if store.get(trial.id) is not None],
            "missing": [trial.seed for trial in trials if trial.id not in store],
            "trials": [trial.id for trial in trials],
        }
        for artefact in ARTEFACTS.values()
        for row, trials in artefact.rows(profile).items()
    ]
    if as_json:
        say_json(rows)
        return
    table = Table(title=f"Trials with results in {results} (profile {profile})")
    for column in ("artefact", "row", "done", "missing seeds"):
        table.add_column(column)
    for row in rows:
        done, lacking = len(row["done"]), row["missing"]
        table.add_row(
            str(row["artefact"]),
            str(row["row"]),
            f"{done} of {done + len(lacking)}",
            ", ".join(map(str, lacking)) or "-",
        )
    out.print(table)


@app.command()
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


@app.command()
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


@app.command()
@plain_errors
def bandwidth(as_json: Json = False) -> None:
    """Print Table 4: the share of traffic that opening skips only on failure saves, from real module outputs."""
    from resilinet.bandwidth_table import rows

    found = [dataclasses.asdict(row) for row in rows()]
    if as_json:
        say_json(found)
        return
    table = Table(title="Bandwidth saved by ResiliNet against DFG (Table 4)")
    for column in ("experiment", "geometry", "elements sent", "saving (%)", "paper (%)", "note"):
        table.add_column(column)
    for row in found:
        sent = ", ".join(f"{node} {count}" for node, count in row["elements"].items())
        ours, paper = f"{row['saving']:.3f}", f"{row['paper']:.2f}"
        table.add_row(row["experiment"], row["geometry"], sent, ours, paper, row["note"])
    out.print(table)


@app.command()
@plain_errors
def verify(
    artefact: Annotated[list[str] | None, typer.Argument(help="Only these artefacts.")] = None,
    profile: Profile = "published",
    guess: Annotated[str, typer.Option(help="train-frequency or released-code.")] = "train-frequency",
    statistics: Annotated[
        str, typer.Option(help="Of batch normalisation: running, as in the paper, or per-route.")
    ] = "running",
    results: Results = Path("results"),
    as_json: Json = False,
) -> None:
    """Hold every printed number of the paper against the stored results, each with interval and verdict."""
    from resilinet.paper import verify as ledger

    entries = ledger(Store(results), profile, guess, statistics)
    if artefact:
        known = {entry.artefact for entry in entries}
        for name in artefact:
            if name not in known:
                raise ValueError(
                    f"{name!r} is no artefact of the ledger; choose from {', '.join(sorted(known))}."
                )
        entries = [entry for entry in entries if entry.artefact in artefact]
    if as_json:
        say_json([dataclasses.asdict(entry) for entry in entries])
        return
    table = Table(title="The paper's numbers and ours")
    for column in ("artefact", "key", "paper", "ours", "interval", "seeds", "size", "verdict"):
        table.add_column(column)
    for entry in entries:
        ours, low, high = entry.ours, entry.low, entry.high
        table.add_row(
            entry.artefact,
            entry.key,
            "-" if entry.paper is None else f"{entry.paper:g}",
            "-" if ours is None else f"{ours:.2f}",
            "-" if low is None or math.isnan(low) or high is None else f"{low:.2f} to {high:.2f}",
            str(entry.seeds),
            entry.size or "-",
            entry.verdict,
        )
    out.print(table)


@app.command()
@plain_errors
def book(
    profile: Profile = "published",
    chapter: Annotated[
        list[str] | None, typer.Option(help="Only this chapter under the profile (repeatable).")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Chapters run side by side.")] = 1,
    source: Annotated[Path, typer.Option(help="The folder of chapters.")] = Path("book"),
    to: Annotated[Path, typer.Option("--out", help="The folder to build in.")] = Path("build"),
) -> None:
    """Run the chapters through papermill and build the book; only what changed is run again."""
    from resilinet.book import BookError, build

    try:
        index = build(profile=profile, source=source, out=to, chapters=chapter, jobs=jobs)
    except BookError as error:
        err.print(f"resilinet: {error}", style="red", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    out.print(f"The book is at {index}", soft_wrap=True)


def _probability(text: str) -> tuple[str, float]:
    node, _, value = text.partition("=")
    try:
        return node, float(value)
    except ValueError:
        raise ValueError(f"{text!r} is no NODE=P, for example n1=0.3.") from None
