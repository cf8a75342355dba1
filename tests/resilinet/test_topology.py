"""A topology is a partition: what it derives holds by definition, and what is none is refused in one sentence."""

from collections.abc import Collection

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from resilinet.models import mlp, partitions
from resilinet.network import DistributedNetwork
from resilinet.topology import (
    Hyperconnection,
    Node,
    Topology,
    TopologyError,
    nodes_between,
    vertical,
    with_skips,
)

SIZES = st.lists(st.integers(0, 4), min_size=1, max_size=7)


def links(*ends: str) -> tuple[Hyperconnection, ...]:
    return tuple(Hyperconnection(*pair.split("->")) for pair in ends)


def chain(sizes: list[int]) -> Topology:
    return vertical({f"p{k}": size for k, size in enumerate(sizes)})


def paths(topology: Topology) -> list[list[str]]:
    """Every path of simple hyperconnections from a source to the cloud, one step at a time."""
    grown = [[name] for name in topology.sources]
    found = []
    while grown:
        path = grown.pop()
        ends = [x.target for x in topology.links if x.source == path[-1] and not x.is_skip]
        grown += [[*path, end] for end in ends]
        found += [] if ends else [path]
    return found


def hosted(topology: Topology, path: list[str]) -> list[int]:
    return [k for name in path for k in range(topology.by_name[name].start, topology.by_name[name].stop)]


# The three horizontal and vertical distributions that Fig. 5 draws, and Fig. 1's chain.
FIG_5A = with_skips(vertical({"iot": 1, "edge": 2, "fog": 2, "cloud": 3}))
FIG_5B = with_skips(
    Topology(
        (
            Node("c1", 0, 1),
            Node("c2", 0, 1),
            Node("e1", 1, 3),
            Node("e2", 1, 3),
            Node("f", 3, 4),
            Node("cl", 4, 5),
        ),
        links("c1->e1", "c2->e2", "e1->f", "e2->f", "f->cl"),
    )
)
FIG_5C = with_skips(
    Topology(
        (Node("c1", 0, 1), Node("c2", 0, 1), Node("c3", 0, 1), Node("e", 1, 3), Node("cl", 3, 5)),
        links("c1->e", "c2->e", "c3->e", "e->cl"),
    )
)


@given(sizes=SIZES)
def test_a_vertical_distribution_hosts_every_block_once_in_order(sizes: list[int]) -> None:
    topology = chain(sizes)
    assert topology.order == tuple(node.name for node in topology.nodes)
    (path,) = paths(topology)
    assert hosted(topology, path) == list(range(sum(sizes)))
    assert topology.blocks == sum(sizes)


@given(sizes=SIZES, data=st.data())
def test_skips_leave_a_directed_acyclic_graph_with_the_same_tiling(
    sizes: list[int], data: st.DataObject
) -> None:
    plain = chain(sizes)
    names = plain.order
    around = [(a, b) for i, a in enumerate(names) for b in names[i + 2 :]]
    chosen = data.draw(st.lists(st.sampled_from(around), unique=True)) if around else []
    topology = with_skips(plain, chosen)
    place = {name: k for k, name in enumerate(topology.order)}
    assert all(place[link.source] < place[link.target] for link in topology.links)
    assert paths(topology) == paths(plain)
    assert [(skip.source, skip.target) for skip in topology.skips] == chosen
    for skip in topology.skips:
        assert skip.bypasses == set(names[place[skip.source] + 1 : place[skip.target]])
    assert topology.without_skips() == plain


@given(sizes=SIZES)
def test_by_default_there_is_one_skip_around_each_node_between_two_others(sizes: list[int]) -> None:
    topology = with_skips(chain(sizes))
    assert [skip.bypasses for skip in topology.skips] == [{name} for name in topology.failable]


@pytest.mark.parametrize("topology", [FIG_5A, FIG_5B, FIG_5C], ids=["5a", "5b", "5c"])
def test_fig_5_shows_three_values_of_one_type(topology: Topology) -> None:
    assert type(topology) is Topology
    assert {tuple(hosted(topology, path)) for path in paths(topology)} == {tuple(range(topology.blocks))}
    assert len({topology.cloud} & set(topology.sources)) == 0
    assert all(len(skip.bypasses) == 1 for skip in topology.skips)


def test_fig_5b_and_5c_have_several_sources_and_a_skip_from_each() -> None:
    assert (FIG_5B.sources, FIG_5B.failable) == (("c1", "c2"), ("e1", "e2", "f"))
    assert {skip.key for skip in FIG_5B.skips} == {"c1->f", "c2->f", "e1->cl", "e2->cl"}
    assert (FIG_5C.sources, FIG_5C.failable) == (("c1", "c2", "c3"), ("e",))
    assert {skip.key for skip in FIG_5C.skips} == {"c1->cl", "c2->cl", "c3->cl"}


def test_a_skip_over_a_diamond_bypasses_both_sides_and_nothing_else() -> None:
    diamond = Topology(
        (Node("a", 0, 1), Node("l", 1, 2), Node("r", 1, 2), Node("z", 2, 3), Node("aside", 0, 2)),
        links("a->l", "a->r", "l->z", "r->z", "aside->z"),
    )
    assert with_skips(diamond).skips == (), "around one node there is nothing to skip"
    (skip,) = with_skips(diamond, [("a", "z")]).skips
    assert skip.bypasses == {"l", "r"}
    assert nodes_between(diamond.links, "l", "r") == frozenset()


def test_sources_and_the_cloud_cannot_fail() -> None:
    assert FIG_5A.failable == ("edge", "fog")
    assert vertical({"all": 3}).failable == ()
    assert FIG_5A.everyone == {"iot", "edge", "fog", "cloud"}


def test_the_order_in_which_nodes_are_given_does_not_matter_to_who_is_upstream() -> None:
    nodes = (Node("c", 2, 3), Node("b", 1, 2), Node("a", 0, 1))
    assert Topology(nodes, links("b->c", "a->b")).order == ("a", "b", "c")


def test_partition_1_2_3_4_of_the_mlp() -> None:
    topology = mlp.topology()
    assert [(node.name, node.stop - node.start) for node in topology.nodes] == [
        ("i", 0),
        ("n1", 1),
        ("n2", 2),
        ("n3", 3),
        ("n4", 5),  # four hidden layers and the output layer
    ]
    assert [skip.key for skip in topology.skips] == ["i->n2", "n1->n3", "n2->n4"]


def test_fig_6_counts_the_input_as_a_layer_of_its_partition() -> None:
    """1-2-3-2-3 is the input and 2, 3, 2, 3 hidden layers: the paper's ten in all, and the output layer."""
    topology = mlp.topology((2, 3, 2, 3))
    hidden = [node.stop - node.start for node in topology.nodes][1:]
    hidden[-1] -= 1
    assert hidden == [2, 3, 2, 3]
    assert topology.by_name["i"].stop == 0
    assert topology.blocks == mlp.topology().blocks == len(mlp.blocks())


A, B, C = Node("a", 0, 1), Node("b", 1, 2), Node("c", 2, 3)


@pytest.mark.parametrize(
    ("nodes", "ends", "message"),
    [
        ((A, B, Node("a", 2, 3)), ["a->b"], "need unique names, but 'a' occurs twice"),
        ((A, B, C), ["a->b", "b->c", "a->b"], "hyperconnection a->b occurs twice"),
        ((A, B, C), ["a->b", "b->d"], "b->d mentions 'd', which is no physical node"),
        ((A, B, C), ["a->b", "d->c"], "d->c mentions 'd', which is no physical node"),
        ((A, B, C), ["a->b", "b->c", "c->b"], "form a cycle through b, c"),
        ((A, B, C), ["a->b", "b->c", "b->b"], "form a cycle through b, c"),
        ((A, B, Node("c", 1, 2)), ["a->b", "a->c"], r"exactly one node must be the cloud .* \['b', 'c'\]"),
        ((), [], "exactly one node must be the cloud .* 'none'|but none would be"),
        ((A, C), ["a->c"], "not tiled along a->c: 'a' ends before block 1, 'c' begins at block 2"),
        (
            (Node("a", 0, 2), B),
            ["a->b"],
            "not tiled along a->b: 'a' ends before block 2, 'b' begins at block 1",
        ),
        ((B, C), ["b->c"], "source 'b' must host the first block, but begins at block 1"),
        ((A, Node("d", 1, 1), B, C), ["a->b", "b->c", "d->c"], "source 'd' must host the first block"),
        # The gap is on one of two paths only.
        ((A, B, Node("x", 0, 1), C), ["a->b", "b->c", "x->c"], "not tiled along x->c"),
    ],
)
def test_what_is_no_partition_is_refused_in_one_sentence(
    nodes: tuple[Node, ...], ends: list[str], message: str
) -> None:
    with pytest.raises(TopologyError, match=message) as refusal:
        Topology(nodes, links(*ends))
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize(
    ("skip", "message"),
    [
        (Hyperconnection("a", "c", frozenset({"c"})), "a->c says it bypasses c, but b lies between"),
        (Hyperconnection("a", "d", frozenset({"b"})), "a->d says it bypasses b, but b, c lies between"),
        (Hyperconnection("b", "d", frozenset({"b", "c"})), "b->d says it bypasses b, c, but c lies between"),
        (Hyperconnection("a", "c", frozenset({"q"})), "a->c mentions 'q', which is no physical node"),
        (Hyperconnection("a", "c"), "not tiled along a->c"),
    ],
)
def test_a_skip_bypasses_exactly_the_nodes_between_its_ends(skip: Hyperconnection, message: str) -> None:
    plain = vertical({"a": 1, "b": 1, "c": 1, "d": 1})
    with pytest.raises(TopologyError, match=message):
        Topology(plain.nodes, (*plain.links, skip))


@pytest.mark.parametrize(
    ("skip", "message"),
    [
        (("a", "b"), "from 'a' to 'b' would bypass nothing"),
        (("c", "a"), "from 'c' to 'a' would bypass nothing"),
        (("a", "z"), "from 'a' to 'z' cannot be: 'z' is no physical node"),
        (("z", "a"), "from 'z' to 'a' cannot be: 'z' is no physical node"),
    ],
)
def test_a_skip_around_nothing_is_refused(skip: tuple[str, str], message: str) -> None:
    with pytest.raises(TopologyError, match=message):
        with_skips(vertical({"a": 1, "b": 1, "c": 1}), [skip])


@pytest.mark.parametrize("name", ["", "none", "n 1", "n1+n2", "a->b", "1n", "n.1"])
def test_names_that_results_could_not_spell_are_refused(name: str) -> None:
    with pytest.raises(TopologyError, match="cannot name a physical node: use letters"):
        Node(name, 0, 1)


@pytest.mark.parametrize("name", ["cpu", "type", "keys", "training"])
def test_names_that_pytorch_keeps_for_itself_are_refused_by_the_network(name: str) -> None:
    with pytest.raises(TopologyError, match=f"can be called '{name}'"):
        DistributedNetwork([nn.Linear(3, 3)], vertical({name: 1}), input_shape=(3,))


@pytest.mark.parametrize(("start", "stop"), [(2, 1), (-1, 1), (0, 1.5), (0.5, 2)])
def test_a_range_that_runs_backwards_or_cuts_a_block_is_refused(start: int, stop: int) -> None:
    with pytest.raises(
        TopologyError, match=f"hosts blocks {start}..{stop}, which is no range of whole numbers"
    ):
        Node("n", start, stop)


@pytest.mark.parametrize("size", [1.5, -1, "2", None, float("nan")])
def test_a_node_hosts_a_whole_number_of_blocks(size: object) -> None:
    with pytest.raises(TopologyError, match=f"'a' cannot host {size!r} blocks; give a whole number from 0."):
        vertical({"a": size, "b": 2})
    assert vertical({"a": np.int64(1), "b": 2}) == vertical({"a": 1, "b": 2})


@pytest.mark.parametrize("names", [["edge", "fog"], ("fog", "edge"), {"edge", "fog"}])
def test_nodes_are_named_by_any_collection(names: Collection[str]) -> None:
    assert FIG_5A.named(names) == {"edge", "fog"}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"fig", "fog"}, "'fig' is no physical node; there are iot, edge, fog, cloud."),
        ([3, "fig"], "3 is no physical node; there are iot, edge, fog, cloud."),
        ("fog", "'fog' is no set of physical nodes; give a set of their names: iot, edge, fog, cloud."),
        ({"fog": True}, "{'fog': True} is no set of physical nodes; give"),
    ],
)
def test_names_that_no_node_has_and_what_is_no_set_of_names_are_refused(names: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FIG_5A.named(names)


@pytest.mark.parametrize("partition", [(), (1.5, 2, 3, 4), (1, 2, 3, 3.5), (-1, 5, 3, 3), ("1", "2")])
def test_what_is_no_partition_of_the_mlp_is_refused(partition: tuple) -> None:
    with pytest.raises(TopologyError, match=r"is no partition of the MLP: give one or more whole numbers"):
        partitions.mlp(partition)


def test_blocks_that_add_up_in_halves_are_no_partition() -> None:
    with pytest.raises(TopologyError, match=r"\(1.5, 2.5, 5, 5\) is no partition of MobileNet"):
        partitions.mobilenet((1.5, 2.5, 5, 5))


def test_skips_that_do_not_fit_a_shorter_partition_are_refused_by_saying_what_fits() -> None:
    with pytest.raises(TopologyError, match=r"give skips between i, z1, or skips=\(\) for none."):
        partitions.resnet((4, 5))
    assert partitions.resnet((4, 5), skips=()).order == ("i", "z1")
    with pytest.raises(TopologyError, match=r"give skips between i, n1, or skips=\(\) for none."):
        partitions.mlp((10,))


@pytest.mark.parametrize(
    ("partition", "message"),
    [
        ({1: 1, 2: 1}, "^1 cannot name a physical node: use letters"),
        ({None: 1}, "^None cannot name a physical node: use letters"),
        ({"a": True}, "^'a' cannot host True blocks; give a whole number from 0"),
    ],
)
def test_what_is_no_partition_is_refused(partition: object, message: str) -> None:
    with pytest.raises(TopologyError, match=message):
        vertical(partition)


@pytest.mark.parametrize("skips", [("iot", "fog"), {"iot": "fog"}, ["iot->fog"], [("iot", "edge", "fog")]])
def test_skips_are_pairs_of_nodes(skips: object) -> None:
    with pytest.raises(TopologyError, match=r"is no skip; give pairs of nodes, such as \[\('i', 'n2'\)\]"):
        with_skips(FIG_5A, skips)


def test_lists_stand_for_tuples_and_sets() -> None:
    given = Topology(
        list(FIG_5A.nodes), [Hyperconnection(x.source, x.target, list(x.bypasses)) for x in FIG_5A.links]
    )
    assert given == FIG_5A
    assert hash(given) == hash(FIG_5A)
