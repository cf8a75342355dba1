"""Learning curves: the validation accuracy that every run recorded after each epoch."""

from __future__ import annotations

from typing import Final

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from companion.figures.charts import COLOURS, finish, t_interval
from companion.figures.descriptions import size_label
from companion.figures.points import series_name
from companion.paper.measured import Measured

DASHES: Final = {"re-estimated": "", "running": (2, 1.5)}
"""How the curve of each kind of batch statistics is drawn."""


def history(measured: Measured, artefact: str) -> pd.DataFrame:
    """The validation accuracy after each epoch of each run, without failures.

    Columns are the ``series``, the ``seed``, the ``epoch``, the ``statistics`` of batch normalisation and the
    ``accuracy`` in percent. Statistics are ``running``, or ``re-estimated`` for the route without failures.
    """
    kinds = {"re-estimated": "validation_accuracy", "running": "running_validation_accuracy"}
    rows = []
    for row in measured.rows(artefact):
        for record in measured.records(artefact, row):
            estimated = record.trial.recipe.validation == "re-estimated"
            keys = kinds if estimated else {"running": "validation_accuracy"}
            for epoch, values in enumerate(record.history, start=1):
                for kind, key in keys.items():
                    rows.append((series_name(row), record.trial.seed, epoch, kind, 100 * values[key]))
    return pd.DataFrame(rows, columns=["series", "seed", "epoch", "statistics", "accuracy"])


def learning_curves(measured: Measured, artefact: str) -> Figure:
    """Validation accuracy without failures after each epoch, a line for each series and kind of statistics."""
    shown = history(measured, artefact)
    kinds = [kind for kind in DASHES if kind in set(shown["statistics"])]
    # A network without batch normalisation has one kind, which then needs no name.
    drawn = {"style": "statistics", "style_order": kinds, "dashes": [DASHES[kind] for kind in kinds]}
    with mpl.rc_context({"figure.constrained_layout.use": False}):
        grid = sns.relplot(
            shown,
            kind="line",
            x="epoch",
            y="accuracy",
            hue="series",
            palette=COLOURS,
            **(drawn if len(kinds) > 1 else {}),
            errorbar=t_interval if shown["seed"].nunique() > 1 else None,
        )
    grid.set_axis_labels("epoch", "validation accuracy (%)")
    return finish(grid, size_label(measured, artefact), 3.6, ncols=4)
