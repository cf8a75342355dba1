"""``resilinet reproduce``: published trials, run again and held against what is stored."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from companion.cli.common import (
    Data,
    Device,
    Json,
    Processes,
    Profile,
    Results,
    Threads,
    check_writable,
    err,
    out,
    plain_errors,
    say_json,
    show,
)
from companion.cli.sweep import name_failed, train
from companion.results import (
    Comparison,
    Rerun,
    chosen,
    compare,
    conclusion,
    identical,
    machines,
    seconds,
)
from companion.results.store import Store

SHOWN = 1
"""Of that many trials at most, every accuracy is printed; of more, a line per trial."""


@plain_errors
def reproduce(
    artefact: Annotated[str, typer.Argument(help="An artefact; `resilinet status` lists them.")],
    row: Annotated[str | None, typer.Option(help="One row, as `resilinet status` names it.")] = None,
    scheme: Annotated[str | None, typer.Option(help="The rows of one scheme, for example resilinet.")] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0, help="One seed; one that the artefact does not have is a new run of the same thing."
        ),
    ] = None,
    profile: Profile = "published",
    results: Results = Path("results"),
    into: Annotated[
        Path, typer.Option(help="Where the new results and checkpoints go; never into the results.")
    ] = Path("build/reproduced"),
    data: Data = Path("data"),
    processes: Processes = 1,
    threads: Threads = 1,
    device: Device = "cpu",
    as_json: Json = False,
) -> None:
    """Run published trials again, and compare each accuracy with the stored one.

    Says first how long that should take. New results go to a store of their own; a killed run goes on when it is
    called again, and what was run there before is not run twice: remove the folder for that.

    What is stated beforehand, from the spread over the stored seeds, for all accuracies together with a probability of
    95 %: a stored seed comes out as before, or as far away at most as two runs of different seeds lie apart; a seed
    that is not stored comes out where a further run falls. Where processor, threads and PyTorch are those of the stored
    run, expect the same counts, bit for bit. Three stored seeds may leave every accuracy open: then that is what is
    said. The chapter for reviewers has the formulas.

    Exit codes: 0, everything came out as stated; 1, an accuracy lies outside; 2, refused or a trial failed, with the
    reason; 3, the counts differ and there are too few stored seeds to say whether they may; 130, stopped.

    Example: resilinet reproduce table-1-health --row resilinet --seed 0
    """
    from companion.sweeps.run import usable
    from companion.sweeps.shared import Setup, check_data, missing

    store, fresh = Store(results), Store(into / "results")
    if fresh.folder.resolve().is_relative_to(store.folder.resolve()):
        raise ValueError(
            f"{into} would put new results among the stored ones in {results}; give another folder with --into."
        )
    reruns = chosen(artefact, store, profile, row=row, scheme=scheme, seed=seed)
    trials = [rerun.trial for rerun in reruns]
    setup = Setup(fresh.folder, into / "runs", data, threads, usable(device), keep_weights=False)
    lacking = missing(trials, fresh)
    if lacking:  # before any time is promised
        check_writable(into, "new results", "--into")
        check_data(lacking, setup)
    todo = {trial.id for trial in lacking}
    err.print(
        announcement([r for r in reruns if r.trial.id in todo], len(reruns), processes), highlight=False
    )
    name_failed(train(trials, setup, processes=processes), code=2)
    new = {trial.id: fresh.read(trial.id) for trial in trials}
    comparisons = compare(reruns, new)
    exact = {r.trial.id for r in reruns if r.before and identical(r.before, new[r.trial.id])}
    as_stated, sentence = conclusion(comparisons, len(exact), len(reruns))
    code = {True: 0, False: 1, None: 3}[as_stated]
    if as_json:
        told = [dataclasses.asdict(one) | {"inside": one.inside} for one in comparisons]
        say_json(
            {"conclusion": sentence, "as stated": as_stated, "bit for bit": sorted(exact), "accuracies": told}
        )
    else:
        if len(reruns) <= SHOWN:
            show(accuracies_table(comparisons, f"{reruns[0].row}, trial {trials[0].id[:16]}"))
        else:
            show(trials_table(reruns, comparisons, exact))
        out.print(sentence, highlight=False, soft_wrap=True)
    if code:
        raise typer.Exit(code)


def announcement(todo: Sequence[Rerun], wanted: int, processes: int = 1) -> str:
    """How long the trials that are left should take, by what they took when they were stored."""
    done = (
        f"{wanted - len(todo)} of {wanted} trials have been run again before. " if len(todo) < wanted else ""
    )
    if not todo:
        return f"{done}Nothing is left to run."
    known = [time for time in map(seconds, todo) if time is not None]
    trials = "1 trial" if len(todo) == 1 else f"{len(todo)} trials"
    if not known:
        return f"{done}Running {trials} again; how long that took before is not recorded."
    # Where some have no time, they take what the others do.
    total = sum(known) / len(known) * len(todo) / min(processes, len(todo))
    return (
        f"{done}Running {trials} again: about {length(total)} by the stored wall times ({machines(todo)}), "
        "with other work beside them. Another machine takes its own time. Ctrl-C keeps finished epochs."
    )


def length(seconds: float) -> str:
    """A length of time in words, as precise as an estimate deserves."""
    for unit, size in (("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.{0 if seconds >= 10 * size else 1}f} {unit}"
    return f"{max(seconds, 1):.0f} seconds"


def accuracies_table(comparisons: Sequence[Comparison], title: str) -> Table:
    """Every accuracy of one trial."""
    known = comparisons[0].stored is not None
    # Without lines between the columns it fits a terminal of 80 characters.
    table = Table(
        title=f"{title}, seed {comparisons[0].seed}: accuracies in %",
        caption="over seeds: the 95 % t-interval of the stored mean, and whether the new value lies in it",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=0,
    )
    heads = (
        "failing nodes",
        "stored" if known else "mean",
        "new",
        "differs",
        "allowed",
        "same",
        "over seeds",
        "in it",
    )
    for head in heads:
        table.add_column(head, justify="left" if head == "failing nodes" else "right", no_wrap=True)
    for one in comparisons:
        low, high, n = one.over_seeds.low, one.over_seeds.high, one.over_seeds.n
        table.add_row(
            one.condition,
            f"{one.expected:.2f}",
            f"{one.new:.2f}",
            f"{one.difference:+.2f}",
            "-" if one.margin is None else f"±{one.margin:.2f}",
            {True: "yes", False: "no", None: "-"}[one.same],
            "-" if n < 2 else f"{max(low, 0.0):.2f}–{min(high, 100.0):.2f}",
            "-" if n < 2 else ("yes" if low - 1e-9 <= one.new <= high + 1e-9 else "no"),
            style="red" if one.inside is False else None,
        )
    return table


def trials_table(reruns: Sequence[Rerun], comparisons: Sequence[Comparison], exact: set[str]) -> Table:
    """A line per trial: the accuracy that lies farthest from what was expected, in units of what is allowed."""
    table = Table(title="Trials run again; --json has every accuracy")
    for head in ("row", "seed", "trial", "bit for bit", "inside", "farthest", "stored", "new", "allowed"):
        table.add_column(head, justify="right" if head in ("seed", "stored", "new", "allowed") else "left")
    for rerun in reruns:
        mine = [one for one in comparisons if (one.row, one.seed) == (rerun.row, rerun.trial.seed)]
        worst = max(mine, key=lambda one: abs(one.difference) / (one.margin or 1.0))
        table.add_row(
            rerun.row,
            str(rerun.trial.seed),
            rerun.trial.id[:16],
            "yes" if rerun.trial.id in exact else "no",
            f"{sum(one.inside is True for one in mine)} of {len(mine)}",
            worst.condition if worst.difference else "-",
            f"{worst.expected:.2f}",
            f"{worst.new:.2f}",
            "-" if worst.margin is None else f"±{worst.margin:.2f}",
        )
    return table
