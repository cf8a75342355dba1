"""Learning curves and dots show every run of an artefact under both kinds of batch statistics."""

from dataclasses import replace

import pytest

from companion import figures
from companion.experiments import ARTEFACTS
from companion.paper import Measured
from companion.results.store import Store
from made_up import made_up


@pytest.fixture
def measured(tmp_path) -> Measured:
    """Fig. 2c, of which the first epoch is worse than the others, and running statistics worse than re-estimated."""
    store = Store(tmp_path)
    for trial in ARTEFACTS["figure-2c"].trials("published"):
        record = made_up(trial, lambda trial, key: 40.0 + trial.seed)
        history = [dict(epoch) for epoch in record.history]
        history[0] |= {"validation_accuracy": 0.3, "running_validation_accuracy": 0.1}
        routed = made_up(trial, lambda trial, key: 50.0 + trial.seed).counts
        store.write(replace(record, history=history, per_route=routed))
    return Measured(store)


def test_history_has_a_row_for_each_epoch_and_kind_of_statistics(measured: Measured) -> None:
    found = figures.history(measured, "figure-2c")
    epochs = measured.recipe("figure-2c").epochs
    assert len(found) == 3 * 3 * epochs * 2  # schemes, seeds, epochs, kinds
    first = found[found["epoch"] == 1].groupby("statistics")["accuracy"].unique()
    assert {kind: list(values) for kind, values in first.items()} == {
        "re-estimated": [30.0],
        "running": [10.0],
    }


def test_the_curves_are_a_line_for_each_scheme_and_kind(measured: Measured) -> None:
    (axes,) = figures.learning_curves(measured, "figure-2c").axes
    curves = [line for line in axes.lines if len(line.get_xdata()) > 1]
    assert len(curves) == 3 * 2


def test_a_network_without_batch_normalisation_needs_no_kind_in_the_legend(tmp_path) -> None:
    store = Store(tmp_path)
    for trial in ARTEFACTS["table-1-health"].trials("published"):
        store.write(made_up(trial, lambda trial, key: 40.0 + trial.seed))
    (legend,) = figures.learning_curves(Measured(store), "table-1-health").legends
    names = {text.get_text() for text in legend.get_texts()}
    assert names == {"Vanilla", "DFG", "ResiliNet", "ResiliNet+"}


def test_the_dots_are_a_panel_for_each_scheme_with_the_scenarios_in_which_data_flow(
    measured: Measured,
) -> None:
    figure = figures.statistics(measured, "figure-2c")
    assert [axes.get_title() for axes in figure.axes] == ["Vanilla", "DFG", "ResiliNet"]
    labels = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert labels == ["no failure", "z1", "z2"]
