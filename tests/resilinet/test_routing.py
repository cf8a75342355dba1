"""The one routing rule, held against definitions that know nothing of routes."""

from itertools import combinations, pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from resilinet.network import DistributedNetwork
from resilinet.routing import Joining, Route, Skips, inputs, is_active, passed, routes
from resilinet.topology import Hyperconnection, Node, Topology, vertical, with_skips

WIDTH = 3


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    """A chain, or layers of nodes side by side under one cloud, with any set of possible skips."""
    layers = draw(st.lists(st.integers(1, 2), min_size=1, max_size=4))
    if draw(st.booleans()):
        layers = [1] * (len(layers) + 1)
    names = [[f"l{k}_{j}" for j in range(size)] for k, size in enumerate(layers)] + [["cloud"]]
    nodes = tuple(Node(name, k, k + 1) for k, layer in enumerate(names) for name in layer)
    simple = []
    for above, below in pairwise(names):
        for name in below:
            received = draw(st.sets(st.sampled_from(above), min_size=1))
            simple += [Hyperconnection(source, name) for source in sorted(received)]
        # A node that sends to none would be a second cloud.
        unheard = set(above) - {link.source for link in simple}
        simple += [Hyperconnection(source, below[0]) for source in sorted(unheard)]
    plain = Topology(nodes, tuple(simple))
    possible = []
    for a, b in combinations(plain.order, 2):
        try:
            with_skips(plain, [(a, b)])
        except ValueError:
            continue
        possible.append((a, b))
    return with_skips(plain, draw(st.sets(st.sampled_from(possible)) if possible else st.just(set())))


@st.composite
def failures(draw: st.DrawFn) -> tuple[Topology, frozenset[str]]:
    topology = draw(topologies())
    failed = draw(st.sets(st.sampled_from(topology.failable)) if topology.failable else st.just(set()))
    return topology, topology.everyone - failed


def network(topology: Topology, skips: Skips) -> DistributedNetwork:
    generator = torch.Generator().manual_seed(0)
    net = DistributedNetwork([nn.Identity()] * topology.blocks, topology, input_shape=(WIDTH,), skips=skips)
    for node in topology.nodes:
        net.nodes[node.name] = nn.Sequential(nn.Linear(WIDTH, WIDTH, dtype=torch.float64), nn.Tanh())
    for parameter in net.parameters():
        nn.init.normal_(parameter, generator=generator)
    return net


def receiving_by_search(topology: Topology, alive: frozenset[str], skips: Skips) -> set[str]:
    """The nodes that receive something, by looking for a chain of living nodes and open links; slow, and sure."""
    open_links = {
        Skips.NEVER: [link for link in topology.links if not link.bypasses],
        Skips.ALWAYS: list(topology.links),
        Skips.ON_FAILURE: [link for link in topology.links if link.bypasses.isdisjoint(alive)],
    }[skips]

    def reached_from(name: str, seen: frozenset[str]) -> set[str]:
        if name not in alive or name in seen:
            return set()
        onward = [link.target for link in open_links if link.source == name]
        return {name}.union(*(reached_from(target, seen | {name}) for target in onward))

    return set().union(*(reached_from(source, frozenset()) for source in topology.sources))


@given(case=failures())
def test_a_skip_opens_on_failure_iff_all_it_bypasses_are_failed(
    case: tuple[Topology, frozenset[str]],
) -> None:
    topology, alive = case
    for skip in topology.skips:
        assert is_active(skip, alive, Skips.ON_FAILURE) == (len(skip.bypasses & alive) == 0)


@given(case=failures())
def test_the_other_two_rules_do_not_look_at_who_is_alive(case: tuple[Topology, frozenset[str]]) -> None:
    topology, alive = case
    for link in topology.links:
        assert is_active(link, alive, Skips.ALWAYS) is True
        assert is_active(link, alive, Skips.NEVER) is (not link.is_skip)
        assert link.is_skip or is_active(link, alive, Skips.ON_FAILURE)


@pytest.mark.parametrize(
    ("failed", "active"),
    [("", False), ("b", False), ("c", False), ("bc", True), ("abcd", True)],
)
def test_a_skip_around_two_nodes_waits_for_both(failed: str, active: bool) -> None:
    skip = with_skips(vertical(dict.fromkeys("abcd", 1)), [("a", "d")]).skips[0]
    assert is_active(skip, frozenset("abcd") - set(failed), Skips.ON_FAILURE) is active


@given(case=failures(), skips=st.sampled_from(Skips))
@settings(deadline=None)
def test_a_node_has_a_route_iff_a_path_of_open_links_and_living_nodes_leads_to_it(
    case: tuple[Topology, frozenset[str]], skips: Skips
) -> None:
    topology, alive = case
    found = routes(topology, alive, skips)
    assert set(found) == receiving_by_search(topology, alive, skips)
    flows = network(topology, skips)(torch.ones(1, WIDTH, dtype=torch.float64), alive) is not None
    assert flows == (topology.cloud in found)


@given(topology=topologies(), skips=st.sampled_from(Skips))
@settings(deadline=None, max_examples=50)
def test_equal_routes_give_equal_tensors_and_different_routes_different_ones(
    topology: Topology, skips: Skips
) -> None:
    """Every node's output in every scenario, computed from scratch, is a function of its route, and of no less."""
    net = network(topology, skips)
    x = torch.linspace(-1, 1, 2 * WIDTH, dtype=torch.float64).reshape(2, WIDTH)
    outputs: dict[tuple[str, frozenset[str]], bytes] = {}
    failable = topology.failable
    for failed in (set(c) for size in range(len(failable) + 1) for c in combinations(failable, size)):
        alive = topology.everyone - failed
        sent: dict[str, torch.Tensor] = {}
        for name in topology.order:
            received = [
                sent[link.source]
                for link in topology.incoming[name]
                if link.source in sent and is_active(link, alive, skips)
            ]
            if name in alive and (received or name in topology.sources):
                sent[name] = net.nodes[name](sum(received) if received else x)
        for name, route in routes(topology, alive, skips).items():
            bits = sent[name].detach().numpy().tobytes()
            assert outputs.setdefault((name, route), bits) == bits
    assert len(set(outputs.values())) == len(outputs)
    livenesses = [
        topology.everyone - set(c) for n in range(len(failable) + 1) for c in combinations(failable, n)
    ]
    assert {pair for alive in livenesses for pair in routes(topology, alive, skips).items()} == set(outputs)


@given(case=failures(), skips=st.sampled_from(Skips))
def test_a_route_names_the_links_heard_and_all_links_before_them(
    case: tuple[Topology, frozenset[str]], skips: Skips
) -> None:
    topology, alive = case
    found = routes(topology, alive, skips)
    for name, route in found.items():
        received = inputs(topology, name, route)
        assert bool(received) == (name not in topology.sources)
        assert all(link.source in found and is_active(link, alive, skips) for link in received)
        assert route == {link.key for link in received}.union(*(found[link.source] for link in received))


@given(case=failures(), skips=st.sampled_from(Skips))
def test_silent_nodes_that_send_are_all_the_living(
    case: tuple[Topology, frozenset[str]], skips: Skips
) -> None:
    topology, alive = case
    strict = routes(topology, alive, skips)
    lenient = routes(topology, alive, skips, silent_nodes_send=True)
    assert set(lenient) == alive
    if set(strict) == alive:
        assert lenient == strict
    for name in alive - set(strict):
        assert all(link.source not in strict for link in inputs(topology, name, lenient[name]))


def test_a_silent_node_that_sends_is_heard_downstream() -> None:
    chain = vertical(dict.fromkeys(["i", "a", "b", "c"], 1))
    alive = chain.everyone - {"a"}
    assert set(routes(chain, alive, Skips.ON_FAILURE)) == {"i"}
    lenient = routes(chain, alive, Skips.ON_FAILURE, silent_nodes_send=True)
    assert lenient == {"i": set(), "b": set(), "c": {"b->c"}}


def test_a_failed_source_or_cloud_ends_the_flow() -> None:
    chain = with_skips(vertical(dict.fromkeys(["i", "a", "c"], 1)))
    assert routes(chain, frozenset({"a", "c"}), Skips.ALWAYS) == {}
    assert set(routes(chain, frozenset({"i", "a"}), Skips.ALWAYS)) == {"i", "a"}


@pytest.mark.parametrize("rule", Skips)
def test_a_rule_for_skips_may_be_given_by_its_value(rule: Skips) -> None:
    chain = with_skips(vertical(dict.fromkeys(["i", "a", "b", "c"], 1)))
    alive = chain.everyone - {"a"}
    assert routes(chain, alive, rule.value) == routes(chain, alive, rule)
    for link in chain.links:
        assert is_active(link, alive, rule.value) is is_active(link, alive, rule)


@pytest.mark.parametrize("skips", ["Always", True, None, 1, ["always"]])
def test_what_is_no_rule_for_skips_is_refused(skips: object) -> None:
    chain = with_skips(vertical(dict.fromkeys(["i", "a", "c"], 1)))
    message = "is not a valid Skips"
    calls = [
        lambda: routes(chain, chain.everyone, skips),
        lambda: routes(chain.without_skips(), chain.everyone, skips),
        lambda: is_active(chain.skips[0], chain.everyone, skips),
        lambda: DistributedNetwork([nn.Identity()] * 3, chain, input_shape=(3,), skips=skips),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=message) as refusal:
            call()
        assert str(refusal.value).startswith(repr(skips))


def test_only_nodes_that_exist_can_be_alive() -> None:
    chain = vertical(dict.fromkeys(["i", "a", "c"], 1))
    with pytest.raises(ValueError, match="'z' is no physical node; there are i, a, c"):
        routes(chain, {"i", "z"}, Skips.NEVER)


def test_a_route_passes_the_ends_of_its_hyperconnections() -> None:
    assert passed(frozenset({"i->n1", "n1->n3"})) == {"i", "n1", "n3"}
    assert passed(frozenset()) == set()


CHAIN = with_skips(vertical({"i": 0, "n1": 1, "n2": 1, "n3": 1, "n4": 1}))


@settings(max_examples=60)
@given(topologies(), st.sampled_from(Skips), st.data())
def test_what_all_send_who_agree_on_who_has_failed_joins_to_the_route(
    topology: Topology, skips: Skips, data: st.DataObject
) -> None:
    failed = data.draw(st.frozensets(st.sampled_from(topology.order)))
    found = routes(topology, topology.everyone - failed, skips)
    for name, route in found.items():
        arrived = {link.key: found[link.source] for link in inputs(topology, name, route)}
        assert Joining(topology, name, skips)(arrived, failed) == route
        if len(arrived) > 1 and skips is Skips.ALWAYS:
            missing = data.draw(st.sampled_from(sorted(arrived)))
            rest = {key: value for key, value in arrived.items() if key != missing}
            joined = Joining(topology, name, skips)(rest, failed)
            assert joined in (None, frozenset(rest).union(*rest.values()))


@pytest.mark.parametrize(
    ("skips", "arrived", "failed", "joins"),
    [
        (Skips.ON_FAILURE, {"n2->n3": {"i->n1", "n1->n2"}}, set(), True),
        (Skips.ON_FAILURE, {"n2->n3": {"i->n2"}}, set(), True),  # the sender knew of n1 before this node did
        (Skips.ON_FAILURE, {"n1->n3": {"i->n1"}}, set(), True),  # n1 knew of n2
        (Skips.ON_FAILURE, {"n2->n3": {"i->n1", "n1->n2"}}, {"n1", "n2"}, True),  # sent before they failed
        (Skips.ON_FAILURE, {"n2->n3": {"i->n1", "n1->n2"}, "n1->n3": {"i->n1"}}, set(), False),
        (Skips.ALWAYS, {"n1->n3": {"i->n1"}}, set(), False),  # n2 is alive, and its frame is on its way
        (Skips.ALWAYS, {"n1->n3": {"i->n1"}}, {"n2"}, True),
        (Skips.ALWAYS, {"n2->n3": {"i->n2"}}, set(), True),  # n1 had failed
        (Skips.ALWAYS, {}, set(), False),
    ],
)
def test_nodes_may_differ_in_what_they_know(
    skips: Skips, arrived: dict[str, set[str]], failed: set[str], joins: bool
) -> None:
    came = {key: Route(route) for key, route in arrived.items()}
    found = Joining(CHAIN, "n3", skips)(came, frozenset(failed))
    assert found == (frozenset(came).union(*came.values()) if joins else None)


def test_a_source_joins_what_nothing_arrives_at() -> None:
    assert Joining(CHAIN, "i", Skips.ON_FAILURE)({}, frozenset({"n1"})) == frozenset()
