from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from companion import figures
from companion.experiments import ARTEFACTS
from companion.experiments.trial import Record, Trial
from companion.paper import Measured, printed_values
from companion.results.store import Store
from made_up import made_up


def record(trial: Trial) -> Record:
    return made_up(trial, lambda trial, key: 90 + 0.1 * trial.seed, total=1000)


def every_figure(store: Store, profile: str) -> list[Figure]:
    measured = Measured(store, profile)
    drawn_by = {
        figures.averages: (
            "figure-2a",
            "figure-2b",
            "figure-2c",
            "figure-6-health",
            "figure-6-mobilenet",
            "table-1-mobilenet",
        ),
        figures.weight_rules: ("figure-3-health", "figure-3-mobilenet", "figure-3-resnet"),
        figures.rates: ("table-3-health", "table-3-mobilenet", "table-3-resnet"),
        figures.configs: ("figure-4a", "figure-4b", "figure-4c"),
        figures.survival_scaling: ("section-2.3-health", "table-1-mobilenet", "figure-2c"),
    }
    return [draw(measured, artefact) for draw, artefacts in drawn_by.items() for artefact in artefacts]


def svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg")
    return text.getvalue()


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


def test_a_figure_of_synthetic_data_says_smoke(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for trial in ARTEFACTS["figure-2a"].trials("smoke"):
        store.write(record(trial))
    for figure in every_figure(store, "smoke"):
        assert "SMOKE" in figure.get_suptitle()
        assert "synthetic" in figure.get_suptitle()


@pytest.mark.parametrize(
    ("artefact", "seeds", "wanted", "label"),
    [
        ("figure-2a", [10, 10], 10, "MHEALTH · paper size, 50 epochs · 10 seeds"),
        ("figure-2a", [3, 10], 10, "MHEALTH · paper size, 50 epochs · 3 to 10 of 10 seeds"),
        ("table-3-health", [5], 5, "MHEALTH · paper size, 50 epochs · 5 seeds"),
        ("figure-4a", [5], 5, "MHEALTH · short recipe, 20 epochs · 5 seeds"),
        ("figure-4a", [], 5, "MHEALTH · short recipe, 20 epochs · 0 of 5 seeds"),
        ("figure-4b", [3], 3, "CIFAR-10, width 0.25 · laptop size, 10 epochs · 3 seeds"),
        ("figure-2b", [5], 5, "3,000 images of ten classes, width 0.25 · laptop size, 40 epochs · 5 seeds"),
    ],
)
def test_the_size_names_recipe_and_seeds(artefact: str, seeds: list[int], wanted: int, label: str) -> None:
    assert figures.size_label(Measured(Store("nowhere")), artefact, seeds, wanted) == label


def test_a_figure_by_route_statistics_says_so() -> None:
    label = figures.size_label(Measured(Store("nowhere")).per_route(), "figure-4b", [3], 3)
    assert label == "CIFAR-10, width 0.25 · laptop size, 10 epochs · batch statistics per route · 3 seeds"


@pytest.mark.parametrize("key", sorted(ARTEFACTS))
def test_what_is_drawn_side_by_side_is_of_one_recipe(key: str) -> None:
    """But for the artefact that compares recipes."""
    recipes = {trial.recipe for trial in ARTEFACTS[key].trials("published")}
    assert len(recipes) == (2 if key == "short-recipe" else 1)


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


def test_the_paper_is_drawn_where_it_prints(tmp_path: Path) -> None:
    axes = figures.averages(Measured(Store(tmp_path)), "figure-2a").axes[0]
    drawn = sorted(float(y) for line in axes.lines for y in line.get_ydata())
    assert drawn == sorted(n.value for (name, _), n in printed_values().items() if name == "figure-2a")
