"""``resilinet bandwidth | verify``: the paper's numbers and ours."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from resilinet.cli.common import Json, Profile, Results, out, plain_errors, say_json
from resilinet.store import Store


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
