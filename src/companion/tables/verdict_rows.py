"""What stands behind verdicts: comparisons, reasons, and where each trial came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from companion.paper.measured import Measured
from companion.paper.verdicts import Check, Entry, Verdict, contradictions
from companion.tables.cells import NOTHING, ours, printed, show_check


def checks(entry: Entry) -> pd.DataFrame:
    """The comparisons behind a statement: difference with interval, the paper's own, bounds, and whether it holds."""
    rows, against = [], contradictions(entry.checks)
    for one in entry.checks:
        rows.append(
            {
                "comparison": one.what,
                f"difference ({entry.unit})": show_check(one),
                "by the paper's numbers": NOTHING if one.printed is None else f"{one.printed:+.2f}",
                "required": _bounds(one),
                "holds": _answer(one, one in against),
            }
        )
    return pd.DataFrame(rows).set_index("comparison")


def _bounds(one: Check) -> str:
    if one.above is None:
        return f"below {one.below:g}"
    return f"above {one.above:g}" if one.below is None else f"between {one.above:g} and {one.below:g}"


def _answer(one: Check, contradicted: bool) -> str:
    if one.seeds < one.wanted:
        return "not yet known"
    return "yes" if one.holds else "no" if contradicted else "cannot be told"


def differing(entries: Sequence[Entry], *artefacts: str) -> pd.DataFrame:
    """The printed numbers of some artefacts that are not reproduced, guesses aside, with the reason."""
    rows = [
        {
            "artefact": entry.artefact,
            "key": entry.key,
            "paper": printed(entry),
            "ours": ours(entry),
            "why": entry.note,
        }
        for entry in entries
        if entry.artefact in artefacts
        and entry.verdict in (Verdict.TREND, Verdict.NOT_REPRODUCED, Verdict.OPPOSITE_ORDER)
    ]
    return pd.DataFrame(rows, columns=["artefact", "key", "paper", "ours", "why"]).set_index(
        ["artefact", "key"]
    )


def provenance(measured: Measured, artefact: str) -> pd.DataFrame:
    """Where each trial of an artefact came from."""
    rows = []
    for row in measured.rows(artefact):
        for record in measured.records(artefact, row):
            made: Mapping[str, Any] = record.provenance
            rows.append(
                {
                    "row": row,
                    "seed": record.trial.seed,
                    "trial": record.id[:16],
                    "data": f"{record.trial.data['name']} {str(record.trial.data.get('fingerprint', ''))[:8]}",
                    "kept epoch": f"{record.best_epoch} of {record.trial.recipe.epochs}",
                    "minutes": f"{made.get('wall_seconds', float('nan')) / 60:.1f}",
                    "torch": made.get("torch", NOTHING),
                    "commit": str(made.get("commit", NOTHING))[:10],
                    "finished": str(made.get("finished", NOTHING))[:10],
                }
            )
    columns = ["row", "seed", "trial", "data", "kept epoch", "minutes", "torch", "commit", "finished"]
    return pd.DataFrame(rows, columns=columns).set_index(["row", "seed"])
