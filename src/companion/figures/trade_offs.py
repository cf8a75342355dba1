"""Schemes beyond the paper's: accuracy against cost with the front drawn, and accuracy against the depth of a chain."""

from __future__ import annotations

from typing import Final

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from companion.experiments import ARTEFACTS
from companion.figures import style
from companion.figures.charts import labelled
from companion.figures.descriptions import size_label
from companion.paper.depth import flow
from companion.paper.measured import Measured
from companion.paper.options import ARTEFACT, Option, Ranked, front, rank, scenario

MARKERS: Final = "vD<>Xh*dp8"
"""Of the schemes that are not the paper's, and of those with copies, in the order of the legend."""
LINES: Final = (":", "-", "--", "-.")
"""Of chains whose skips lead around no node, one, two and three."""


def cost_front(measured: Measured, setting: str) -> Figure:
    """Average accuracy of every trained scheme under a setting against parameters times bytes, and the front."""
    probability = ARTEFACTS[ARTEFACT].experiment.settings[setting].probability
    try:
        options = rank(measured, probability)
    except ValueError:  # nothing has been trained
        options = []
    figure, axes = plt.subplots(figsize=(7.0, 4.6))
    best = front(options)
    axes.step(*_points(best), where="post", color=style.QUIET, lw=1, zorder=0, label="front")
    markers = iter(MARKERS)
    for one in options:
        look = style.LOOKS.get(one.option.row) if one.option.copies == 1 else None
        found = one.accuracy.interval
        assert found is not None
        axes.errorbar(
            one.costs.product,
            found.mean,
            yerr=[[found.mean - found.low], [found.high - found.mean]] if found.n > 1 else None,
            fmt=look.marker if look else next(markers, "o"),
            color=look.colour if look else style.INK,
            mfc=look.colour if look else "none",
            capsize=3,
            label=one.option.name,
        )
    axes.set(xscale="log", xlabel="parameters × bytes without failures", ylabel="average accuracy (%)")
    figure.legend(loc="outside right upper", fontsize=8.5)
    return labelled(figure, size_label(measured, ARTEFACT))


def depth_curves(measured: Measured, failure: float) -> Figure:
    """Expected accuracy of chains of 1 to 1,000 nodes that each fail with a probability, by the length of skips.

    An answer is as accurate as ResiliNet's without failures, whatever the way; without any it is a guess.
    """
    records = measured.records(ARTEFACT, "resilinet")
    answered = scenario(measured, Option("resilinet"), ()).interval
    right = answered.mean if answered else 100.0
    guess = 100 * measured.chance(records[0]) if records else 0.0
    figure, axes = plt.subplots()
    depths = [round(10 ** (k / 20)) for k in range(61)]
    names = "no skips (Vanilla)", "around one node", "around two nodes", "around three nodes"
    colours = [style.LOOKS[key].colour for key in ("vanilla", "resilinet", "dfg", "resilinet-plus")]
    for around, (name, line, colour) in enumerate(zip(names, LINES, colours, strict=True)):
        values = [guess + (right - guess) * flow(depth, failure, around) for depth in depths]
        axes.plot(depths, values, ls=line, color=colour, label=name)
    axes.set(xscale="log", xlabel="nodes that can fail", ylabel="expected accuracy (%)", ylim=(0, 103))
    figure.legend(loc="outside lower center", ncols=4, fontsize=8.5)
    return labelled(figure, f"each node fails with a probability of {failure:g}; no training")


def _points(options: list[Ranked]) -> tuple[list[int], list[float]]:
    found = [one.accuracy.interval for one in options]
    return [one.costs.product for one in options], [one.mean for one in found if one is not None]
