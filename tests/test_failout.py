"""Failout draws who is alive: at the stated rates, independently, and never the source or the cloud."""

from itertools import combinations

import pytest
import torch
from scipy.stats import binomtest

from resilinet.failout import Failout, uniform_rates
from resilinet.models import mlp
from resilinet.topology import Hyperconnection, Node, Topology, vertical

TOPOLOGY = mlp.topology()
RATES = {"n1": 0.05, "n2": 0.3, "n3": 0.5}
DRAWS = 20_000
# One false alarm in ten thousand for each rate, were the seed drawn anew; with the seed fixed there is none.
LEVEL = 1e-4


@pytest.fixture(scope="module")
def masks() -> list[frozenset[str]]:
    failout, generator = Failout(TOPOLOGY, RATES), torch.Generator().manual_seed(0)
    return [failout.draw(generator) for _ in range(DRAWS)]


@pytest.mark.parametrize("node", RATES)
def test_each_node_fails_out_at_its_rate(masks: list[frozenset[str]], node: str) -> None:
    failed = sum(node not in alive for alive in masks)
    assert binomtest(failed, DRAWS, RATES[node]).pvalue > LEVEL


@pytest.mark.parametrize("pair", list(combinations(RATES, 2)))
def test_nodes_fail_out_independently(masks: list[frozenset[str]], pair: tuple[str, str]) -> None:
    both = sum(alive.isdisjoint(pair) for alive in masks)
    assert binomtest(both, DRAWS, RATES[pair[0]] * RATES[pair[1]]).pvalue > LEVEL


def test_batches_are_independent(masks: list[frozenset[str]]) -> None:
    twice = sum("n3" not in a and "n3" not in b for a, b in zip(masks[::2], masks[1::2], strict=True))
    assert binomtest(twice, DRAWS // 2, 0.25).pvalue > LEVEL


def test_the_source_and_the_cloud_never_fail_out(masks: list[frozenset[str]]) -> None:
    assert all({"i", "n4"} <= alive <= TOPOLOGY.everyone for alive in masks)


def test_certain_rates_are_certain() -> None:
    generator = torch.Generator().manual_seed(0)
    failout = Failout(TOPOLOGY, {"n1": 1.0, "n2": 0.0})
    assert {failout.draw(generator) for _ in range(200)} == {frozenset({"i", "n2", "n3", "n4"})}


def test_equal_generators_draw_equal_masks() -> None:
    failout = Failout(TOPOLOGY, RATES)
    first, second = (torch.Generator().manual_seed(7) for _ in range(2))
    assert [failout.draw(first) for _ in range(50)] == [failout.draw(second) for _ in range(50)]


def test_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    Failout(TOPOLOGY, RATES).draw(torch.Generator())
    assert torch.equal(torch.get_rng_state(), before)


def test_a_rate_of_zero_leaves_the_masks_of_other_nodes_as_they_were() -> None:
    """One number a failable node is always drawn, so that schemes can be compared paired by seed."""
    first, second = (torch.Generator().manual_seed(3) for _ in range(2))
    with_n1, without = Failout(TOPOLOGY, RATES), Failout(TOPOLOGY, RATES | {"n1": 0.0})
    for _ in range(100):
        assert with_n1.draw(first) | {"n1"} == without.draw(second)


def test_no_rates_and_no_failable_node_keep_everyone() -> None:
    generator = torch.Generator()
    assert Failout(TOPOLOGY, {}).draw(generator) == TOPOLOGY.everyone
    assert Failout(vertical({"i": 0, "n1": 1}), {}).draw(generator) == {"i", "n1"}


def test_a_uniform_rate_is_that_of_every_failable_node() -> None:
    assert uniform_rates(TOPOLOGY, 0.3) == {"n1": 0.3, "n2": 0.3, "n3": 0.3}


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        ({"n1": 1.5}, "1.5 is no probability for node 'n1'"),
        ({"n1": float("nan")}, "nan is no probability for node 'n1'"),
        ({"n9": 0.1}, "names 'n9'"),
        ({"n4": 0.1}, "'n4' is a source or the cloud"),
        ({"i": 0.1}, "'i' is a source or the cloud"),
    ],
)
def test_what_cannot_be_a_rate_is_refused(rates: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Failout(TOPOLOGY, rates)


def test_one_of_several_sources_is_not_failed_out_either() -> None:
    nodes = (Node("cam", 0, 1), Node("mic", 0, 1), Node("cloud", 1, 2))
    topology = Topology(nodes, (Hyperconnection("cam", "cloud"), Hyperconnection("mic", "cloud")))
    with pytest.raises(ValueError, match="'mic' is a source or the cloud and never fails; give it 0"):
        Failout(topology, {"mic": 0.1})
