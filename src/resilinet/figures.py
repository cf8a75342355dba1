"""The figures that chapters show: our means with intervals, the paper's printed values beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from resilinet import style
from resilinet.cells import Cell, in_full, to_csv, trials_behind
from resilinet.exhibits import Exhibit
from resilinet.experiments import ARTEFACTS
from resilinet.paper.comparisons import (
    FAILURES,
    RATES,
    SETTINGS,
    name_of,
    quantity,
    survival_loss,
)
from resilinet.paper.measured import Measured, Sample
from resilinet.paper.printed import Printed, printed_values
from resilinet.plotted import Plotted
from resilinet.schemes import SCHEMES

COLOUR: Final = style.LOOKS["resilinet"].colour
"""Of what is measured with ResiliNet alone."""


@dataclass(frozen=True)
class Point:
    """One quantity of a figure: ours, and the paper's where it prints one."""

    series: str
    condition: str
    sample: Sample
    printed: Printed | None


def points_of(measured: Measured, artefact: str) -> list[Point]:
    """Every quantity that the figure of an artefact shows, drawn and in words, series by series."""
    kind = artefact.rsplit("-", 1)[0]
    series = {"figure-3": ("",), "table-3": RATES}.get(kind, measured.rows(artefact))
    found = []
    for name in series:
        for setting in SETTINGS:
            if (name, setting) == ("failure", "no_failure"):
                continue
            # Table 1 prints one setting only, Normal, and calls it the average.
            condition = "average" if (kind, setting) == ("table-1", "normal") else setting
            printed = printed_values().get((artefact, f"{name}/{condition}" if name else condition))
            found.append(Point(name, setting, quantity(measured, artefact, name, setting), printed))
    return found


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
    for axes, setting in zip(panels, SETTINGS, strict=True):
        row = [point for point in points if point.condition == setting]
        places = [RATES.index(point.series) for point in row]
        _ours(axes, places, row, color=COLOUR, marker="o")
        _printed(axes, [x + 0.2 for x in places], row)
        axes.set_xticks(range(len(RATES)), [rate.replace("%", " %").title() for rate in RATES])
        axes.set_title(name_of(setting))
    _label_panels(figure, panels, "failout rate")
    _legend(figure, points, "ResiliNet")
    _say_source(figure, measured, artefact, points)
    return figure


def configs(measured: Measured, artefact: str) -> Figure:
    """Fig. 4: average accuracy for each set of skips, a panel for each failure setting."""
    points = points_of(measured, artefact)
    figure, panels = _panels()
    for axes, setting in zip(panels, SETTINGS, strict=True):
        row = [point for point in points if point.condition == setting]
        places = range(1, len(row) + 1)
        _ours(axes, places, row, color=COLOUR, marker="o")
        axes.set_xticks(places)
        axes.set_xlim(0.4, len(row) + 0.6)
        axes.set_title(name_of(setting))
    _label_panels(figure, panels, "configuration of skips")
    _say_source(figure, measured, artefact, points)
    return figure


def survival_scaling(measured: Measured, artefact: str) -> Figure:
    """Section 2.3: what scaling weights by survival probabilities costs on average, by failure setting."""
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


def size_label(measured: Measured, artefact: str, seeds: Sequence[int], wanted: int) -> str:
    """What a figure was made from: the size, data, recipe, kind of batch statistics, and how many seeds.

    Args:
        measured: the results.
        artefact: whose trials are shown.
        seeds: how many there are of each quantity drawn.
        wanted: how many there are to be.
    """
    low, high = (min(seeds), max(seeds)) if seeds else (0, 0)
    number = f"{high}" if low == high else f"{low} to {high}"
    size = measured.size(artefact)
    recipe = ARTEFACTS[artefact].trials(measured.profile)[0].recipe
    kind = "short recipe" if size.name == "paper" and recipe != size.recipe else f"{size.name} size"
    parts = [
        f"SMOKE · {size.label}" if size.name == "smoke" else f"{size.label} · {kind}, {recipe.epochs} epochs"
    ]
    if measured.statistics != "running":
        parts.append("batch statistics per route")
    return " · ".join([*parts, f"{number} seeds" if low == wanted else f"{number} of {wanted} seeds"])


def alt_text(measured: Measured, artefact: str) -> str:
    """The numbers of an artefact in words, for readers who do not see its figure; made from the numbers alone."""
    unit = "points" if artefact.startswith("figure-3") else "%"
    return " ".join(_in_words(point, unit) for point in points_of(measured, artefact))


def _in_words(point: Point, unit: str) -> str:
    name = _series_name(point.series)
    place = f"{name} under {name_of(point.condition)}" if point.series else name_of(point.condition)
    found = point.sample.interval
    text = "not yet measured" if found is None else f"{found.mean:.2f} {unit}"
    if found is not None and found.n > 1:
        text += f", interval {found.low:.2f} to {found.high:.2f}"
    return f"{place}: {text}" + (
        f", in the paper {point.printed.brief}." if point.printed is not None else "."
    )


def _series_name(key: str) -> str:
    return SCHEMES[key].name if key in SCHEMES else key


def in_words(measured: Measured, artefact: str) -> Any:
    """A line that unfolds to :func:`alt_text`, to stand below a figure."""
    from IPython.display import HTML

    words = f"{ARTEFACTS[artefact].title}. {alt_text(measured, artefact)}"
    return HTML(f"<details><summary>The figure in words</summary><p>{words}</p></details>")


def _blank() -> tuple[Plotted, Axes]:
    figure = Plotted(figsize=(7.0, 4.0), layout="constrained")
    return figure, figure.add_subplot()


def _panels() -> tuple[Plotted, list[Axes]]:
    figure = Plotted(figsize=(7.0, 5.2), layout="constrained")
    return figure, list(figure.subplots(2, 2).flat)


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


def _say_source(figure: Plotted, measured: Measured, artefact: str, shown: Sequence[Point]) -> None:
    """Write on the figure what it was made from, so that it keeps saying so wherever it is copied to, and keep it."""
    seeds = [len(point.sample.values) for point in shown]
    wanted = max((point.sample.wanted for point in shown), default=0)
    label = size_label(measured, artefact, seeds, wanted)
    figure.suptitle(label, x=0.99, ha="right", fontsize=8.5, color=style.INK)
    unit = "points" if figure.axes[0].get_ylabel().endswith("(points)") else "%"
    table = numbers(shown, unit)
    figure.exhibit = Exhibit(to_csv(in_full(table)), trials_behind(table))


def numbers(points: Iterable[Point], unit: str) -> pd.DataFrame:
    """What a figure shows, a row a point: our mean with its interval, the printed value, and every seed's value.

    Args:
        points: of the figure.
        unit: of all values.
    """
    rows = []
    for point in points:
        sample = point.sample
        found = sample.interval
        known = found is not None and found.n > 1
        ours = Cell(
            "",
            found.mean if found else None,
            low=found.low if found and known else None,
            high=found.high if found and known else None,
            seeds=len(sample.values),
            unit=unit,
            trials=sample.trials,
        )
        paper = Cell("", point.printed.value if point.printed is not None else None, unit=unit)
        each: dict[str, object] = {
            f"seed {seed}": Cell("", value, unit=unit) for seed, value in sorted(sample.values.items())
        }
        place: dict[str, object] = {"series": _series_name(point.series), "setting": name_of(point.condition)}
        rows.append({**place, "ours": ours, "paper": paper, **each})
    columns = list(dict.fromkeys(name for row in rows for name in row))
    table = pd.DataFrame([[row.get(name) for name in columns] for row in rows], dtype=object)
    return table.set_axis(columns, axis=1).set_index(["series", "setting"])
