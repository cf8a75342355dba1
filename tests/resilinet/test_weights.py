"""Weights of hyperconnections, each rule by hand."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from resilinet.models import mlp
from resilinet.topology import Hyperconnection, Node, Topology, vertical, with_skips
from resilinet.weights import WeightRule, survival_scaled

TOPOLOGY = mlp.topology()
KEYS = {"i->n1", "n1->n2", "n2->n3", "n3->n4", "i->n2", "n1->n3", "n2->n4"}
NORMAL = {"n1": 0.08, "n2": 0.04, "n3": 0.01}


def draw(rule: str, seed: int = 0, **options: object) -> dict[str, float]:
    return WeightRule(rule, **options).draw(TOPOLOGY, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("rule", ["one", "learned"])
def test_every_weight_is_or_begins_at_one(rule: str) -> None:
    assert draw(rule) == dict.fromkeys(KEYS, 1.0)


def test_reliability_is_the_probability_that_the_sender_is_alive() -> None:
    assert draw("reliability", probability=NORMAL) == {
        "i->n1": 1.0,
        "i->n2": 1.0,
        "n1->n2": 1 - 0.08,
        "n1->n3": 1 - 0.08,
        "n2->n3": 1 - 0.04,
        "n2->n4": 1 - 0.04,
        "n3->n4": 1 - 0.01,
    }


def test_relative_reliability_is_the_share_of_what_the_receiver_hears() -> None:
    expected = {
        "i->n1": 1.0,
        "i->n2": 1 / 1.92,
        "n1->n2": 0.92 / 1.92,
        "n1->n3": 0.92 / 1.88,
        "n2->n3": 0.96 / 1.88,
        "n2->n4": 0.96 / 1.95,
        "n3->n4": 0.99 / 1.95,
    }
    assert draw("relative-reliability", probability=NORMAL) == pytest.approx(expected, rel=1e-12)


@given(dies=st.lists(st.floats(0, 0.999), min_size=3, max_size=3))
def test_relative_weights_of_a_receiver_add_up_to_one(dies: list[float]) -> None:
    weights = draw("relative-reliability", probability=dict(zip(TOPOLOGY.failable, dies, strict=True)))
    for name in TOPOLOGY.order:
        if received := TOPOLOGY.incoming[name]:
            assert math.fsum(weights[link.key] for link in received) == pytest.approx(1)


def test_relative_reliability_on_a_horizontal_distribution() -> None:
    nodes = (Node("a", 0, 1), Node("b", 0, 1), Node("l", 1, 2), Node("r", 1, 2), Node("z", 2, 3))
    ends = [("a", "l"), ("b", "r"), ("l", "z"), ("r", "z")]
    topology = with_skips(Topology(nodes, tuple(Hyperconnection(*pair) for pair in ends)), [("a", "z")])
    rule = WeightRule("relative-reliability", {"l": 0.5, "r": 0.25})
    weights = rule.draw(topology, torch.Generator())
    assert [weights[key] for key in ("l->z", "r->z", "a->z")] == pytest.approx(
        [0.5 / 2.25, 0.75 / 2.25, 1 / 2.25]
    )


@pytest.mark.parametrize("high", [1.0, 10.0])
def test_uniform_weights_fill_their_range(high: float) -> None:
    drawn = [value for seed in range(60) for value in draw("uniform", seed, high=high).values()]
    assert len(drawn) == 60 * len(KEYS)
    assert all(0 <= value < high for value in drawn)
    assert min(drawn) < 0.05 * high
    assert max(drawn) > 0.95 * high
    assert len(set(drawn)) == len(drawn)


def test_uniform_weights_are_those_of_the_generator() -> None:
    assert draw("uniform", 1) == draw("uniform", 1)
    assert draw("uniform", 1) != draw("uniform", 2)
    assert draw("uniform", 1, high=10.0) == {key: 10 * value for key, value in draw("uniform", 1).items()}


@pytest.mark.parametrize("rule", ["one", "learned", "reliability", "relative-reliability"])
def test_only_uniform_weights_draw_numbers(rule: str) -> None:
    generator = torch.Generator().manual_seed(5)
    before = generator.get_state()
    WeightRule(rule, NORMAL).draw(TOPOLOGY, generator)
    assert torch.equal(generator.get_state(), before)


def test_survival_scaling_multiplies_by_the_survival_of_the_sender() -> None:
    weights = dict.fromkeys(KEYS, 2.0) | {"n1->n2": 3.0}
    assert survival_scaled(weights, TOPOLOGY, {"n1": 0.1, "n3": 0.25}) == {
        "i->n1": 2.0,
        "i->n2": 2.0,
        "n1->n2": 3.0 * 0.9,
        "n1->n3": 2.0 * 0.9,
        "n2->n3": 2.0,
        "n2->n4": 2.0,
        "n3->n4": 2.0 * 0.75,
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rule": "best"}, "'best' is no weight rule; choose one of one, reliability"),
        ({"rule": "uniform", "high": math.nan}, "uniform weights up to nan cannot be drawn"),
        ({"rule": "uniform", "high": -1.0}, "uniform weights up to -1.0 cannot be drawn"),
    ],
)
def test_rules_that_cannot_be_followed_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        WeightRule(**options)


@pytest.mark.parametrize(
    ("probability", "message"),
    [
        ({"m1": 0.1}, "names 'm1'"),
        ({"n1": 2.0}, "2.0 is no probability for node 'n1'"),
        ({"n4": 0.5}, "'n4' is a source or the cloud"),
    ],
)
def test_reliabilities_of_nodes_that_cannot_fail_are_refused(
    probability: dict[str, float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        draw("reliability", probability=probability)


def test_a_receiver_whose_senders_are_all_failed_for_certain_has_no_relative_weights() -> None:
    rule = WeightRule("relative-reliability", {"b": 1.0})
    with pytest.raises(ValueError, match="'c' can receive only from nodes that fail for certain"):
        rule.draw(vertical({"a": 1, "b": 1, "c": 1}), torch.Generator())
