"""``resilinet bandwidth | verify``: the paper's numbers and ours."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from companion.cli.common import Json, Profile, Results, err, out, plain_errors, say_json, show
from companion.cli.sweep import name_missing
from companion.results.store import Store

if TYPE_CHECKING:
    from companion.paper import Entry
    from companion.paper.accepted_verdicts import Change


@plain_errors
def bandwidth(as_json: Json = False) -> None:
    """Print Table 4: the share of traffic that opening skips only on failure saves, from real module outputs.

    Example: resilinet bandwidth
    """
    from companion.paper.bandwidth_table import rows

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
    show(table)


@plain_errors
def verify(
    artefact: Annotated[list[str] | None, typer.Argument(help="Only these artefacts.")] = None,
    profile: Profile = "published",
    guess: Annotated[
        str,
        typer.Option(
            help="What is guessed where nothing reaches the cloud. train-frequency: classes as often as they occur in "
            "training; released-code: the same, but named one too low for Health, as the paper's code does."
        ),
    ] = "train-frequency",
    results: Results = Path("results"),
    against: Annotated[
        Path | None,
        typer.Option(
            help="Accepted verdicts of another store, its folder or their file; verdicts alone are compared then, not "
            "values. Default: those in the results."
        ),
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Write the verdicts down as accepted, beside the results.")
    ] = False,
    no_check: Annotated[bool, typer.Option("--no-check", help="Print the ledger, compare nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Hold every printed number of the paper against the stored results, and every verdict against the accepted one.

    Each number gets our mean, its interval, seeds and a verdict; of a network with batch normalisation one under
    running statistics and one under statistics of each route. Accepted verdicts are committed beside the results,
    in the folder verdicts. One is no longer supported when its trials are gone, when it comes out differently, be
    it better, or when the same trials give another value, as a result file was exchanged. Trainings that are added
    to what was incomplete break nothing: their verdicts are named as new, to be looked at and accepted. Whoever
    changes a verdict on purpose accepts it, and the commit shows which.

    Exit codes: 0, every accepted verdict is supported; 1, some are not, and are named; 2, it cannot be judged: a result
    or the accepted verdicts are damaged or missing, or an argument is wrong. What was trained tiny on synthetic data
    (--profile smoke) has no verdicts to lose.

    Example: resilinet verify table-1-health

    Example: resilinet verify table-1-health --results build/reproduced/results --against results, once all of Table 1
    was run again; what is missing there counts as no longer supported.
    """
    from companion.experiments import ARTEFACTS
    from companion.paper import accepted_verdicts as accepted
    from companion.paper import verify as ledger
    from companion.paper.ledger_file import content

    if accept + no_check + (against is not None) > 1:
        raise ValueError("choose one of --accept, --against and --no-check.")
    if accept and artefact:
        raise ValueError(
            "verdicts are accepted together, as statements rest on several artefacts; name none."
        )
    if accept and not results.exists():
        raise ValueError(f"{results}: there is no such folder of results.")
    checks = not no_check and (profile != "smoke" or against is not None)
    path = against
    if path is None or path.is_dir():
        path = accepted.place(path or results, profile, guess)
    entries = ledger(Store(results), profile, guess)
    known = {} if accept and not path.exists() else accepted.read(path) if checks else {}
    name_missing(results)
    if artefact:
        names = {entry.artefact for entry in entries}
        for name in artefact:
            if name in ARTEFACTS and name not in names:
                raise ValueError(
                    f"the paper prints no number of {name!r}; what it says of it in words is among claims."
                )
            if name not in names:
                raise ValueError(
                    f"{name!r} is no artefact of the ledger; choose from {', '.join(sorted(names))}."
                )
        entries = [entry for entry in entries if entry.artefact in artefact]
        known = {address: one for address, one in known.items() if address[0] in artefact}
    found = accepted.changes(entries, known, values=against is None) if checks else []
    if accept:
        count = accepted.accept(entries, path)
        for change in found:
            out.print(f"{change.artefact} {change.key}: {change.text}", highlight=False, soft_wrap=True)
        out.print(f"{verdicts(count)} accepted in {path}", highlight=False, soft_wrap=True)
        return
    if as_json:
        say_json(content(entries))
    else:
        show(ledger_table(entries))
    if checks:
        report(found, len(known))


def ledger_table(entries: Sequence[Entry]) -> Table:
    """The ledger, a line an entry."""
    table = Table(title="The paper's numbers and ours")
    for column in ("artefact", "key", "paper", "ours", "interval", "seeds", "size", "verdict", "per route"):
        table.add_column(column)
    for entry in entries:
        ours, low, high = entry.ours, entry.low, entry.high
        paper = "-" if entry.paper is None else f"{entry.paper:g}"
        decimals = max(2, len(paper.partition(".")[2]))  # ours is never shown coarser than the paper's
        table.add_row(
            entry.artefact,
            entry.key,
            paper,
            "-" if ours is None else f"{ours:.{decimals}f}",
            "-"
            if low is None or math.isnan(low) or high is None
            else f"{low:.{decimals}f} to {high:.{decimals}f}",
            str(entry.seeds),
            entry.size or "-",
            entry.verdict,
            "" if entry.per_route is None else entry.per_route.verdict,
        )
    return table


def report(found: Sequence[Change], known: int) -> None:
    """Say on standard error whether the accepted verdicts are supported; if not, end with exit code 1."""
    broken = [change for change in found if change.breaks]
    for change in broken:
        text = f"resilinet: {change.artefact} {change.key}: {change.text}"
        err.print(text, style="red", highlight=False, soft_wrap=True)
    if new := len(found) - len(broken):
        are, them = ("is", "it") if new == 1 else ("are", "them")
        text = f"{verdicts(new)} {are} new; `resilinet verify --accept` writes {them} down."
        err.print(text, highlight=False, soft_wrap=True)
    if broken:
        of = f"{len(broken)} of {verdicts(known, 'accepted ')}"
        err.print(f"{of} {'is' if len(broken) == 1 else 'are'} no longer supported.", highlight=False)
        raise typer.Exit(1)
    if known == 0:
        err.print("No verdict of what was named is accepted, so none could be lost.", highlight=False)
    elif known == 1:
        err.print("The 1 accepted verdict is supported.", highlight=False)
    else:
        err.print(f"All {known} accepted verdicts are supported.", highlight=False)


def verdicts(count: int, kind: str = "") -> str:
    """So many verdicts, in words."""
    return f"{count} {kind}verdict{'' if count == 1 else 's'}"
