"""A table as a page shows it, and numbers to take away with the trials behind them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import pandas as pd

from companion.tables.numbers import in_full, to_csv, trials_behind

if TYPE_CHECKING:
    from IPython.display import HTML

NUMBER: Final = re.compile(r"<td>(?=[+\N{MINUS SIGN}-]?\d[^<]*</td>)")
"""A cell that begins with a number, which the style sheet aligns right."""


def show(table: pd.DataFrame, caption: str = "") -> HTML:
    """A table as HTML, with long text in full, a caption where given, and its numbers to take away."""
    from IPython.display import HTML

    away = take_away(to_csv(in_full(table, caption)), trials_behind(table), caption)
    if table.index.nlevels == 1:
        # The name of the rows goes to the corner: a line of its own would stand empty otherwise.
        table = table.copy()
        table.columns.names = [*[None] * (table.columns.nlevels - 1), table.index.name]
        table.index.name = None
    with pd.option_context("display.max_colwidth", None):
        html = table.to_html(border=0, na_rep="", float_format=lambda value: f"{value:.2f}", justify="left")
    html = NUMBER.sub('<td class="number">', html)
    if caption:
        html = html.replace(">\n", f">\n  <caption>{caption}</caption>\n", 1)
    return HTML(html + away)


def offer(table: pd.DataFrame, caption: str) -> HTML:
    """The numbers of a figure to take away, to stand below it."""
    from IPython.display import HTML

    return HTML(take_away(to_csv(in_full(table, caption)), trials_behind(table), caption))


def take_away(csv: str, trials: Sequence[str] = (), caption: str = "") -> str:
    """HTML that offers numbers as CSV, and unfolds to the trials behind them.

    The file stands in the link itself, so that pages and notebooks need nothing beside them.

    Args:
        csv: the numbers in full.
        trials: identities of the trials behind them; none where numbers are computed with the page.
        caption: of what shows them; makes the name of the file.
    """
    words = re.findall(r"[a-z0-9]+", caption.lower())[:8] or ["table"]
    label = f"CSV: {caption}" if caption else "Numbers of this table as CSV"
    parts = [
        f'<a download="{"-".join(words)}.csv" href="data:text/csv;charset=utf-8,{quote(csv, safe=",.")}" '
        f'aria-label="{escape(label)}">CSV</a>'
    ]
    if trials:
        names = " ".join(f"<code>{name[:16]}</code>" for name in trials)
        parts.append(
            f"<details><summary>provenance</summary>From {len(trials)} trials, each a file of that name in "
            f"<code>results/</code>: {names}</details>"
        )
    return f'<div class="exhibit-links">{" ".join(parts)}</div>'
