"""What batch normalisation does to a network under failures: both kinds of statistics, scenario by scenario."""

from __future__ import annotations

import matplotlib as mpl
import seaborn as sns
from matplotlib.figure import Figure

from companion.figures import style
from companion.figures.charts import finish, t_interval
from companion.figures.descriptions import size_label
from companion.figures.points import series_name
from companion.paper.measured import Measured
from companion.results import frame

LOOKS = {"running": (style.LOOKS["dfg"].colour, "^"), "per-route": (style.LOOKS["resilinet"].colour, "o")}
"""Colour and marker of each kind of statistics."""


def statistics(measured: Measured, artefact: str) -> Figure:
    """Accuracy in each scenario with running statistics and with those of each route, a panel for each scheme."""
    runs = frame(measured.store, measured.profile, [artefact], measured.guess)
    runs = runs[(runs["kind"] == "scenario") & ~runs["guess"]]
    failed = runs["name"].str.replace("+", ", ").where(runs["name"] != "none", "no failure")
    shown = runs.assign(scheme=runs["scheme"].map(series_name), failed=failed)
    with mpl.rc_context({"figure.constrained_layout.use": False}):
        grid = sns.catplot(
            shown,
            kind="point",
            x="accuracy",
            y="failed",
            hue="statistics",
            hue_order=list(LOOKS),
            palette={kind: colour for kind, (colour, _) in LOOKS.items()},
            markers=[marker for _, marker in LOOKS.values()],
            col="scheme",
            col_order=[series_name(row) for row in measured.rows(artefact)],
            linestyle="none",
            markersize=6,
            errorbar=t_interval,
            err_kws={"linewidth": 1.5},
        )
    grid.set_axis_labels("accuracy (%)", "").set_titles("{col_name}")
    for axes in grid.figure.axes:
        axes.grid(axis="x")
    return finish(grid, size_label(measured, artefact), 2.9, ncols=2, title="batch statistics")
