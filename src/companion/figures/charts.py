"""The drawing, by seaborn from the table of all runs: our means with intervals, the paper's values beside them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from companion.experiments import ARTEFACTS
from companion.experiments.names import FAILURES, SETTINGS, name_of
from companion.figures import style
from companion.figures.descriptions import size_label
from companion.figures.points import points_of, series_name
from companion.paper.comparisons.survival_scaling import survival_loss
from companion.paper.measured import Measured
from companion.results import frame
from companion.results.intervals import interval

_NAMES: Final = [name_of(setting) for setting in SETTINGS]
_PAPER: Final = "paper"
_NETWORKS: Final = {"mlp": "MLP, Health", "mobilenet": "MobileNet, CIFAR-10", "resnet": "ResNet-18, CIFAR-10"}
"""How Fig. 3 names its networks, all of them ResiliNet's."""
_HATCHES: Final = dict(zip(_NETWORKS.values(), ("", "//", ".."), strict=True))
COLOURS: Final = {
    **{series_name(key): look.colour for key, look in style.LOOKS.items()},
    **dict.fromkeys(_NETWORKS.values(), style.LOOKS["resilinet"].colour),
    _PAPER: style.PAPER["color"],
}
"""Of each scheme by its name, of each network of Fig. 3, and of the paper."""
_MARKERS: Final = {
    **{series_name(key): look.marker for key, look in style.LOOKS.items()},
    **dict(zip(_NETWORKS.values(), "osP", strict=True)),
    _PAPER: style.PAPER["marker"],
}
_OURS: Final = series_name("resilinet")
"""In legends, what is measured with ResiliNet alone."""


def averages(measured: Measured, artefact: str) -> Figure:
    """Figs. 2 and 6: average accuracy by failure setting, a bar for each scheme, the paper's as diamonds.

    Settings come in the paper's order, the most severe first.
    """
    shown, ticks = _shown(measured, artefact), _NAMES[::-1]
    shown["place"] = shown["setting"].map(ticks.index) + _beside(shown["series"])
    ours = shown[~shown["paper"]].groupby(["series", "place"], sort=False)["value"].mean().reset_index()
    shown["place"] += 0.08 * shown["paper"]
    shown["whose"] = shown["series"].map(series_name).mask(shown["paper"], _PAPER)
    figure = _draw(size_label(measured, artefact), shown, ticks, ("", "average accuracy (%)"))
    (axes,) = figure.axes
    for series, bars in ours.groupby("series"):
        look = style.LOOKS[str(series)]
        axes.bar(
            bars["place"],
            bars["value"],
            width=0.19,
            color=look.colour,
            hatch=look.hatch,
            alpha=0.5,
            zorder=0.5,
        )
    axes.set_ylim(0, 103)
    return figure


def rates(measured: Measured, artefact: str) -> Figure:
    """Table 3, drawn: average accuracy by failout rate, a panel for each failure setting."""
    return _by_setting(measured, artefact, "failout rate")


def configs(measured: Measured, artefact: str) -> Figure:
    """Fig. 4: average accuracy for each set of skips, a panel for each failure setting."""
    return _by_setting(measured, artefact, "configuration of skips")


def _by_setting(measured: Measured, artefact: str, along: str) -> Figure:
    shown = _shown(measured, artefact)
    series = list(shown["series"].unique())
    shown["place"] = shown["series"].map(series.index) + 0.2 * shown["paper"]
    shown["whose"] = np.where(shown["paper"], _PAPER, _OURS)
    ticks = [name.removeprefix("Config ").replace("%", " %").capitalize() for name in series]
    panels = {"col": "setting", "col_order": _NAMES, "col_wrap": 2, "sharey": False}
    figure = _draw(size_label(measured, artefact), shown, ticks, (along, "average accuracy (%)"), **panels)
    figure.set_figheight(5.2)
    return figure


def survival_scaling(measured: Measured, artefact: str) -> Figure:
    """Section 2.3: what scaling weights by survival probabilities costs on average, by failure setting."""
    measured = measured.running()
    losses = [
        (series_name(scheme), name_of(setting), f"survival in {where}", loss)
        for scheme in ("resilinet", "resilinet-plus")
        if scheme in measured.rows(artefact)
        for setting in FAILURES
        for where, source in (("training", "failout"), ("the setting", setting))
        for loss in survival_loss(measured, artefact, scheme, setting, source).values.values() or [math.nan]
    ]
    shown = pd.DataFrame(losses, columns=["whose", "setting", "panel", "value"])
    names = [name_of(setting) for setting in FAILURES]
    shown["place"] = shown["setting"].map(names.index) + _beside(shown["whose"])
    figure = _draw(
        size_label(measured, artefact), shown, names, ("", "average accuracy lost (points)"), col="panel"
    )
    for axes in figure.axes:
        axes.axhline(0.0, color=style.INK, lw=1)
    return figure


def weight_rules(measured: Measured, *artefacts: str) -> Figure:
    """Fig. 3: standard deviation among four weight rules, by failure setting, a bar for each network.

    Settings come in the paper's order, the most severe first.
    """
    drawn: list[tuple[float, str, float]] = []
    paper: list[tuple[float, str, float]] = []
    heights = []
    for number, artefact in enumerate(artefacts):
        whose = _NETWORKS[ARTEFACTS[artefact].experiment.model]
        for setting, point in enumerate(reversed(points_of(measured, artefact))):
            place = setting + 0.24 * (number - (len(artefacts) - 1) / 2)
            found = point.sample.interval
            # A deviation of means has an interval made beforehand: a row for the deviation, and one for either end.
            drawn += [(place, whose, end) for end in (astuple(found)[:3] if found else (math.nan,))]
            heights += [(whose, place, found.mean)] if found else []
            if point.printed:
                paper.append((place + 0.08, _PAPER, point.printed.value))
    shown = pd.DataFrame(drawn + paper, columns=["place", "whose", "value"])
    made_from = "\n".join(size_label(measured, artefact) for artefact in artefacts)
    labels = "", "standard deviation (points)"
    figure = _draw(made_from, shown, _NAMES[::-1], labels, estimator="median", errorbar=_ends)
    (axes,) = figure.axes
    for whose, place, height in heights:
        axes.bar(
            place, height, width=0.22, color=COLOURS[whose], hatch=_HATCHES[whose], alpha=0.5, zorder=0.5
        )
    axes.axhline(1.0, color=style.INK, ls="--", lw=1)
    # Between two settings, where no interval crosses it.
    axes.annotate(
        "the paper's\nbound",
        (0.5, 1.0),
        xytext=(0, 3),
        textcoords="offset points",
        ha="center",
        fontsize=8,
    )
    axes.set_ylim(0, None)
    return figure


def _shown(measured: Measured, artefact: str) -> pd.DataFrame:
    """From the table of all runs, a row for each run of a series under a setting, or an empty one; then the paper's.

    Columns are the ``series``, the ``setting``, the ``value``, and whether it is the ``paper``'s.
    """
    runs = frame(measured.store, measured.profile, [artefact], measured.guess)
    runs = runs[runs["kind"] == "setting"]
    if measured.statistics in set(runs["statistics"]):  # a network without batch normalisation has no others
        runs = runs[runs["statistics"] == measured.statistics]
    # The rate "failure" was trained for each setting.
    series = runs["row"].mask(runs["row"] == "failure:" + runs["name"], "failure")
    runs = pd.DataFrame({"series": series, "setting": runs["name"], "value": runs["accuracy"]})
    printed = [(p.series, p.condition, p.printed and p.printed.value) for p in points_of(measured, artefact)]
    paper = pd.DataFrame(printed, columns=["series", "setting", "value"]).astype({"value": float})
    ours = paper[["series", "setting"]].merge(runs, how="left")
    shown = pd.concat([ours.assign(paper=False), paper.dropna().assign(paper=True)], ignore_index=True)
    return shown.assign(setting=shown["setting"].map(name_of))


def _beside(series: pd.Series[str]) -> pd.Series[float]:
    """How far each of several series stands from the setting that they share."""
    names = list(series.unique())
    return 0.2 * (series.map(names.index) - (len(names) - 1) / 2)


def _draw(
    made_from: str,
    shown: pd.DataFrame,
    ticks: Sequence[str],
    labels: tuple[str, str],
    **options: Any,
) -> Figure:
    """Draw means with 95 % t-intervals over the runs at each ``place``, and the paper's values, in panels if asked.

    ``made_from`` stands above. A row of ``shown`` is a run or a printed value; ``ticks`` stand at 0, 1, 2, ...
    """
    names = list(shown["whose"].unique())
    look = {"markersize": 6, "markeredgewidth": 1, "linestyle": "none", "err_kws": {"linewidth": 1.5}}
    look |= {"hue": "whose", "palette": COLOURS, "markers": [_MARKERS[name] for name in names]}
    # A grid replaces a constrained layout, with a warning; it gets one when it is done. Nor need it seek the best place
    # for a legend that is moved.
    with mpl.rc_context({"figure.constrained_layout.use": False, "legend.loc": "upper right"}):
        place = {"x": "place", "y": "value", "native_scale": True, "sharex": False}
        options = {"errorbar": t_interval, **place, **look, **options}
        grid = sns.catplot(shown, kind="point", **options)
    grid.set(xticks=range(len(ticks)), xticklabels=ticks, xlim=(-0.5, len(ticks) - 0.5))
    grid.set_axis_labels(*labels).set_titles("{col_name}")
    for line in grid.figure.findobj(Line2D):
        if line.get_marker() == _MARKERS[_PAPER]:
            line.set_markerfacecolor(style.PAPER["mfc"])
    return finish(grid, made_from, 3.6, ncols=len(names))


def finish(grid: sns.axisgrid.Grid, label: str, height: float, **legend: Any) -> Figure:
    """The figure of a grid: its legend below, and above it what it was made from.

    Args:
        grid: drawn by seaborn.
        label: what it was made from, so that it keeps saying so wherever it is copied to.
        height: in inches; the width is the page's.
        legend: further options of :func:`seaborn.move_legend`.
    """
    figure: Figure = grid.figure
    # Below the axes, where no point can lie under it.
    sns.move_legend(grid, "outside lower center", **{"title": None, **legend})
    figure.set_size_inches(7.0, height)
    return labelled(figure, label)


def labelled(figure: Figure, label: str) -> Figure:
    """A figure, laid out, that says what it was made from."""
    figure.suptitle(label, x=0.01, ha="left", fontsize=8.5, color=style.INK)
    figure.set_layout_engine("constrained")
    plt.close(figure)  # a notebook would show it a second time
    return figure


def t_interval(values: Iterable[float]) -> tuple[float, float]:
    """The ends of the 95 % t-interval of a mean, as seaborn asks for them."""
    found = interval(list(values))
    return found.low, found.high


def _ends(values: pd.Series[float]) -> tuple[float, float]:
    """The interval that lies among the values at a place; a single seed has none."""
    return (values.min(), values.max()) if len(values) > 1 else (math.nan, math.nan)
