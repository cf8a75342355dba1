"""The figures that chapters show: our means with intervals, the paper's printed values beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from resilinet import style
from resilinet.experiments import ARTEFACTS, Size
from resilinet.paper.claims import FAILURES, SETTINGS, name_of, survival_loss
from resilinet.paper.measured import Measured, Sample
from resilinet.paper.verdicts import Entry
from resilinet.schemes import SCHEMES

COLOUR: Final = style.LOOKS["resilinet"].colour
"""Of what is measured with ResiliNet alone."""


def figure_2a(entries: Sequence[Entry], size: Size) -> Figure:
    """Fig. 2a: average accuracy on Health by failure setting, for each scheme."""
    return averages(entries, size, "figure-2a", ("vanilla", "dfg", "resilinet"))


def figure_6(entries: Sequence[Entry], size: Size) -> Figure:
    """Fig. 6, Health: the same for the partition 1-2-3-2-3."""
    return averages(entries, size, "figure-6-health", ("vanilla", "dfg", "resilinet"))


def averages(entries: Sequence[Entry], size: Size, artefact: str, schemes: Sequence[str]) -> Figure:
    """Average accuracy by failure setting: a point with its interval for each scheme, a diamond for the paper."""
    known = _of(entries, artefact)
    figure, axes = _blank()
    handles: list[Any] = []
    for number, scheme in enumerate(schemes):
        look = style.look(scheme)
        places = [x + 0.2 * (number - (len(schemes) - 1) / 2) for x in range(len(SETTINGS))]
        column = [known[f"{scheme}/{setting}"] for setting in SETTINGS]
        _points(axes, places, column, color=look.colour, marker=look.marker)
        _printed(axes, [x + 0.08 for x in places], column)
        handles.append(
            Line2D([], [], color=look.colour, marker=look.marker, ls="none", label=SCHEMES[scheme].name)
        )
    handles.append(Line2D([], [], **style.PAPER, label="paper"))
    axes.set_xticks(range(len(SETTINGS)), [name_of(setting) for setting in SETTINGS])
    axes.set_ylabel("average accuracy (%)")
    axes.legend(handles=handles, loc="lower left")
    _name_size(figure, size, artefact, known.values())
    return figure


def figure_3(entries: Sequence[Entry], size: Size) -> Figure:
    """Fig. 3, Health: standard deviation among four weight rules, by failure setting."""
    known = _of(entries, "figure-3-health")
    figure, axes = _blank()
    column = [known[setting] for setting in SETTINGS]
    places = list(range(len(SETTINGS)))
    drawn = [(x, entry.ours) for x, entry in zip(places, column, strict=True) if entry.ours is not None]
    axes.bar([x for x, _ in drawn], [y for _, y in drawn], width=0.4, color=COLOUR, alpha=0.5)
    _points(axes, places, column, color=COLOUR, marker="o")
    _printed(axes, [x + 0.08 for x in places], column)
    axes.axhline(1.0, color=style.INK, ls="--", lw=1)
    axes.annotate("the paper's bound", (-0.4, 1.0), xytext=(0, 3), textcoords="offset points")
    axes.set_xticks(places, [name_of(setting) for setting in SETTINGS])
    axes.set_xlim(-0.5, len(SETTINGS) - 0.5)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("standard deviation (points)")
    _legend(axes, "standard deviation among weight rules")
    _name_size(figure, size, "figure-3-health", column)
    return figure


def table_3(entries: Sequence[Entry], size: Size) -> Figure:
    """Table 3, Health, drawn: average accuracy by failout rate, a panel for each failure setting."""
    known = _of(entries, "table-3-health")
    rates = ("failure", "5%", "10%", "30%", "50%")
    figure, panels = _panels()
    for axes, setting in zip(panels, SETTINGS, strict=True):
        shown = [(x, known[key]) for x, rate in enumerate(rates) if (key := f"{rate}/{setting}") in known]
        _points(axes, [x for x, _ in shown], [entry for _, entry in shown], color=COLOUR, marker="o")
        _printed(axes, [x + 0.2 for x, _ in shown], [entry for _, entry in shown])
        axes.set_xticks(range(len(rates)), [rate.replace("%", " %").title() for rate in rates])
        axes.set_title(name_of(setting))
    _label_panels(figure, panels, "failout rate")
    _legend(figure, "ResiliNet", loc="outside lower center", ncols=2)
    _name_size(figure, size, "table-3-health", known.values())
    return figure


def figure_4a(measured: Measured) -> Figure:
    """Fig. 4a: average accuracy for each set of skips, a panel for each failure setting."""
    figure, panels = _panels()
    samples: list[Sample] = []
    for axes, setting in zip(panels, SETTINGS, strict=True):
        row = [measured.average("figure-4a", f"Config {number}", setting) for number in range(1, 9)]
        _sample_points(axes, range(1, 9), row, color=COLOUR, marker="o")
        axes.set_xticks(range(1, 9))
        axes.set_xlim(0.4, 8.6)
        axes.set_title(name_of(setting))
        samples += row
    _label_panels(figure, panels, "configuration of skips")
    _name_size(figure, measured.size, "figure-4a", samples)
    return figure


def survival_scaling(measured: Measured) -> Figure:
    """Section 2.3: what scaling weights by survival probabilities costs on average, by failure setting."""
    figure, axes = _blank()
    handles: list[Any] = []
    samples: list[Sample] = []
    series = [(s, source) for s in ("resilinet", "resilinet-plus") for source in ("failout", "setting")]
    for number, (scheme, source) in enumerate(series):
        look = style.look(scheme)
        row = [
            survival_loss(measured, scheme, setting, setting if source == "setting" else source)
            for setting in FAILURES
        ]
        filled: dict[str, Any] = {"mfc": look.colour if source == "setting" else "none"}
        places = [x + 0.15 * (number - 1.5) for x in range(len(FAILURES))]
        _sample_points(axes, places, row, color=look.colour, marker=look.marker, **filled)
        label = f"{SCHEMES[scheme].name}, survival in {'the setting' if source == 'setting' else 'training'}"
        handles.append(
            Line2D([], [], color=look.colour, marker=look.marker, ls="none", label=label, **filled)
        )
        samples += row
    axes.axhline(0.0, color=style.INK, lw=1)
    axes.set_xticks(range(len(FAILURES)), [name_of(setting) for setting in FAILURES])
    axes.set_ylabel("average accuracy lost (points)")
    axes.legend(handles=handles, loc="upper left")
    _name_size(figure, measured.size, "section-2.3-health", samples)
    return figure


def size_label(size: Size, artefact: str, seeds: Sequence[int], wanted: int) -> str:
    """What a figure was made from: the recipe or SMOKE, and how many seeds.

    Args:
        size: of the trials.
        artefact: whose trials they are.
        seeds: how many there are of each quantity drawn.
        wanted: how many there are to be.
    """
    low, high = (min(seeds), max(seeds)) if seeds else (0, 0)
    number = f"{high}" if low == high else f"{low} to {high}"
    part = f"{number} seeds" if low == wanted else f"{number} of {wanted} seeds"
    if size.name != "paper":
        return f"SMOKE · synthetic data, tiny network · {part}"
    recipe = ARTEFACTS[artefact].trials(size)[0].recipe
    kind = "short recipe" if recipe is size.short_recipe else "paper's recipe"
    return f"MHEALTH · {kind}, {recipe.epochs} epochs · {part}"


def alt_text(entries: Sequence[Entry], artefact: str) -> str:
    """The numbers of an artefact in words, for readers who do not see its figure; made from the numbers alone."""
    sentences = []
    for entry in entries:
        if entry.artefact != artefact or entry.key.startswith("probability/"):
            continue
        series, _, condition = entry.key.rpartition("/")
        name = SCHEMES[series].name if series in SCHEMES else series
        place = f"{name} under {name_of(condition)}" if series else name_of(condition)
        unit = "%" if entry.unit == "percent" else "points"
        if entry.ours is None:
            ours = "not yet measured"
        else:
            ours = f"{entry.ours:.2f} {unit}"
            if entry.half is not None:
                ours += f" give or take {entry.half:.2f}"
        sentences.append(f"{place}: {ours}, in the paper {entry.paper:.{entry.digits}f}.")
    return " ".join(sentences)


def _of(entries: Iterable[Entry], artefact: str) -> dict[str, Entry]:
    return {entry.key: entry for entry in entries if entry.artefact == artefact}


def _blank() -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7.0, 4.0), layout="constrained")
    return figure, figure.add_subplot()


def _panels() -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(7.0, 5.2), layout="constrained")
    return figure, list(figure.subplots(2, 2).flat)


def _label_panels(figure: Figure, panels: Sequence[Axes], below: str) -> None:
    figure.supylabel("average accuracy (%)", color=style.INK, fontsize=10)
    for axes in panels[2:]:
        axes.set_xlabel(below)


def _points(axes: Axes, places: Sequence[float], column: Sequence[Entry], **look: Any) -> None:
    """Means with their intervals where there are any."""
    for x, entry in zip(places, column, strict=True):
        if entry.ours is not None:
            error = None if entry.half is None else [entry.half]
            axes.errorbar([x], [entry.ours], yerr=error, capsize=3, ms=6, **look)


def _sample_points(axes: Axes, places: Iterable[float], column: Iterable[Sample], **look: Any) -> None:
    for x, sample in zip(places, column, strict=True):
        found = sample.interval
        if found is not None:
            error = None if found.n < 2 else [(found.high - found.low) / 2]
            axes.errorbar([x], [found.mean], yerr=error, capsize=3, ms=6, **look)


def _printed(axes: Axes, places: Sequence[float], column: Sequence[Entry]) -> None:
    axes.plot(
        places, [float("nan") if entry.paper is None else entry.paper for entry in column], **style.PAPER
    )


def _legend(where: Axes | Figure, ours: str, **options: Any) -> None:
    where.legend(
        handles=[
            Line2D([], [], color=COLOUR, marker="o", ls="none", label=ours),
            Line2D([], [], **style.PAPER, label="paper"),
        ],
        **options,
    )


def _name_size(figure: Figure, size: Size, artefact: str, shown: Iterable[Entry | Sample]) -> None:
    """Write on the figure what it was made from, so that it keeps saying so wherever it is copied to."""
    items = list(shown)
    seeds = [item.seeds if isinstance(item, Entry) else len(item.values) for item in items]
    wanted = max((item.wanted for item in items), default=0)
    figure.suptitle(size_label(size, artefact, seeds, wanted), x=0.99, ha="right", fontsize=8.5, color=style.INK)


TITLES: Final[Mapping[str, str]] = {
    "figure-2a": "Average accuracy on Health by failure setting",
    "figure-6-health": "Average accuracy on Health with the partition 1-2-3-2-3",
    "figure-3-health": "Standard deviation among four rules for hyperconnection weights",
    "table-3-health": "Average accuracy on Health by failout rate",
}
"""What :func:`in_words` introduces the numbers with."""


def in_words(entries: Sequence[Entry], artefact: str) -> Any:
    """A line that unfolds to :func:`alt_text`, to stand below a figure."""
    from IPython.display import HTML

    words = f"{TITLES[artefact]}. {alt_text(entries, artefact)}"
    return HTML(f"<details><summary>The figure in words</summary><p>{words}</p></details>")
