"""``resilinet sweep | status``: the trials behind the tables and figures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from companion.cli.common import (
    Data,
    Device,
    Json,
    Processes,
    Profile,
    Results,
    Runs,
    Threads,
    check_writable,
    err,
    out,
    plain_errors,
    say_json,
    show,
)
from companion.experiments import ARTEFACTS, all_trials, is_known, planned_trials, trials_of
from companion.experiments.trial import Trial
from companion.results.store import Store

if TYPE_CHECKING:
    from companion.sweeps.shared import Event, Setup


def train(trials: Sequence[Trial], setup: Setup, **how: Any) -> list[Event]:
    """Run what is missing under the eyes of whoever called; Ctrl-C ends the command with exit code 130.

    Args:
        trials: what is wanted.
        setup: where and how.
        how: as for :func:`companion.sweeps.progress.watched_sweep`.
    """
    from companion.sweeps.progress import watched_sweep
    from companion.sweeps.run import has_bfloat16

    here = how.get("cluster") is None
    low = any(trial.recipe.precision != "float32" for trial in trials)
    if here and low and not has_bfloat16(setup.device):
        err.print(
            "resilinet: this processor has no arithmetic in bfloat16, which some of these trials ask for; PyTorch "
            "falls back to float32 with rounding, slowly.",
            highlight=False,
            soft_wrap=True,
        )

    try:
        return watched_sweep(trials, setup, console=err, **how)
    except KeyboardInterrupt:
        err.print("resilinet: stopped; finished epochs are kept, call again to go on.", highlight=False)
        raise typer.Exit(130) from None


def name_failed(failed: Sequence[Event], code: int = 1) -> None:
    """Say which trials failed and why; with any, the command ends with this exit code."""
    for event in failed:
        err.print(
            f"resilinet: {f'trial {event.trial[:16]}: ' if event.trial else ''}{event.message}",
            style="red",
            highlight=False,
            soft_wrap=True,
        )
    if failed:
        raise typer.Exit(code)


@plain_errors
def sweep(
    artefacts: Annotated[
        list[str] | None, typer.Argument(help="Artefacts; `resilinet status` lists them.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every artefact.")] = False,
    planned: Annotated[
        bool,
        typer.Option(
            "--planned",
            help="What is to replace the published trainings of the image networks, or those of it that are named.",
        ),
    ] = False,
    profile: Profile = "published",
    processes: Processes = 1,
    threads: Threads = 1,
    time_budget: Annotated[
        str | None, typer.Option(help="Stop cleanly after this long, for example 9m.")
    ] = None,
    device: Device = "cpu",
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

    Example: resilinet sweep --all --profile full --device cuda --processes 3

    Example: resilinet sweep --all --executor ray --address auto --device cuda --gpus-per-trial 0.25
    """
    from companion.sweeps.ray import Cluster
    from companion.sweeps.run import usable
    from companion.sweeps.shared import Setup, missing

    names = artefacts or []
    if every + (planned or bool(names)) != 1:
        raise ValueError("name the artefacts to run, or say --all or --planned (and only one of these).")
    wanted = (
        all_trials(profile) if every else (planned_trials if planned else partial(trials_of, profile))(*names)
    )
    trials = that_can_be_run(wanted, every)
    budget = None if time_budget is None else as_seconds(time_budget)
    if executor not in ("local", "ray"):
        raise ValueError(f"{executor!r} is no executor; choose local or ray.")
    if executor == "local" and (address or gpus_per_trial):
        raise ValueError("--address and --gpus-per-trial are for a cluster; say --executor ray, too.")
    if executor == "ray" and processes > 1:
        raise ValueError("--processes is for this machine; a cluster runs as many trials as it has room for.")
    cluster = Cluster(address, gpus_per_trial) if executor == "ray" else None
    # Which devices a cluster's nodes have shows there.
    device = device if cluster else usable(device)
    setup = Setup(results, runs, data, threads, device)
    if data.is_file():
        raise ValueError(f"{data}: a file, not a folder of prepared data; name a folder.")
    if missing(trials, Store(results)):  # else nothing is written, and a store may be read-only
        check_writable(results, "results", "--results")
        check_writable(runs, "checkpoints and weights", "--runs")
    failed = train(trials, setup, processes=processes, cluster=cluster, time_budget=budget)
    left = len(missing(trials, Store(results)))
    out.print(
        f"{len(trials) - left} of {len(trials)} trials have results"
        + ("; call again to go on." if left else ".")
    )
    # A worker that was lost does not matter where another one has done its work.
    name_failed([event for event in failed if event.trial or left])


def as_seconds(length: str) -> float:
    """The seconds in a length of time as people write it, ``90s``, ``9m`` or ``1h30m``; a number alone is seconds.

    Raises:
        ValueError: it is no length of time above 0.
    """
    import pandas as pd

    try:
        found = pd.Timedelta(f"{length}s" if length.isdecimal() else length).total_seconds()
    except ValueError:
        found = 0.0
    if not found > 0:  # which not a time, as pandas reads an empty text, is neither
        raise ValueError(f"{length!r} is no length of time; write for example 90s, 9m or 1h30m.")
    return found


def that_can_be_run(trials: Sequence[Trial], every: bool) -> list[Trial]:
    """Leave out trials on data that have no fingerprint in this edition, and say so, where every trial is wanted.

    Raises:
        ValueError: such a trial is wanted by name.
    """
    known = [trial for trial in trials if is_known(trial.data)]
    left_out = [trial for trial in trials if not is_known(trial.data)]
    if left_out:
        name = left_out[0].data["name"]
        why = (
            f"this edition does not know the fingerprint of {name}: prepare it with `resilinet data {name} SOURCE`, "
            "and write the fingerprint that this prints into IMAGENET_DATA of companion/experiments/catalogue.py."
        )
        if not every:
            raise ValueError(why)
        err.print(
            f"resilinet: {len(left_out)} trials are left out, as {why}", highlight=False, soft_wrap=True
        )
    return known


def name_missing(results: Path) -> None:
    """Say on standard error that a folder of results is missing, which a mistyped path looks like."""
    if not results.exists():
        text = f"{results}: there is no such folder of results (the current folder is {Path.cwd()}); nothing is read."
        err.print(f"resilinet: {text}", highlight=False, soft_wrap=True)


@plain_errors
def status(profile: Profile = "published", results: Results = Path("results"), as_json: Json = False) -> None:
    """Show which trials of which artefact have results.

    Example: resilinet status --profile full
    """
    store = Store(results)
    rows = [
        {
            "artefact": artefact.key,
            "title": artefact.title_at(profile),
            "size": artefact.size(profile).name,
            "row": row,
            "done": [trial.seed for trial in trials if store.get(trial.id) is not None],
            "missing": [trial.seed for trial in trials if trial.id not in store],
            "trials": [trial.id for trial in trials],
        }
        for artefact in ARTEFACTS.values()
        for row, trials in artefact.rows(profile).items()
    ]
    name_missing(results)
    if as_json:
        say_json(rows)
        return
    table = Table(title=f"Trials with results in {results} (profile {profile})")
    for column in ("artefact", "size", "row", "done", "missing seeds"):
        table.add_column(column)
    for row in rows:
        done, lacking = len(row["done"]), row["missing"]
        table.add_row(
            str(row["artefact"]),
            str(row["size"]),
            str(row["row"]),
            f"{done} of {done + len(lacking)}",
            ", ".join(map(str, lacking)) or "-",
        )
    show(table)
