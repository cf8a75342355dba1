"""The ledger as a page of the book: a part to unfold for each artefact, with every entry and its trials."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Final

import pandas as pd

from companion.paper.ledger import totals
from companion.paper.verdicts import Entry, Verdict
from companion.tables.html import show, take_away
from companion.tables.numbers import to_csv
from companion.tables.verdict_rows import checks

if TYPE_CHECKING:
    from IPython.display import HTML

IN_FULL: Final = (
    "artefact",
    "key",
    "unit",
    "paper",
    "ours",
    "low",
    "high",
    "seeds",
    "wanted",
    "size",
    "note",
)
"""What a file keeps of an entry; ``low`` and ``high`` are the ends of its 95 % interval."""
HEADS: Final = ("key", "paper", "ours", "95 % interval", "seeds", "size", "verdict", "why", "trials")


def show_totals(entries: Sequence[Entry]) -> HTML:
    """How many printed numbers have each verdict, by what answers them, and how many statements."""
    kinds = {size: f"numbers, {size} size" for size in dict.fromkeys(entry.size for entry in entries) if size}
    heads = {"": "numbers, nothing trained", **kinds, "claims": "statements"}
    columns = [
        totals(e for e in entries if ("claims" if e.artefact == "claims" else e.size) == kind)
        for kind in heads
    ]
    rows = [
        (str(verdict), [found.get(verdict, 0) for found in columns])
        for verdict in Verdict
        if any(verdict in found for found in columns)
    ]
    rows.append(("all", [sum(found.values()) for found in columns]))
    head = "".join(f"<th>{text}</th>" for text in ("verdict", *heads.values()))
    body = "".join(
        f"<tr><th>{name}</th>{''.join(f'<td>{count or chr(0x2013)}</td>' for count in counts)}</tr>"
        for name, counts in rows
    )
    return _html(f'<table class="dataframe"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>')


def show_ledger(entries: Iterable[Entry]) -> HTML:
    """Every printed number, a part to unfold for each artefact, and all of them to take away."""
    entries = list(entries)
    parts = []
    for artefact, group in groupby(entries, key=lambda entry: entry.artefact):
        found = list(group)
        counts = ", ".join(f"{number} {verdict}" for verdict, number in totals(found).items())
        source = found[0].source
        parts.append(
            f'<details class="ledger" id="ledger-{escape(artefact)}"><summary><code>{escape(artefact)}</code> '
            f"({escape(source)}): {counts}</summary>{_table(found)}</details>"
        )
    rows = [
        {**{name: getattr(entry, name) for name in IN_FULL}, "verdict": str(entry.verdict)}
        for entry in entries
    ]
    # Its last column has the trials already.
    away = take_away(to_csv(pd.DataFrame(rows, dtype=object)), caption="Every printed number and ours")
    return _html("\n".join([*parts, away]))


def show_statements(entries: Iterable[Entry]) -> HTML:
    """Every statement with its verdict, and the comparisons behind it to unfold."""
    parts = []
    for entry in entries:
        if entry.artefact != "claims":
            continue
        size = f" Trials of the {entry.size} size." if entry.size not in ("", "paper") else ""
        inner = f"<p>{escape(entry.note)}{size}</p>"
        if entry.checks:
            inner += str(show(checks(entry)).data)
        if entry.trials:
            inner += _trials(entry)
        anchor = f"claim-{escape(entry.key.replace('/', '-'))}"
        parts.append(
            f'<details class="ledger" id="{anchor}"><summary>{_badge(entry.verdict)} '
            f"<code>{escape(entry.key)}</code> {escape(entry.statement)}</summary>{inner}</details>"
        )
    return _html("\n".join(parts))


def _table(entries: Iterable[Entry]) -> str:
    head = "".join(f"<th>{name}</th>" for name in HEADS)
    rows = "".join(f"<tr>{''.join(_cells(entry))}</tr>" for entry in entries)
    return f'<table class="dataframe"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _cells(entry: Entry) -> list[str]:
    digits = max(entry.digits, 2)
    ours = "" if entry.ours is None else f"{entry.ours:.{digits}f}"
    known = entry.low is not None and entry.high is not None
    bounds = f"{entry.low:.{digits}f} to {entry.high:.{digits}f}" if known else ""
    paper = "" if entry.paper is None else f"{entry.paper:.{entry.digits}f}"
    seeds = f"{entry.seeds} of {entry.wanted}" if entry.wanted else ""
    texts = [
        escape(entry.key),
        paper,
        ours,
        bounds,
        seeds,
        entry.size,
        _badge(entry.verdict),
        escape(entry.note),
    ]
    return [f"<td>{text}</td>" for text in [*texts, _trials(entry) if entry.trials else ""]]


def _badge(verdict: Verdict) -> str:
    return f'<strong class="verdict verdict-{verdict.name.lower().replace("_", "-")}">{verdict}</strong>'


def _trials(entry: Entry) -> str:
    """Each trial by the first digits of its identity, a link to where it is described on this page."""
    links = " ".join(f'<a href="#trial-{name[:16]}"><code>{name[:8]}</code></a>' for name in entry.trials)
    return f"<details><summary>{len(entry.trials)}</summary>{links}</details>"


def show_trials(rows: Iterable[tuple[str, Sequence[tuple[str, ...]]]], heads: Sequence[str]) -> HTML:
    """The trials by artefact, each with an anchor that the ledger links to.

    Args:
        rows: title of the artefact, and for each trial its cells, the identity first.
        heads: titles of the cells.
    """
    parts, anchored = [], set[str]()
    for title, trials in rows:
        lines = []
        for cells in trials:
            name = cells[0]
            anchor = "" if name in anchored else f' id="trial-{escape(name)}"'
            anchored.add(name)
            rest = "".join(f"<td>{escape(text)}</td>" for text in cells[1:])
            lines.append(f"<tr{anchor}><td><code>{escape(name)}</code></td>{rest}</tr>")
        head = "".join(f"<th>{escape(text)}</th>" for text in heads)
        parts.append(
            f'<h3>{escape(title)}</h3><table class="dataframe"><thead><tr>{head}</tr></thead>'
            f"<tbody>{''.join(lines)}</tbody></table>"
        )
    return _html("\n".join(parts))


def _html(text: str) -> HTML:
    from IPython.display import HTML

    return HTML(text)
