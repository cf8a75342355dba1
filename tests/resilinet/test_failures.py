"""Failure settings and scenarios: Table 2's values, and probabilities that add up whichever way they are listed."""

import math
from itertools import islice, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.experiments.table_2 import TABLE_2
from resilinet.expectation import expected
from resilinet.failures import (
    ENUMERABLE,
    FailureSetting,
    covering,
    failed_nodes,
    likeliest,
    scenario_key,
    scenarios,
)
from resilinet.models import mlp
from resilinet.topology import Hyperconnection, Node, Topology, vertical

# Ties, certainties and nodes that have failed more often than not are what a best-first search gets wrong.
PROBABILITY = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]) | st.floats(1e-6, 1 - 1e-6)


def chain(failable: int) -> Topology:
    return vertical({"i": 0} | {f"n{k}": 1 for k in range(1, failable + 2)})


@st.composite
def cases(draw: st.DrawFn) -> tuple[Topology, FailureSetting]:
    topology = chain(draw(st.integers(0, 6)))
    return topology, FailureSetting("drawn", {name: draw(PROBABILITY) for name in topology.failable})


@pytest.mark.parametrize(
    ("experiment", "setting", "upstream_first"),
    [
        ("health", "no_failure", [0, 0, 0]),
        ("health", "normal", [0.08, 0.04, 0.01]),
        ("health", "poor", [0.13, 0.09, 0.05]),
        ("health", "hazardous", [0.22, 0.20, 0.15]),
        ("mobilenet", "no_failure", [0, 0]),
        ("mobilenet", "normal", [0.04, 0.02]),
        ("mobilenet", "poor", [0.10, 0.05]),
        ("mobilenet", "hazardous", [0.20, 0.15]),
        ("resnet", "no_failure", [0, 0]),
        ("resnet", "normal", [0.04, 0.02]),
        ("resnet", "poor", [0.10, 0.05]),
        ("resnet", "hazardous", [0.20, 0.15]),
    ],
)
def test_table_2(experiment: str, setting: str, upstream_first: list[float]) -> None:
    assert list(TABLE_2[experiment][setting].probability.values()) == upstream_first
    assert TABLE_2[experiment][setting].name == setting


def test_table_2_names_the_nodes_of_the_experiments_in_order() -> None:
    for setting in TABLE_2["health"].values():
        setting.check(mlp.topology())
        assert tuple(setting.probability) == mlp.topology().failable


def test_every_scenario_once_fewest_failures_first() -> None:
    listed = list(scenarios(chain(4)))
    assert len(set(listed)) == len(listed) == 2**4
    assert [len(failed) for failed in listed] == sorted(len(failed) for failed in listed)


def test_scenario_keys_read_from_upstream_to_downstream_and_back() -> None:
    topology = chain(12)
    assert scenario_key(topology, frozenset()) == "none"
    assert scenario_key(topology, frozenset({"n10", "n2"})) == "n2+n10"
    assert all(
        failed_nodes(scenario_key(topology, failed)) == failed for failed in islice(scenarios(topology), 500)
    )


def test_the_probability_of_a_scenario_by_hand() -> None:
    normal = TABLE_2["health"]["normal"]
    assert normal.scenario_probability(mlp.topology(), {"n1"}) == pytest.approx(0.08 * 0.96 * 0.99, rel=1e-12)
    assert normal.scenario_probability(mlp.topology(), {"n1", "n3"}) == pytest.approx(
        0.08 * 0.96 * 0.01, rel=1e-12
    )
    assert FailureSetting("one", {"n2": 0.3}).scenario_probability(chain(3), {"n2"}) == pytest.approx(0.3)


@given(case=cases())
def test_probabilities_of_all_scenarios_add_up_to_one(case: tuple[Topology, FailureSetting]) -> None:
    topology, setting = case
    total = math.fsum(setting.scenario_probability(topology, failed) for failed in scenarios(topology))
    assert total == pytest.approx(1, abs=1e-12)


@given(case=cases())
def test_best_first_lists_what_enumeration_lists_each_once(case: tuple[Topology, FailureSetting]) -> None:
    topology, setting = case
    listed = list(likeliest(topology, setting))
    assert len({failed for failed, _ in listed}) == len(listed)
    for failed, probability in listed:
        assert probability == pytest.approx(setting.scenario_probability(topology, failed), rel=1e-9)
    possible = {
        failed for failed in scenarios(topology) if setting.scenario_probability(topology, failed) > 0
    }
    assert {failed for failed, _ in listed} == possible


@given(case=cases())
def test_best_first_never_gets_more_probable(case: tuple[Topology, FailureSetting]) -> None:
    # Equal probabilities reached over different products differ in their last bits.
    listed = [probability for _, probability in likeliest(*case)]
    assert all(later <= earlier * (1 + 1e-12) for earlier, later in pairwise(listed))


@given(case=cases(), bound=st.floats(1e-6, 0.9))
def test_covering_stops_at_the_bound_and_says_what_it_left_out(
    case: tuple[Topology, FailureSetting], bound: float
) -> None:
    topology, setting = case
    taken, remainder = covering(topology, setting, bound)
    assert 0 <= remainder <= bound
    assert remainder == pytest.approx(1 - math.fsum(probability for _, probability in taken), abs=1e-12)
    # One scenario fewer would have left out too much.
    assert remainder + taken[-1][1] > bound - 1e-12


@given(case=cases(), bound=st.floats(1e-6, 0.9), data=st.data())
def test_the_exact_expectation_lies_within_the_remainder(
    case: tuple[Topology, FailureSetting], bound: float, data: st.DataObject
) -> None:
    topology, setting = case
    accuracy = {failed: data.draw(st.floats(0, 1)) for failed in scenarios(topology)}
    exact = math.fsum(
        setting.scenario_probability(topology, failed) * accuracy[failed] for failed in accuracy
    )
    assert expected(topology, setting, accuracy.__getitem__).value == pytest.approx(exact, abs=1e-12)
    found = expected(topology, setting, accuracy.__getitem__, bound)
    assert found.value - 1e-12 <= exact <= found.value + found.remainder + 1e-12


def test_without_a_bound_nothing_is_left_out() -> None:
    taken, remainder = covering(chain(5), FailureSetting("half", dict.fromkeys(chain(5).failable, 0.5)))
    assert (len(taken), remainder) == (32, 0.0)


def test_more_nodes_than_can_be_listed_need_a_bound() -> None:
    topology = chain(ENUMERABLE + 1)
    setting = FailureSetting("rare", dict.fromkeys(topology.failable, 0.01))
    with pytest.raises(
        ValueError, match=r"21 nodes can fail, too many to list all 2\^21 scenarios: give a bound"
    ):
        covering(topology, setting)
    taken, remainder = covering(topology, setting, 1e-3)
    assert taken[0] == (frozenset(), pytest.approx(0.99**21))
    assert 0 < remainder <= 1e-3
    assert len(taken) < 2000


def test_a_hundred_nodes_are_covered_from_the_likeliest_down() -> None:
    topology = chain(100)
    taken, remainder = covering(
        topology, FailureSetting("rare", dict.fromkeys(topology.failable, 0.001)), 0.01
    )
    assert remainder <= 0.01
    assert [len(failed) for failed, _ in taken] == sorted(len(failed) for failed, _ in taken)


@pytest.mark.parametrize("value", [-0.01, 1.01, math.nan, math.inf, True, "0.1", None])
def test_what_is_no_probability_is_refused(value: float) -> None:
    with pytest.raises(
        ValueError, match=r"setting 'mine': .* is no probability for node 'n1'; give a number"
    ):
        FailureSetting("mine", {"n1": value})


def two_sources() -> Topology:
    nodes = (Node("cam", 0, 1), Node("mic", 0, 1), Node("fog", 1, 2), Node("cloud", 2, 3))
    ends = [("cam", "fog"), ("mic", "fog"), ("fog", "cloud")]
    return Topology(nodes, tuple(Hyperconnection(*pair) for pair in ends))


def test_of_several_sources_one_may_fail() -> None:
    topology, setting = two_sources(), FailureSetting("mine", {"mic": 0.3, "fog": 0.2, "cam": 0})
    assert setting.failing(topology) == ("mic", "fog")
    assert setting.scenario_probability(topology, {"mic"}) == pytest.approx(0.3 * 0.8)
    taken, remainder = covering(topology, setting)
    assert dict(taken) == pytest.approx(
        {
            frozenset(): 0.56,
            frozenset({"mic"}): 0.24,
            frozenset({"fog"}): 0.14,
            frozenset({"mic", "fog"}): 0.06,
        }
    )
    assert remainder == 0
    with pytest.raises(ValueError, match="'cloud' is a source or the cloud and never fails; give it 0"):
        FailureSetting("mine", {"cloud": 0.1}).check(topology)


@pytest.mark.parametrize("node", ["i", "n4"])
def test_the_only_source_and_the_cloud_never_fail(node: str) -> None:
    with pytest.raises(ValueError, match=f"'{node}' is a source or the cloud and never fails; give it 0"):
        FailureSetting("mine", {node: 0.1}).check(mlp.topology())
    FailureSetting("mine", {node: 0.0}).check(mlp.topology())


def test_nodes_of_another_topology_are_refused_wherever_a_setting_is_used() -> None:
    setting = FailureSetting("mine", {"m1": 0.1})
    with pytest.raises(
        ValueError, match="setting 'mine' names 'm1'; this topology's nodes are i, n1, n2, n3, n4"
    ):
        setting.check(mlp.topology())
    with pytest.raises(ValueError, match="names 'm1'"):
        covering(mlp.topology(), setting)


@pytest.mark.parametrize(
    ("failed", "message"),
    [({"n9"}, "'n9' is no physical node; there are i, n1"), ("n1", "'n1' is no set of")],
)
def test_a_scenario_of_nodes_that_do_not_exist_has_no_key_and_no_probability(
    failed: object, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        scenario_key(chain(3), failed)
    with pytest.raises(ValueError, match=message):
        FailureSetting("one", {"n2": 0.3}).scenario_probability(chain(3), failed)


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ("fogg", "setting 'own' names 'fogg'; this topology's nodes are i, n1, n2, n3, n4."),
        ("i", "'i' is a source or the cloud and never fails; give it 0."),
        ("n4", "'n4' is a source or the cloud and never fails; give it 0."),
    ],
)
def test_a_setting_that_does_not_fit_the_topology_gives_no_scenario_a_probability(
    node: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        FailureSetting("own", {node: 0.5}).scenario_probability(chain(3), frozenset())


@pytest.mark.parametrize("bound", [-0.1, 2, float("nan"), "0.1", None, True])
def test_a_bound_is_a_probability(bound: Any) -> None:
    with pytest.raises(ValueError, match="bounds no probability; give a number from 0 to 1"):
        covering(vertical({"a": 1, "b": 1, "c": 1}), FailureSetting("worn", {"b": 0.5}), bound)
