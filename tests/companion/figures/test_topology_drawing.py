"""Drawings of topologies, what is said of them, and the book's colours."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import combinations

import matplotlib.pyplot as plt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from companion.experiments.figure_5 import FAILING, FIGURE_5
from companion.figures import style
from companion.figures.topology_drawing import LIVE, active_links, describe, describe_gallery, draw, gallery
from companion.figures.topology_layout import _GAP, HEIGHT, WIDTH, Layout
from resilinet.models import partitions
from resilinet.routing import Skips, inputs, routes
from resilinet.topology import Topology, vertical, with_skips

TOPOLOGIES = {
    "mlp": partitions.mlp(),
    "mobilenet": partitions.mobilenet(),
    "resnet": partitions.resnet(),
    **FIGURE_5,
}


@pytest.fixture(autouse=True)
def figures() -> Iterator[None]:
    with plt.rc_context(dict(style.RC)):
        yield
    plt.close("all")


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


@pytest.mark.parametrize("topology", TOPOLOGIES.values(), ids=list(TOPOLOGIES))
@pytest.mark.parametrize("skips", Skips)
def test_every_node_and_hyperconnection_is_drawn_and_what_carries_data_is_strong(
    topology: Topology, skips: Skips
) -> None:
    dead = set(topology.failable[:1])
    ax = draw(topology, failed=dead, skips=skips)
    assert sum(isinstance(patch, FancyBboxPatch) for patch in ax.patches) == len(topology.nodes)
    arrows = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    assert len(arrows) == len(topology.links)
    strong = {
        link.key
        for link, arrow in zip(topology.links, arrows, strict=True)
        if arrow.get_edgecolor() == plt.matplotlib.colors.to_rgba(LIVE)
    }
    assert strong == active_links(topology, dead, skips)


def test_drawn_links_follow_the_routing_rule() -> None:
    topology = partitions.mlp()
    assert active_links(topology, {"n1"}, Skips.ON_FAILURE) == {"i->n2", "n2->n3", "n3->n4"}
    assert active_links(topology, {"n1"}, Skips.NEVER) == set()
    assert "n1->n3" in active_links(topology, set(), Skips.ALWAYS)


def test_labels_count_what_travels() -> None:
    elements = {"i": 23, "n1": 250, "n2": 250, "n3": 250, "n4": 13}
    ax = draw(partitions.mlp(), failed={"n1"}, elements=elements)
    said = [text.get_text() for text in ax.texts]
    assert said.count("23") == 1
    assert said.count("250") == 2
    assert "13" not in said


def test_silent_and_dead_nodes_look_different() -> None:
    ax = draw(partitions.mlp(), failed={"n1", "n2"})
    said = [text.get_text() for text in ax.texts]
    assert said.count("failed") == 2
    assert said.count("receives nothing") == 2


@pytest.mark.parametrize("direction", ["up", "right"])
@pytest.mark.parametrize("topology", TOPOLOGIES.values(), ids=list(TOPOLOGIES))
def test_nothing_is_cut_off(topology: Topology, direction: str) -> None:
    elements = dict.fromkeys(topology.order, 250)
    ax = draw(topology, skips=Skips.ALWAYS, elements=elements, direction=direction)  # type: ignore[arg-type]
    figure = ax.figure
    page = figure.bbox
    for text in ax.texts:
        box = text.get_window_extent()
        assert page.x0 <= box.x0, text.get_text()
        assert page.x1 >= box.x1, text.get_text()
        assert page.y0 <= box.y0, text.get_text()
        assert page.y1 >= box.y1, text.get_text()


def test_fig_5_has_the_inputs_that_the_paper_describes() -> None:
    def hears(name: str, dead: set[str]) -> set[str]:
        topology = FIGURE_5[name]
        route = routes(topology, topology.everyone - dead, Skips.ON_FAILURE)[topology.cloud]
        return {link.source for link in inputs(topology, topology.cloud, route)}

    assert (hears("a", set()), hears("a", {"v2"})) == ({"v2"}, {"v1"})
    assert (hears("b", set()), hears("b", {"v3"})) == ({"v1", "v3"}, {"v1", "v2"})
    assert (hears("c", set()), hears("c", {"v3"})) == ({"v3"}, {"v1", "v2"})
    assert all(FAILING[name] in topology.failable for name, topology in FIGURE_5.items())


def test_a_description_names_every_node_the_dead_and_the_lost() -> None:
    topology = partitions.mlp()
    said = describe(topology, {"n1", "n2"})
    assert all(f"{node.name} (" in said for node in topology.nodes)
    assert "Failed: n1, n2. No information reaches the cloud." in said
    assert "Failed" not in describe(topology)


def test_a_gallery_holds_every_topology_under_its_title() -> None:
    figure = gallery(TOPOLOGIES, failed={"a": {"v2"}})
    assert [ax.get_title() for ax in figure.axes] == list(TOPOLOGIES)
    said = describe_gallery(TOPOLOGIES, failed={"a": {"v2"}})
    assert said.count("Physical nodes") == len(TOPOLOGIES)
    assert said.count("Failed:") == 1


def test_the_same_drawing_gives_the_same_file() -> None:
    files = []
    for _ in range(2):
        stream = io.BytesIO()
        draw(partitions.mlp()).figure.savefig(stream, format="svg", metadata={"Date": None})
        files.append(stream.getvalue())
    assert files[0] == files[1]


@pytest.mark.parametrize(
    ("dead", "message"), [({"n9"}, "'n9' is no physical node; there are i, n1"), ("n1", "'n1' is no set of")]
)
def test_only_nodes_that_exist_can_be_drawn_or_described_as_dead(dead: object, message: str) -> None:
    topology = partitions.mlp()
    for call in (
        lambda: draw(topology, failed=dead),
        lambda: describe(topology, dead),
        lambda: active_links(topology, dead, Skips.ALWAYS),
        lambda: gallery({"mlp": topology}, failed={"mlp": dead}),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_a_rule_for_skips_is_drawn_alike_by_its_value() -> None:
    def symbols(skips: object) -> list[str]:
        return [text.get_text() for text in draw(partitions.mlp(), skips=skips).texts]

    assert symbols("always") == symbols(Skips.ALWAYS) != symbols(Skips.NEVER)
    for call in (draw, describe):
        with pytest.raises(ValueError, match="'yes' is no rule for skips; give"):
            call(partitions.mlp(), skips="yes")
