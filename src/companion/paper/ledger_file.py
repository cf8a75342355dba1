"""The ledger as JSON: what is printed, what each size of training gives, what the released code gives, kept apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from companion.paper.ledger import totals, under_routes
from companion.paper.verdicts import Check, Entry, Verdict, contradictions

SIZES = {"paper": "ours_at_paper_size", "laptop": "ours_at_laptop_size", "smoke": "ours_on_synthetic_data"}
"""The key under which trials of a size stand."""


def content(entries: Sequence[Entry]) -> dict[str, Any]:
    """A ledger for machines: totals by kind of statistics and size, then every entry."""
    return {
        "totals": {
            "running": by_size(entries),
            "per_route": by_size(under_routes(entries)),
        },
        "entries": [line(entry) for entry in entries],
    }


def by_size(entries: Sequence[Entry]) -> dict[str, dict[str, dict[str, int]]]:
    """How many numbers and statements have each verdict, by size of the trials; ``none`` where nothing was trained."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for kind in ("numbers", "statements"):
        mine = [entry for entry in entries if (entry.artefact == "claims") == (kind == "statements")]
        sizes = dict.fromkeys(entry.size for entry in mine)
        found[kind] = {
            size or "none": {
                str(verdict): n for verdict, n in totals(e for e in mine if e.size == size).items()
            }
            for size in sizes
        }
    return found


def line(entry: Entry) -> dict[str, Any]:
    """One entry, its values under the key of what they are."""
    trained = bool(entry.size) and entry.wanted > 0
    readings = {
        key: {
            "running": reading(entry),
            "per_route": None if entry.per_route is None else reading(entry.per_route),
        }
        if trained and size == entry.size
        else None
        for size, key in SIZES.items()
    }
    return {
        "artefact": entry.artefact,
        "key": entry.key,
        "address": entry.address,
        "experiment": entry.experiment or None,
        "source": entry.source or None,
        "statement": entry.statement or None,
        "verdict": str(entry.verdict),
        "note": entry.note,
        "unit": entry.unit,
        "printed": None
        if entry.paper is None
        else {"value": entry.paper, "text": f"{entry.paper:.{entry.digits}f}"},
        "computed": None if trained else entry.ours,
        **readings,
        "released_code": entry.released,
        "why_not_attempted": entry.note if entry.verdict is Verdict.NOT_ATTEMPTED else None,
    }


def reading(entry: Entry) -> dict[str, Any]:
    """What trials give for an entry, under one kind of batch statistics."""
    against = contradictions(entry.checks)
    return {
        "verdict": str(entry.verdict),
        "note": entry.note,
        "mean": entry.ours,
        "low": entry.low,
        "high": entry.high,
        "seeds": entry.seeds,
        "wanted": entry.wanted,
        "parts": dict(entry.parts),
        "checks": [comparison(one, one in against) for one in entry.checks],
        "trials": list(entry.trials),
    }


def comparison(one: Check, contradicted: bool) -> dict[str, Any]:
    """A comparison with what follows from it; its trials stand with its entry."""
    values = {key: value for key, value in asdict(one).items() if key != "trials"}
    return {
        **values,
        "p": one.p,
        "holds": one.holds,
        "contradicted": contradicted,
        "holds_in_print": one.holds_in_print,
    }
