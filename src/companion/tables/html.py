"""A table as a page shows it, with its numbers to take away."""

from __future__ import annotations

import pandas as pd

from companion.tables.numbers import in_full, to_csv, trials_behind
from resilinet.exhibits import Exhibit, Shown


def show(table: pd.DataFrame, caption: str = "") -> Shown:
    """A table as HTML, with long text in full and, where given, a caption; it carries its numbers with it."""
    exhibit = Exhibit(to_csv(in_full(table, caption)), trials_behind(table), caption)
    if table.index.nlevels == 1:
        # The name of the rows goes to the corner: a line of its own would stand empty otherwise.
        table = table.copy()
        table.columns.names = [*[None] * (table.columns.nlevels - 1), table.index.name]
        table.index.name = None
    with pd.option_context("display.max_colwidth", None):
        html = table.to_html(border=0, na_rep="", float_format=lambda value: f"{value:.2f}", justify="left")
    if caption:
        html = html.replace(">\n", f">\n  <caption>{caption}</caption>\n", 1)
    return Shown(html, exhibit)
