"""Where the explorer draws boxes and arrows."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.experiments.figure_5 import FIGURE_5
from companion.explorer.layout import _GAP, HEIGHT, WIDTH, Layout
from resilinet.models import partitions
from resilinet.topology import Topology, vertical, with_skips

TOPOLOGIES = {
    "mlp": partitions.mlp(),
    "mobilenet": partitions.mobilenet(),
    "resnet": partitions.resnet(),
    **FIGURE_5,
}


def overlap(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return abs(a[0] - b[0]) < WIDTH and abs(a[1] - b[1]) < HEIGHT


@pytest.mark.parametrize("direction", ["up", "right"])
@pytest.mark.parametrize("topology", TOPOLOGIES.values(), ids=list(TOPOLOGIES))
def test_no_two_boxes_overlap(topology: Topology, direction: str) -> None:
    layout = Layout(topology, direction)  # type: ignore[arg-type]
    places = [layout.at(*place) for place in layout.places.values()]
    assert not [pair for pair in combinations(places, 2) if overlap(*pair)]


@given(length=st.integers(2, 9))
@settings(max_examples=8, deadline=None)
def test_a_chain_is_as_long_as_its_boxes_and_gaps(length: int) -> None:
    chain = with_skips(vertical({f"v{k}": 1 for k in range(length)}))
    height = Layout(chain).size[1]
    assert height == pytest.approx(length * HEIGHT + (length - 1) * _GAP + 0.24)


@pytest.mark.parametrize("topology", TOPOLOGIES.values(), ids=list(TOPOLOGIES))
def test_data_flow_from_lower_to_higher_ranks(topology: Topology) -> None:
    ranks = Layout(topology).ranks
    assert all(ranks[link.source] < ranks[link.target] for link in topology.links)


@pytest.mark.parametrize("topology", TOPOLOGIES.values(), ids=list(TOPOLOGIES))
def test_skips_lead_around_the_boxes_that_they_bypass(topology: Topology) -> None:
    layout = Layout(topology)
    for skip in topology.skips:
        side, turn = layout.side(skip), layout.curve(skip)[1][0]
        for name in skip.bypasses:
            assert side * turn > side * layout.places[name][1] + WIDTH / 2
