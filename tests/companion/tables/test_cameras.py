"""The tables of the camera experiment look up the scenarios that they name."""

from __future__ import annotations

from itertools import chain

import pytest

from companion.experiments import ARTEFACTS
from companion.paper import Measured
from companion.results.store import Store
from companion.tables.cameras import alone, by_views, scenarios_without_views, without_views
from made_up import made_up
from resilinet.failures import failed_nodes
from resilinet.models import partitions

TOPOLOGY = partitions.camera()
VIEWS = {"e1": 2, "e2": 1, "e3": 2, "e4": 1}


def accuracy(key: str) -> float:
    """A point less for each failed node further down the list."""
    return 90.0 - sum(1 + TOPOLOGY.failable.index(node) for node in failed_nodes(key))


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    store = Store(tmp_path_factory.mktemp("results"))
    for row in ARTEFACTS["figure-2-camera"].rows("published").values():
        store.write(made_up(row[0], lambda _, key: accuracy(key)))
    return Measured(store)


def test_every_set_of_edge_nodes_loses_the_views_of_its_cameras() -> None:
    found = scenarios_without_views(TOPOLOGY)
    assert list(found) == list(range(7))
    keys = list(chain.from_iterable(found.values()))
    assert len(keys) == len(set(keys)) == 2 ** len(VIEWS)
    for lost, scenarios in found.items():
        for key in scenarios:
            assert sum(VIEWS[node] for node in failed_nodes(key)) == lost


def test_accuracy_without_views_is_the_mean_over_the_sets_that_lose_them(measured: Measured) -> None:
    found = without_views(measured, "figure-2-camera", "resilinet")
    assert found[0].values == {0: pytest.approx(90)}
    one = [accuracy("e2"), accuracy("e4")]
    assert found[1].values == {0: pytest.approx(sum(one) / 2)}
    two = [accuracy("e1"), accuracy("e3"), accuracy("e2+e4")]
    assert found[2].values == {0: pytest.approx(sum(two) / 3)}
    assert found[6].values == {0: pytest.approx(100 / 3)}, "no view, and a guess among three equal classes"


def test_tables_have_a_row_for_each_node_and_number_of_views(measured: Measured) -> None:
    each, views = alone(measured, "figure-2-camera"), by_views(measured, "figure-2-camera")
    assert list(each.index) == ["none", *TOPOLOGY.failable]
    assert list(views.index) == list(range(7))
    assert list(each.columns) == list(views.columns) == ["Vanilla", "DFG", "ResiliNet", "ResiliNet+"]
    assert each.loc["f2", "ResiliNet"].value == pytest.approx(accuracy("f2"))
    assert views.loc[1, "DFG"].value == pytest.approx((accuracy("e2") + accuracy("e4")) / 2)
