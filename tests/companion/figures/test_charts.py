from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from companion import figures
from companion.experiments import ARTEFACTS
from companion.experiments.names import FAILURES
from companion.experiments.trial import Record, Trial
from companion.figures import style
from companion.paper import Measured, Sample, printed_values
from companion.paper.comparisons.survival_scaling import survival_loss
from companion.results.store import Store
from made_up import made_up

AVERAGES = (
    "figure-2a",
    "figure-2b",
    "figure-2c",
    "figure-6-health",
    "figure-6-mobilenet",
    "table-1-mobilenet",
)
RATES = ("table-3-health", "table-3-mobilenet", "table-3-resnet")
CONFIGS = ("figure-4a", "figure-4b", "figure-4c")
WEIGHTS = ("figure-3-health", "figure-3-mobilenet", "figure-3-resnet")
SURVIVAL = ("section-2.3-health", "table-1-mobilenet", "figure-2c")


def record(trial: Trial) -> Record:
    return made_up(trial, lambda trial, key: 90 + 0.1 * trial.seed, total=1000)


def varied(trial: Trial) -> Record:
    """Other numbers for every condition, seed, scenario and way of evaluation."""
    digits = int(trial.id[:4], 16) % 89

    def accuracy(trial: Trial, key: str) -> float:
        return 95 - 0.01 * digits - 0.3 * trial.seed**2 - 7 * key.count("+") - key.count("1")

    def shifted(record: Record, by: int) -> dict[str, int | None]:
        return {
            key: None if count is None else count - by * (key != "none")
            for key, count in record.counts.items()
        }

    made = made_up(trial, accuracy, total=100_000)
    survival = {source: shifted(made, 900 + 100 * len(source)) for source in made.survival}
    return replace(made, survival=survival, per_route=shifted(made, -2000) if made.per_route else {})


def every_figure(store: Store, profile: str) -> list[Figure]:
    measured = Measured(store, profile)
    drawn_by = {
        figures.averages: AVERAGES,
        figures.rates: RATES,
        figures.configs: CONFIGS,
        figures.survival_scaling: SURVIVAL,
    }
    drawn = [draw(measured, artefact) for draw, artefacts in drawn_by.items() for artefact in artefacts]
    return [*drawn, figures.weight_rules(measured, *WEIGHTS)]


def points(figure: Figure) -> list[tuple[float, str]]:
    """Height and colour of every marker on the axes, from the lowest up."""
    lines = [line for axes in figure.axes for line in axes.lines if line.get_linestyle() == "None"]
    return sorted(
        (float(y), str(line.get_color()))
        for line in lines
        for y in np.ravel(line.get_ydata()).astype(float)
        if np.isfinite(y)
    )


def bars(figure: Figure) -> list[tuple[float, float]]:
    """Both ends of every upright line on the axes, from the lowest up."""
    lines = [line.get_xydata() for axes in figure.axes for line in axes.lines if line.get_linestyle() == "-"]
    collections = [drawn for axes in figure.axes for drawn in axes.collections]
    lines += [
        line for drawn in collections if isinstance(drawn, LineCollection) for line in drawn.get_segments()
    ]
    ends = [np.asarray(line, float).T for line in lines]
    return sorted(
        (float(min(y)), float(max(y))) for x, y in ends if len(set(x)) == 1 and np.isfinite(y).all()
    )


def compare(figure: Figure, samples: Iterable[Sample], printed: Iterable[float]) -> None:
    """Hold what is drawn against what is meant to be."""
    intervals = [sample.interval for sample in samples if sample.interval]
    paper = sorted(printed)
    drawn = points(figure)
    assert [y for y, colour in drawn if colour == style.INK] == pytest.approx(paper, rel=1e-12)
    ours = [y for y, colour in drawn if colour != style.INK]
    assert ours == pytest.approx(sorted(one.mean for one in intervals), rel=1e-12)
    expected = sorted((one.low, one.high) for one in intervals if one.n > 1)
    assert bars(figure) == [pytest.approx(ends, rel=1e-12) for ends in expected]


def svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg")
    return text.getvalue()


def stays_within_its_paper(figure: Figure) -> None:
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert width == 7.0
    assert -0.01 <= box.x0 <= box.x1 <= width + 0.01
    assert -0.01 <= box.y0 <= box.y1 <= height + 0.01
    (legend,) = figure.legends
    (title,) = figure.texts
    panels = [box for axes in figure.axes if (box := axes.get_tightbbox())]
    assert legend.get_window_extent().y1 <= min(box.y0 for box in panels)
    assert title.get_window_extent().y0 >= max(box.y1 for box in panels)


@pytest.mark.parametrize("seeds", [0, 1, 3])
def test_figures_are_drawn_however_many_seeds_there_are(tmp_path: Path, seeds: int) -> None:
    store = Store(tmp_path)
    for artefact in ARTEFACTS.values():
        for trial in artefact.trials("published"):
            if trial.seed < seeds and trial.id not in store:
                store.write(record(trial))
    for figure in every_figure(store, "published"):
        assert ET.fromstring(svg(figure)).tag.endswith("svg")
        assert f"{seeds} of" in figure.get_suptitle() or (seeds == 3 and "CIFAR" in figure.get_suptitle())
        assert any(data in figure.get_suptitle() for data in ("MHEALTH", "CIFAR-10", "images of ten classes"))
        stays_within_its_paper(figure)
    assert plt.get_fignums() == [], "a notebook shows what stays open"


def test_a_figure_of_synthetic_data_says_smoke(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for trial in ARTEFACTS["figure-2a"].trials("smoke"):
        store.write(record(trial))
    for figure in every_figure(store, "smoke"):
        assert "SMOKE" in figure.get_suptitle()
        assert "synthetic" in figure.get_suptitle()


@pytest.mark.parametrize(
    ("artefact", "first", "others", "label"),
    [
        ("figure-2a", 10, 10, "MHEALTH · paper size, 50 epochs · 10 seeds"),
        ("figure-2a", 3, 10, "MHEALTH · paper size, 50 epochs · 3 to 10 of 10 seeds"),
        ("table-3-health", 5, 5, "MHEALTH · paper size, 50 epochs · 5 seeds"),
        ("figure-4a", 5, 5, "MHEALTH · short recipe, 20 epochs · 5 seeds"),
        ("figure-4a", 0, 0, "MHEALTH · short recipe, 20 epochs · 0 of 5 seeds"),
        ("figure-4b", 3, 3, "CIFAR-10, width 0.25 · laptop size, 12 epochs · 3 seeds"),
        ("figure-2b", 5, 5, "3,000 images of ten classes, width 0.25 · laptop size, 40 epochs · 5 seeds"),
    ],
)
def test_the_size_names_recipe_and_seeds(
    tmp_path: Path, artefact: str, first: int, others: int, label: str
) -> None:
    store = Store(tmp_path)
    for number, row in enumerate(ARTEFACTS[artefact].rows("published").values()):
        for trial in row[: others if number else first]:
            store.write(record(trial))
    assert figures.size_label(Measured(store), artefact) == label


def test_a_figure_by_route_statistics_says_so() -> None:
    label = figures.size_label(Measured(Store("nowhere")).per_route(), "figure-4b")
    assert (
        label == "CIFAR-10, width 0.25 · laptop size, 12 epochs · batch statistics per route · 0 of 3 seeds"
    )


@pytest.mark.parametrize("key", sorted(ARTEFACTS))
def test_what_is_drawn_side_by_side_is_of_one_recipe(key: str) -> None:
    """But for the artefacts that compare recipes, and the scheme whose layers are distilled afterwards."""
    recipes = {trial.recipe for trial in ARTEFACTS[key].trials("published")}
    assert len(recipes) == {"short-recipe": 2, "recipe-search": 5, "beyond-health": 2}.get(key, 1)


@pytest.mark.parametrize(
    "artefact", ["figure-2a", "figure-2c", "figure-3-resnet", "table-3-mobilenet", "figure-6-health"]
)
def test_the_words_name_every_number(tmp_path: Path, artefact: str) -> None:
    store = Store(tmp_path)
    for trial in ARTEFACTS[artefact].trials("published"):
        store.write(record(trial))
    words = figures.alt_text(Measured(store), artefact)
    numbers = [number.brief for (name, _), number in printed_values().items() if name == artefact]
    assert all(f"in the paper {number}." in words for number in numbers)
    assert "not yet measured" not in words
    assert "not yet measured" in figures.alt_text(Measured(Store(tmp_path / "none")), artefact)
    assert words in str(figures.in_words(Measured(store), artefact).data)


def test_words_that_unfold_below_one_figure_have_names_of_their_own(tmp_path: Path) -> None:
    measured, names = Measured(Store(tmp_path)), ("figure-3-health", "figure-3-mobilenet", "figure-3-resnet")
    shown = [str(figures.in_words(measured, name).data) for name in names]
    assert len({html.partition("</summary>")[0] for html in shown}) == len(names)


def test_the_paper_is_drawn_where_it_prints(tmp_path: Path) -> None:
    figure = figures.averages(Measured(Store(tmp_path)), "figure-2a")
    compare(figure, [], [n.value for (name, _), n in printed_values().items() if name == "figure-2a"])
    (axes,) = figure.axes
    paper = next(line for line in axes.lines if line.get_color() == style.INK)
    assert (paper.get_marker(), paper.get_markerfacecolor()) == ("D", "none")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """All runs but those of the last seeds, so that no two quantities are alike."""
    store = Store(tmp_path_factory.mktemp("varied"))
    for artefact in ARTEFACTS.values():
        for trial in artefact.trials("published"):
            if trial.seed < 4 and trial.id not in store:
                store.write(varied(trial))
    return store


@pytest.mark.parametrize("statistics", ["running", "per-route"])
@pytest.mark.parametrize(
    ("draw", "artefact"),
    [
        *((figures.averages, artefact) for artefact in AVERAGES),
        *((figures.rates, artefact) for artefact in RATES),
        *((figures.configs, artefact) for artefact in CONFIGS),
    ],
)
def test_what_is_drawn_is_what_the_words_and_the_file_say(
    store: Store, draw: Callable[[Measured, str], Figure], artefact: str, statistics: str
) -> None:
    measured = Measured(store, statistics=statistics)
    meant = figures.points_of(measured, artefact)
    figure = draw(measured, artefact)
    compare(figure, [one.sample for one in meant], [one.printed.value for one in meant if one.printed])


@pytest.mark.parametrize("statistics", ["running", "per-route"])
def test_weight_rules_of_all_networks_stand_in_one_chart(store: Store, statistics: str) -> None:
    measured = Measured(store, statistics=statistics)
    meant = [point for artefact in WEIGHTS for point in figures.points_of(measured, artefact)]
    figure = figures.weight_rules(measured, *WEIGHTS)
    compare(figure, [one.sample for one in meant], [one.printed.value for one in meant if one.printed])
    (axes,) = figure.axes
    assert axes.get_xticklabels()[0].get_text() == "Hazardous"
    heights = sorted(bar.get_height() for container in axes.containers for bar in container.patches)
    assert heights == pytest.approx(sorted(one.sample.interval.mean for one in meant if one.sample.interval))


@pytest.mark.parametrize("artefact", SURVIVAL)
def test_what_scaling_costs_is_drawn_for_both_readings_of_survival(store: Store, artefact: str) -> None:
    measured = Measured(store)
    figure = figures.survival_scaling(measured.per_route(), artefact)
    schemes = [scheme for scheme in ("resilinet", "resilinet-plus") if scheme in measured.rows(artefact)]
    meant = {
        title: [
            survival_loss(measured, artefact, scheme, setting, source or setting)
            for scheme in schemes
            for setting in FAILURES
        ]
        for title, source in (("survival in training", "failout"), ("survival in the setting", ""))
    }
    assert [axes.get_title() for axes in figure.axes] == list(meant)
    compare(figure, [sample for samples in meant.values() for sample in samples], [])
    for axes, samples in zip(figure.axes, meant.values(), strict=True):
        drawn = [float(y) for line in axes.lines if line.get_linestyle() == "None" for y in line.get_ydata()]
        assert sorted(y for y in drawn if np.isfinite(y)) == pytest.approx(
            sorted(sample.interval.mean for sample in samples if sample.interval), rel=1e-12
        )


def test_panels_and_ticks_name_what_stands_there(store: Store) -> None:
    figure = figures.rates(Measured(store), "table-3-health")
    assert [axes.get_title() for axes in figure.axes] == ["No Failure", "Normal", "Poor", "Hazardous"]
    for axes in figure.axes:
        assert [t.get_text() for t in axes.get_xticklabels()] == ["Failure", "5 %", "10 %", "30 %", "50 %"]
        line = next(line for line in axes.lines if line.get_color() == style.look("resilinet").colour)
        places = {
            round(float(x), 6): float(y) for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
        }
        key = axes.get_title().lower().replace(" ", "_")
        found = Measured(store).average("table-3-health", "30%", key).interval
        assert found is not None
        assert places[3.0] == pytest.approx(found.mean)
