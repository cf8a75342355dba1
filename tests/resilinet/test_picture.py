"""What is printed of a topology or network is what it is: words, and a drawing that stands on its own."""

from __future__ import annotations

import copy
import pickle
import re
import subprocess
import sys
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from browser import PATIENCE, chromium
from companion.experiments.figure_5 import FAILING, FIGURE_5
from resilinet.failures import scenarios
from resilinet.models import partitions
from resilinet.network import DistributedNetwork
from resilinet.picture import Picture
from resilinet.picture.grid import AISLE, LANE, Grid
from resilinet.picture.svg import MOST, svg
from resilinet.routing import Skips, inputs, routes
from resilinet.schemes import SCHEMES
from resilinet.topology import Hyperconnection, Node, Topology, nodes_between, vertical, with_skips

SVG = "{http://www.w3.org/2000/svg}"
CAMERA = with_skips(
    Topology(
        (
            *(Node(f"c{k}", 0, 0) for k in range(1, 7)),
            *(Node(f"e{k}", 0, 1) for k in range(1, 5)),
            *(Node("f3", 1, 2), Node("f4", 1, 2), Node("f2", 2, 4), Node("f1", 4, 6), Node("cloud", 6, 9)),
        ),
        tuple(
            Hyperconnection(source, target)
            for target, received in {
                "e1": ["c1", "c2"],
                "e2": ["c3"],
                "e3": ["c4", "c5"],
                "e4": ["c6"],
                "f3": ["e1"],
                "f4": ["e2", "e3", "e4"],
                "f2": ["f3", "f4"],
                "f1": ["f2"],
                "cloud": ["f1"],
            }.items()
            for source in received
        ),
    )
)
TEN = with_skips(
    vertical({f"n{k}": k % 3 for k in range(10)}),
    [("n0", "n2"), ("n1", "n4"), ("n2", "n8"), ("n3", "n9"), ("n5", "n7"), ("n0", "n9"), ("n6", "n8")],
)
HUNDRED = with_skips(vertical({f"n{k}": 1 for k in range(100)}))
TOPOLOGIES = {"chain": partitions.mlp(), **FIGURE_5, "camera": CAMERA, "ten": TEN}
each_topology = pytest.mark.parametrize("topology", TOPOLOGIES.values(), ids=list(TOPOLOGIES))
each_scheme = pytest.mark.parametrize("scheme", SCHEMES.values(), ids=list(SCHEMES))


def groups(drawn: str) -> dict[str, dict[str, ElementTree.Element]]:
    """The parts of a drawing by class and title; fails where it is no XML."""
    found: dict[str, dict[str, ElementTree.Element]] = {}
    for group in ElementTree.fromstring(drawn).iter(f"{SVG}g"):
        title = group.findtext(f"{SVG}title")
        assert title is not None
        found.setdefault(group.attrib["class"], {})[title] = group
    return found


def said(printed: str, label: str) -> list[str]:
    """What a line of words lists, folded or not."""
    line = re.search(rf"^  {label}(?:, [a-z ]+)?: ((?:.|\n    )*)$", printed, re.MULTILINE)
    assert line, f"no line says {label}"
    return [] if line[1] == "none" else re.sub(r"\s+", " ", line[1]).split(", ")


def links_of(paths: list[str]) -> set[str]:
    """The hyperconnections along paths such as a->b->c."""
    return {f"{a}->{b}" for path in paths for a, b in pairwise(path.split("->"))}


@each_topology
@each_scheme
def test_words_and_drawing_show_who_failed_and_which_hyperconnections_carry_data(topology, scheme) -> None:
    for failed in list(scenarios(topology))[:40]:
        picture = topology.picture(topology.everyone - failed, scheme.skips)
        found = routes(topology, topology.everyone - failed, scheme.skips)
        carrying = {link.key for name, route in found.items() for link in inputs(topology, name, route)}
        silent = topology.everyone - failed - set(found)
        drawn, printed = groups(picture.svg()), repr(picture)
        assert set(drawn.get("rn-failed", ())) == failed == set(said(printed, "failed"))
        assert set(drawn.get("rn-silent", ())) == silent
        assert set(said(printed, "silent") if silent else ()) == silent
        assert set(drawn.get("rn-live", ())) == set(found)
        assert set(drawn.get("rn-data", ())) == carrying
        assert set(drawn.get("rn-idle", ())) == {link.key for link in topology.links} - carrying
        flow = said(printed, "data flow")
        assert links_of(flow) == carrying
        assert (f"nothing reaches {topology.cloud}" in flow) == (topology.cloud not in found)


def test_skips_open_by_the_rule_of_each_scheme() -> None:
    flow = {}
    for key, scheme in SCHEMES.items():
        shown = [
            partitions.mlp().picture({"i", "n2", "n3", "n4"}, scheme.skips),
            FIGURE_5["b"].picture({"v1", "v2", "v4"}, scheme.skips),
            FIGURE_5["c"].picture(None, scheme.skips),
        ]
        flow[key] = [", ".join(said(repr(picture), "data flow")) for picture in shown]
    always = ["i->n2->n3->n4, n2->n4", "v1->v4, v2->v4", "v1->v3->v4, v1->v4, v2->v3, v2->v4"]
    assert flow == {
        "vanilla": ["nothing reaches n4", "v1->v4", "v1->v3->v4, v2->v3"],
        "dfg": always,
        "resilinet": ["i->n2->n3->n4", "v1->v4, v2->v4", "v1->v3->v4, v2->v3"],
        "resilinet-plus": always,
    }


@pytest.mark.parametrize("letter", ["b", "c"])
def test_what_fig_5_shades_is_struck_and_its_skips_are_solid(letter: str) -> None:
    topology, failed = FIGURE_5[letter], FAILING[letter]
    drawn = groups(topology.picture(topology.everyone - {failed}).svg())
    assert [text.text for text in drawn["rn-failed"][failed].iter(f"{SVG}text")] == [
        failed,
        "block 1",
        "failed",
    ]
    for skip in topology.skips:
        assert skip.key in drawn["rn-data"]
    assert set(drawn["rn-idle"]) == {
        link.key for link in topology.links if failed in (link.source, link.target)
    }


@each_topology
def test_a_topology_alone_says_its_nodes_and_hyperconnections_and_claims_no_data_flow(
    topology: Topology,
) -> None:
    printed = repr(topology)
    assert len(printed.splitlines()) <= 12
    assert max(map(len, printed.splitlines())) <= 90
    assert [node.split(" ")[0] for node in said(printed, "nodes")] == list(topology.order)
    simple = {link.key for link in topology.links if not link.is_skip}
    assert links_of(said(printed, "simple hyperconnections")) == simple
    around = {
        skip.split(" around ")[0]: set(skip.split(" around ")[1].split("+"))
        for skip in said(printed, "skips")
    }
    assert around == {skip.key: set(skip.bypasses) for skip in topology.skips}
    assert "failed" not in printed
    assert "data" not in printed
    drawn = groups(topology._repr_html_())
    assert set(drawn) == {"rn-plain"}
    assert set(drawn["rn-plain"]) == topology.everyone | {link.key for link in topology.links}


def test_blocks_are_counted_from_0() -> None:
    assert repr(vertical({"i": 0, "a": 1, "b": 3})).splitlines() == [
        "Topology of 3 physical nodes and 4 blocks",
        "  nodes: i (no block), a (block 0), b (blocks 1-3)",
        "  simple hyperconnections: i->a->b",
        "  skips: none",
    ]
    assert repr(vertical({"alone": 1})).splitlines() == [
        "Topology of 1 physical node and 1 block",
        "  nodes: alone (block 0)",
        "  simple hyperconnections: none",
        "  skips: none",
    ]
    assert set(groups(vertical({"alone": 1})._repr_html_())["rn-plain"]) == {"alone"}


def test_a_drawing_says_to_screen_readers_what_is_printed() -> None:
    picture = partitions.mlp().picture({"i", "n2", "n3", "n4"})
    root = ElementTree.fromstring(picture.svg())
    assert root.attrib["role"] == "img"
    assert [child.tag for child in root][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert (
        f"{root.findtext(f'{SVG}title')}\n{root.findtext(f'{SVG}desc')}" == repr(picture) == picture.words()
    )
    assert picture._repr_html_() == picture.svg() == svg(picture)


def test_two_drawings_on_a_page_cannot_meddle_with_each_other_or_with_the_page() -> None:
    drawn = partitions.mlp().picture().svg()
    assert not re.search(r"\bid=|href|url\(", drawn)
    style = ElementTree.fromstring(drawn).findtext(f"{SVG}style") or ""
    rules = re.sub(r"@media[^{]*\{(.*)\}", r"\1", style).strip().splitlines()
    for selector in ",".join(rule.partition("{")[0] for rule in rules).split(","):
        assert re.search(r"\.rn-", selector)


def test_odd_names_are_escaped_and_long_ones_cut_but_told() -> None:
    nodes = [Node(name, k, k + 1) for k, name in enumerate(["é", "傳感器", "a" * 60, "last"])]
    object.__setattr__(
        nodes[0], "name", """<b a='1'>&"]]>"""
    )  # what is drawn does not rely on what names are allowed
    chain = with_skips(
        Topology(tuple(nodes), tuple(Hyperconnection(a.name, b.name) for a, b in pairwise(nodes)))
    )
    drawn = groups(chain.picture({nodes[1].name, "last"}).svg())
    assert set(drawn["rn-failed"]) == {"""<b a='1'>&"]]>""", "a" * 60}
    assert drawn["rn-failed"]["a" * 60].findtext(f"{SVG}text") == "a" * 17 + "…"
    assert "a" * 60 in repr(chain)


def test_the_largest_drawing_is_a_few_lines_of_words() -> None:
    failed = {f"n{k}" for k in range(1, 99, 2)}
    for picture in (HUNDRED.picture(HUNDRED.everyone - failed), Picture(HUNDRED)):
        drawn = ElementTree.fromstring(picture.svg())
        lines = [text.text for text in drawn.iter(f"{SVG}text")]
        assert lines == ["Too large to be drawn.", *repr(picture).splitlines()]
        assert len(lines) < 12
        assert len(picture.svg()) < 6000
    assert "failed: n1, n3, n5, n7, n9, ...(43 more)..., n97" in repr(
        HUNDRED.picture(HUNDRED.everyone - failed)
    )


def test_a_drawing_grows_by_its_hyperconnections() -> None:
    sizes = [
        len(with_skips(vertical({f"n{k}": 1 for k in range(10, 10 + n)}))._repr_html_())
        for n in (5, 10, 15, 20)
    ]
    steps = [b - a for a, b in pairwise(sizes)]
    assert max(steps) < 1.1 * min(steps)
    everything = vertical({f"n{k}": 1 for k in range(MOST)})
    everything = with_skips(
        everything,
        [pair for pair in combinations(everything.order, 2) if pair not in set(pairwise(everything.order))],
    )
    assert len(everything._repr_html_()) < 500 * len(everything.links)


def boxes(grid: Grid) -> dict[str, tuple[float, float, float, float]]:
    w, h = grid.width / 2, grid.height / 2
    return {name: (x - w, y - h, x + w, y + h) for name, (x, y) in grid.places.items()}


@st.composite
def layered(draw: st.DrawFn) -> Topology:
    """Topologies with one node at the end, every other one feeding some nodes of the next column."""
    widths = [*draw(st.lists(st.integers(1, 4), min_size=1, max_size=5)), 1]
    rows = [[f"x{c}y{r}" for r in range(width)] for c, width in enumerate(widths)]
    pairs = {}
    for left, right in pairwise(rows):
        for name in left:
            pairs |= {
                (name, to): None for to in draw(st.lists(st.sampled_from(right), min_size=1, unique=True))
            }
        for to in right:
            if not any(target == to for _, target in pairs):
                pairs[left[0], to] = None
    nodes = tuple(Node(name, c, c + 1) for c, row in enumerate(rows) for name in row)
    plain = Topology(nodes, tuple(Hyperconnection(*pair) for pair in pairs))
    around = [pair for pair in combinations(plain.order, 2) if nodes_between(plain.links, *pair)]
    return with_skips(plain, draw(st.lists(st.sampled_from(around), unique=True)) if around else [])


@given(topology=layered())
@settings(max_examples=60, deadline=None)
def test_nothing_that_is_drawn_crosses_a_box(topology: Topology) -> None:
    grid = Grid(topology, 60, 38, 34)
    for a, b in combinations(boxes(grid).values(), 2):
        assert a[2] < b[0] or b[2] < a[0] or a[3] + AISLE <= b[1] or b[3] + AISLE <= a[1]
    runs = []
    for link in topology.links:
        left, right = boxes(grid)[link.source][2], boxes(grid)[link.target][0]
        if link.key not in grid.lanes:
            assert right - left == grid.gap  # within the gap there are no boxes
            continue
        start, end, lane = left + grid.gap, right - grid.gap, grid.lanes[link.key]
        assert start <= end
        assert all(
            end < x1 or x2 < start or lane < y1 or y2 < lane for x1, y1, x2, y2 in boxes(grid).values()
        )
        runs.append((start, end, lane))
    for a, b in combinations(runs, 2):
        assert a[1] < b[0] or b[1] < a[0] or abs(a[2] - b[2]) >= LANE
    left, top, right, bottom = grid.limits
    corners = [*boxes(grid).values(), *((start, lane, end, lane) for start, end, lane in runs)]
    assert all(left <= x1 and top <= y1 and x2 <= right and y2 <= bottom for x1, y1, x2, y2 in corners)


def network(**given: object) -> DistributedNetwork:
    chain = with_skips(vertical({"a": 0, "b": 2, "c": 1}))
    blocks = [nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)]
    return DistributedNetwork(blocks, chain, input_shape=(3,), adapters={"a->c": nn.Linear(3, 4)}, **given)


def test_a_network_prints_its_topology_ahead_of_its_modules() -> None:
    printed = repr(network(skips="always", weights={"a->c": 0.25, "a->b": 1.0}))
    assert printed.splitlines()[:10] == [
        "DistributedNetwork(",
        "  Topology of 3 physical nodes and 3 blocks",
        "    nodes: a (no block, sends 3 numbers), b (blocks 0-1, 16 parameters, sends 4 numbers),",
        "      c (block 2, 26 parameters, sends 2 numbers)",
        "    simple hyperconnections: a->b->c",
        "    skips, always open: a->c around b",
        "    weights other than 1: a->c 0.25",
        "    failed: none",
        "    data flow: a->b->c, a->c",
        "  (nodes): ModuleDict(",
    ]
    assert "(0): Linear(in_features=3, out_features=4, bias=True)" in printed
    assert printed.endswith("\n)")


def test_a_network_draws_parameters_weights_and_failures_by_its_own_rule() -> None:
    weighted = network(skips=Skips.NEVER, weights={"a->c": 0.25, "b->c": 2})
    drawn = groups(weighted.picture(alive={"a", "c"}).svg())
    assert [text.text for text in drawn["rn-failed"]["b"].iter(f"{SVG}text")] == [
        "b",
        "blocks 0-1",
        "16 parameters",
        "sends 4 numbers",
        "failed",
    ]
    assert drawn["rn-idle"]["a->c"].findtext(f"{SVG}text") == "0.25"
    assert drawn["rn-idle"]["b->c"].findtext(f"{SVG}text") == "2"
    assert drawn["rn-idle"]["a->b"].findtext(f"{SVG}text") is None
    assert set(groups(weighted._repr_html_())["rn-data"]) == {"a->b", "b->c"}
    assert weighted(torch.ones(1, 3), alive={"a", "c"}) is None  # as drawn: nothing reaches c


def test_skips_bear_the_operator_of_their_rule_and_simple_hyperconnections_none() -> None:
    for skips, operator in {Skips.ON_FAILURE: "⊙", Skips.ALWAYS: "⊕", Skips.NEVER: None}.items():
        drawn = groups(partitions.mlp().picture(skips=skips).svg())
        links = {**drawn.get("rn-data", {}), **drawn.get("rn-idle", {})}
        assert {links[skip.key].findtext(f"{SVG}text") for skip in partitions.mlp().skips} == {operator}
        assert links["n1->n2"].findtext(f"{SVG}text") is None


def test_learned_weights_are_shown_as_they_are_now_where_they_are_known() -> None:
    learned = network(learned=True)
    assert "weights other than 1" not in repr(learned)
    with torch.no_grad():
        learned.learned_weights["a->c"].fill_(0.5)
    assert "weights other than 1: a->c 0.5\n" in repr(learned)
    assert "weights other than 1" not in repr(learned.to("meta"))


def test_who_is_alive_and_the_rule_are_checked_when_the_picture_is_made() -> None:
    chain = partitions.mlp()
    for bad in ({"nobody"}, "n1"):
        with pytest.raises(ValueError, match="physical node"):
            chain.picture(bad)
        with pytest.raises(ValueError, match="physical node"):
            Picture(chain, Skips.ALWAYS, bad)
    with pytest.raises(ValueError, match="is not a valid Skips"):
        chain.picture(skips="sometimes")
    alive = {"i", "n2", "n3", "n4"}
    picture = chain.picture(alive)
    alive.add("n1")
    assert picture.state("n1") == "failed"


@each_topology
def test_topologies_are_copied_and_pickled_as_before(topology: Topology) -> None:
    fresh = Topology(topology.nodes, topology.links)
    printed = repr(fresh)  # fills what is computed once
    for other in (copy.deepcopy(fresh), pickle.loads(pickle.dumps(fresh))):
        assert other == fresh
        assert hash(other) == hash(fresh)
        assert repr(other) == printed
        assert other._repr_html_() == fresh._repr_html_()


def test_a_topology_shows_itself_without_torch_and_matplotlib() -> None:
    code = (
        "import sys; from companion.experiments.figure_5 import FIGURE_5; t = FIGURE_5['c']\n"
        "assert repr(t) and t._repr_html_() and t.picture({'v1', 'v2', 'v4'}).svg()\n"
        "print(sorted({'torch', 'matplotlib', 'numpy', 'networkx'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"


def test_ink_is_readable_on_light_and_dark_pages_whatever_the_system_is_set_to(tmp_path: Path) -> None:
    picture = partitions.mlp().picture({"i", "n2", "n3", "n4"})
    (tmp_path / "alone.svg").write_text(picture.svg(), encoding="utf-8")
    page_of = (
        "<!doctype html><html data-theme={0}><body style='background:{1};color:{2}'>{3}{3}</body></html>"
    )
    inks = {"light": ("#ffffff", "rgb(50, 50, 50)"), "dark": ("#121212", "rgb(206, 214, 221)")}
    for theme, (ground, ink) in inks.items():
        text = page_of.format(theme, ground, ink, picture.svg())
        (tmp_path / f"{theme}.html").write_text(text, encoding="utf-8")
    ask = """(kind) => { const one = document.querySelector(kind); const style = getComputedStyle(one);
      return [style.fill, style.stroke]; }"""
    blues = {"light": "rgb(0, 114, 178)", "dark": "rgb(86, 180, 233)"}
    with chromium() as browser:
        for system in ("light", "dark"):
            page = browser.new_page(color_scheme=system)
            page.set_default_timeout(PATIENCE)
            for theme, (_, ink) in inks.items():
                page.goto((tmp_path / f"{theme}.html").as_uri())
                assert page.evaluate(ask, ".rn-live .rn-name")[0] == ink
                assert page.evaluate(ask, ".rn-data .rn-line")[1] == blues[theme]
            page.goto((tmp_path / "alone.svg").as_uri())
            alone = page.evaluate(ask, ".rn-live .rn-name")[0]
            assert alone == {"light": "rgb(0, 0, 0)", "dark": "rgb(255, 255, 255)"}[system]
            assert page.evaluate(ask, ".rn-data .rn-line")[1] == blues[system]


@each_topology
def test_text_stays_within_its_box_and_nothing_is_cut_off(topology: Topology, tmp_path: Path) -> None:
    picture = Picture(topology, Skips.ALWAYS, None, dict.fromkeys(topology.order, 12_345_678))
    (tmp_path / "page.html").write_text(f"<!doctype html>{picture.svg()}", encoding="utf-8")
    spilled = """() => { const svg = document.querySelector("svg"), all = svg.viewBox.baseVal, bad = [];
      const inside = (a, b) => a.x >= b.x && a.y >= b.y && a.x + a.width <= b.x + b.width
        && a.y + a.height <= b.y + b.height;
      for (const one of svg.querySelectorAll("text, rect, path"))
        if (!inside(one.getBBox(), all)) bad.push(one.outerHTML);
      for (const box of svg.querySelectorAll("rect")) for (const text of box.parentNode.querySelectorAll("text"))
        if (!inside(text.getBBox(), box.getBBox())) bad.push(text.textContent);
      return bad; }"""
    with chromium() as browser:
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto((tmp_path / "page.html").as_uri())
        assert page.evaluate(spilled) == []
