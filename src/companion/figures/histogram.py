"""What a node receives with no failure and around a failed node, as its batch normalisation sees it."""

from __future__ import annotations

import itertools
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from companion.figures import style
from companion.figures.charts import finish
from companion.results.received import ALL, EDGES, read

NAMES = {"running": "running statistics", "per-route": "statistics of the route"}


def received(path: Path) -> Figure:
    """The share of normalised values in each bin, a panel for each kind of batch statistics.

    Args:
        path: of the histogram; where it is missing, as beside tiny networks, the figure says so.

    Raises:
        ValueError: the file is no such histogram.
    """
    if not path.exists():
        figure = Figure(figsize=(7.0, 1.0))
        figure.text(0.5, 0.5, "This histogram is recorded for the published networks alone.", ha="center")
        return figure
    found = read(path)
    centres = [(low + high) / 2 for low, high in itertools.pairwise(EDGES)]
    rows = [
        (NAMES[kind], "no failure" if key == ALL else f"{key} failed", centre, count / sum(bins))
        for kind, by_failed in found.counts.items()
        for key, bins in by_failed.items()
        for centre, count in zip(centres, bins, strict=True)
    ]
    shown = pd.DataFrame(rows, columns=["statistics", "scenario", "value", "share"])
    with mpl.rc_context({"figure.constrained_layout.use": False}):
        grid = sns.displot(
            shown,
            kind="hist",
            x="value",
            weights="share",
            bins=list(EDGES),
            element="step",
            hue="scenario",
            palette=[style.LOOKS["vanilla"].colour, style.LOOKS["resilinet"].colour],
            col="statistics",
        )
    grid.set_axis_labels(f"what {found.node} receives, normalised", "share of values").set_titles(
        "{col_name}"
    )
    return finish(grid, f"run {found.trial[:8]} · {found.examples} test images", 3.2, ncols=2)
