from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from resilinet import figures
from resilinet.experiments import ARTEFACTS, PAPER, Size, smoke
from resilinet.paper import Measured, printed_values, verify
from resilinet.store import Store
from resilinet.trials import Record, Trial


def record(trial: Trial) -> Record:
    counts: dict[str, int | None] = dict.fromkeys(("none", "n1", "n2", "n3", "n1+n3"), 900 + trial.seed)
    counts |= {"n1+n2": None, "n2+n3": None, "n1+n2+n3": None}
    survival = dict.fromkeys(("failout", "normal", "poor", "hazardous"), counts)
    labels = {"train": [0, *[8] * 12], "test": [0, *[1] * 12]}
    return Record(trial, 1000, counts, survival, labels, [], 1, 600)


def every_figure(store: Store, size: Size) -> list[Figure]:
    entries, measured = verify(store, size), Measured(store, size)
    return [
        *(
            make(entries, size)
            for make in (figures.figure_2a, figures.figure_3, figures.figure_6, figures.table_3)
        ),
        *(make(measured) for make in (figures.figure_4a, figures.survival_scaling)),
    ]


def svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg")
    return text.getvalue()


@pytest.mark.parametrize("seeds", [0, 1, 3])
def test_figures_are_drawn_however_many_seeds_there_are(tmp_path: Path, seeds: int) -> None:
    store = Store(tmp_path)
    for artefact in ARTEFACTS.values():
        for trial in artefact.trials(PAPER):
            if trial.seed < seeds and trial.id not in store:
                store.write(record(trial))
    for figure in every_figure(store, PAPER):
        assert ET.fromstring(svg(figure)).tag.endswith("svg")
        assert f"{seeds} of" in figure.get_suptitle()
        assert "MHEALTH" in figure.get_suptitle()


def test_a_figure_of_synthetic_data_says_smoke(tmp_path: Path) -> None:
    store, size = Store(tmp_path), smoke()
    for trial in ARTEFACTS["figure-2a"].trials(size):
        store.write(record(trial))
    for figure in every_figure(store, size):
        assert "SMOKE" in figure.get_suptitle()
        assert "synthetic" in figure.get_suptitle()


@pytest.mark.parametrize(
    ("artefact", "seeds", "wanted", "label"),
    [
        ("figure-2a", [10, 10], 10, "MHEALTH · paper's recipe, 50 epochs · 10 seeds"),
        ("figure-2a", [3, 10], 10, "MHEALTH · paper's recipe, 50 epochs · 3 to 10 of 10 seeds"),
        ("table-3-health", [5], 5, "MHEALTH · paper's recipe, 50 epochs · 5 seeds"),
        ("figure-4a", [5], 5, "MHEALTH · short recipe, 20 epochs · 5 seeds"),
        ("figure-4a", [], 5, "MHEALTH · short recipe, 20 epochs · 0 of 5 seeds"),
    ],
)
def test_the_size_names_recipe_and_seeds(artefact: str, seeds: list[int], wanted: int, label: str) -> None:
    assert figures.size_label(PAPER, artefact, seeds, wanted) == label


@pytest.mark.parametrize("key", sorted(ARTEFACTS))
def test_what_is_drawn_side_by_side_is_of_one_recipe(key: str) -> None:
    """But for the artefact that compares recipes."""
    recipes = {trial.recipe for trial in ARTEFACTS[key].trials(PAPER)}
    assert len(recipes) == (2 if key == "short-recipe" else 1)


@pytest.mark.parametrize("artefact", sorted(figures.TITLES))
def test_the_words_name_every_number(tmp_path: Path, artefact: str) -> None:
    store = Store(tmp_path)
    for trial in ARTEFACTS[artefact].trials(PAPER):
        store.write(record(trial))
    words = figures.alt_text(verify(store, PAPER), artefact)
    numbers = [str(number) for (name, _), number in printed_values().items() if name == artefact]
    assert all(f"in the paper {number}." in words for number in numbers)
    assert "not yet measured" not in words
    assert "not yet measured" in figures.alt_text(verify(Store(tmp_path / "none"), PAPER), artefact)
    assert words in str(figures.in_words(verify(store, PAPER), artefact).data)


def test_the_paper_is_drawn_where_it_prints(tmp_path: Path) -> None:
    axes = figures.figure_2a(verify(Store(tmp_path), PAPER), PAPER).axes[0]
    drawn = sorted(float(y) for line in axes.lines for y in line.get_ydata())
    assert drawn == sorted(n.value for (name, _), n in printed_values().items() if name == "figure-2a")
