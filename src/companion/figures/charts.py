"""The drawing: our means with intervals, the paper's printed values beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from companion.experiments.names import FAILURES, SETTINGS, name_of
from companion.figures import style
from companion.figures.descriptions import size_label
from companion.figures.points import Point, points_of
from companion.paper.comparisons import RATES, survival_loss
from companion.paper.measured import Measured
from resilinet.schemes import SCHEMES

COLOUR: Final = style.LOOKS["resilinet"].colour
"""Of what is measured with ResiliNet alone."""


def averages(measured: Measured, artefact: str) -> Figure:
    """Figs. 2 and 6: average accuracy by failure setting, for each scheme, the paper's as diamonds."""
    figure, axes = _blank()
    points = points_of(measured, artefact)
    schemes = list(dict.fromkeys(point.series for point in points))
    handles: list[Any] = []
    for number, scheme in enumerate(schemes):
        look = style.look(scheme)
        row = [point for point in points if point.series == scheme]
        places = [x + 0.2 * (number - (len(schemes) - 1) / 2) for x in range(len(SETTINGS))]
        _ours(axes, places, row, color=look.colour, marker=look.marker)
        _printed(axes, [x + 0.08 for x in places], row)
        handles.append(
            Line2D([], [], color=look.colour, marker=look.marker, ls="none", label=SCHEMES[scheme].name)
        )
    axes.set_xticks(range(len(SETTINGS)), [name_of(setting) for setting in SETTINGS])
    axes.set_ylabel("average accuracy (%)")
    _below(figure, [*handles, *_diamond(points)])
    _say_source(figure, measured, artefact, points)
    return figure


def weight_rules(measured: Measured, artefact: str) -> Figure:
    """Fig. 3: standard deviation among four weight rules, by failure setting."""
    figure, axes = _blank()
    points = points_of(measured, artefact)
    places = list(range(len(SETTINGS)))
    drawn = [
        (x, point.sample.interval.mean)
        for x, point in zip(places, points, strict=True)
        if point.sample.interval is not None
    ]
    axes.bar([x for x, _ in drawn], [y for _, y in drawn], width=0.4, color=COLOUR, alpha=0.5)
    _ours(axes, places, points, color=COLOUR, marker="o")
    _printed(axes, [x + 0.08 for x in places], points)
    axes.axhline(1.0, color=style.INK, ls="--", lw=1)
    # Between two settings, where no interval crosses it.
    axes.annotate("the paper's bound", (0.5, 1.0), xytext=(0, 3), textcoords="offset points", ha="center")
    axes.set_xticks(places, [name_of(setting) for setting in SETTINGS])
    axes.set_xlim(-0.5, len(SETTINGS) - 0.5)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("standard deviation (points)")
    _legend(figure, points, "standard deviation among weight rules")
    _say_source(figure, measured, artefact, points)
    return figure


def rates(measured: Measured, artefact: str) -> Figure:
    """Table 3, drawn: average accuracy by failout rate, a panel for each failure setting."""
    points = points_of(measured, artefact)
    figure, panels = _panels()
    for axes, row in _by_setting(panels, points):
        places = [RATES.index(point.series) for point in row]
        _ours(axes, places, row, color=COLOUR, marker="o")
        _printed(axes, [x + 0.2 for x in places], row)
        axes.set_xticks(range(len(RATES)), [rate.replace("%", " %").title() for rate in RATES])
    _label_panels(figure, panels, "failout rate")
    _legend(figure, points, "ResiliNet")
    _say_source(figure, measured, artefact, points)
    return figure


def configs(measured: Measured, artefact: str) -> Figure:
    """Fig. 4: average accuracy for each set of skips, a panel for each failure setting."""
    points = points_of(measured, artefact)
    figure, panels = _panels()
    for axes, row in _by_setting(panels, points):
        places = range(1, len(row) + 1)
        _ours(axes, places, row, color=COLOUR, marker="o")
        axes.set_xticks(places)
        axes.set_xlim(0.4, len(row) + 0.6)
    _label_panels(figure, panels, "configuration of skips")
    _say_source(figure, measured, artefact, points)
    return figure


def survival_scaling(measured: Measured, artefact: str) -> Figure:
    """Section 2.3: what scaling weights by survival probabilities costs on average, by failure setting."""
    measured = measured.running()
    figure, axes = _blank()
    handles: list[Any] = []
    points: list[Point] = []
    schemes = [scheme for scheme in ("resilinet", "resilinet-plus") if scheme in measured.rows(artefact)]
    series = [(scheme, source) for scheme in schemes for source in ("failout", "setting")]
    for number, (scheme, source) in enumerate(series):
        look = style.look(scheme)
        row = [
            Point(
                scheme,
                setting,
                survival_loss(
                    measured, artefact, scheme, setting, setting if source == "setting" else source
                ),
                None,
            )
            for setting in FAILURES
        ]
        filled: dict[str, Any] = {"mfc": look.colour if source == "setting" else "none"}
        places = [x + 0.15 * (number - (len(series) - 1) / 2) for x in range(len(FAILURES))]
        _ours(axes, places, row, color=look.colour, marker=look.marker, **filled)
        label = f"{SCHEMES[scheme].name}, survival in {'the setting' if source == 'setting' else 'training'}"
        handles.append(
            Line2D([], [], color=look.colour, marker=look.marker, ls="none", label=label, **filled)
        )
        points += row
    axes.axhline(0.0, color=style.INK, lw=1)
    axes.set_xticks(range(len(FAILURES)), [name_of(setting) for setting in FAILURES])
    axes.set_ylabel("average accuracy lost (points)")
    _below(figure, handles, columns=2)
    _say_source(figure, measured, artefact, points)
    return figure


def _blank() -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7.0, 4.0), layout="constrained")
    return figure, figure.add_subplot()


def _panels() -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(7.0, 5.2), layout="constrained")
    return figure, list(figure.subplots(2, 2).flat)


def _by_setting(panels: Iterable[Axes], points: Sequence[Point]) -> Iterator[tuple[Axes, list[Point]]]:
    """Each panel, under the name of its failure setting, with the points that go there."""
    for axes, setting in zip(panels, SETTINGS, strict=True):
        axes.set_title(name_of(setting))
        yield axes, [point for point in points if point.condition == setting]


def _label_panels(figure: Figure, panels: Sequence[Axes], below: str) -> None:
    figure.supylabel("average accuracy (%)", color=style.INK, fontsize=10)
    for axes in panels[2:]:
        axes.set_xlabel(below)


def _ours(axes: Axes, places: Iterable[float], row: Iterable[Point], **look: Any) -> None:
    """Means with their intervals where there are any."""
    for x, point in zip(places, row, strict=True):
        found = point.sample.interval
        if found is not None:
            # Not half the width on either side: an interval may be cut off at zero.
            error = None if found.n < 2 else [[found.mean - found.low], [found.high - found.mean]]
            axes.errorbar([x], [found.mean], yerr=error, capsize=3, ms=6, **look)


def _printed(axes: Axes, places: Sequence[float], row: Iterable[Point]) -> None:
    values = [float("nan") if point.printed is None else point.printed.value for point in row]
    axes.plot(places, values, **style.PAPER)


def _diamond(points: Iterable[Point]) -> Iterator[Line2D]:
    """The legend's line for the paper, where it prints anything."""
    if any(point.printed is not None for point in points):
        yield Line2D([], [], **style.PAPER, label="paper")


def _legend(figure: Figure, points: Iterable[Point], ours: str) -> None:
    """Below the axes, where no point can lie under it."""
    line = Line2D([], [], color=COLOUR, marker="o", ls="none", label=ours)
    _below(figure, [line, *_diamond(points)])


def _below(figure: Figure, handles: Sequence[Line2D], columns: int = 5) -> None:
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), columns))


def _say_source(figure: Figure, measured: Measured, artefact: str, shown: Sequence[Point]) -> None:
    """Write on the figure what it was made from, so that it keeps saying so wherever it is copied to."""
    seeds = [len(point.sample.values) for point in shown]
    wanted = max((point.sample.wanted for point in shown), default=0)
    label = size_label(measured, artefact, seeds, wanted)
    figure.suptitle(label, x=0.99, ha="right", fontsize=8.5, color=style.INK)
