"""Failures that come together, and copies of nodes: their probabilities, and the bad input that is refused."""

import math

import pytest

from companion.extensions.joint_failures import JointFailures, replicated
from resilinet.expectation import expected
from resilinet.failures import FailureSetting
from resilinet.topology import vertical

CHAIN = vertical({"i": 0, "n1": 1, "n2": 1, "n3": 1, "n4": 1})
SETTING = FailureSetting("hazardous", {"n1": 0.22, "n2": 0.2, "n3": 0.15})


def worth(failed: frozenset[str]) -> float:
    return 0.9 - 0.2 * len(failed) - 0.05 * ("n2" in failed)


def fails(setting: JointFailures, node: str) -> float:
    return math.fsum(p for failed, p in setting.scenarios().items() if node in failed)


def test_independent_events_give_the_same_expectation() -> None:
    both = JointFailures.independent(SETTING)
    assert both.expected(worth) == pytest.approx(expected(CHAIN, SETTING, worth).value, abs=1e-14)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_power_cut_leaves_each_node_as_reliable_as_before(share: float) -> None:
    cut = JointFailures.independent(SETTING).power_cut(("n1", "n2"), share)
    for node, p in SETTING.probability.items():
        assert fails(cut, node) == pytest.approx(p, abs=1e-14)
    together = math.fsum(p for failed, p in cut.scenarios().items() if {"n1", "n2"} <= failed)
    assert together == pytest.approx(0.22 * 0.2) if not share else together > 0.22 * 0.2 + 0.05
    assert math.fsum(cut.scenarios().values()) == pytest.approx(1, abs=1e-14)


def test_a_node_takes_others_with_it() -> None:
    falling = JointFailures.independent(SETTING).falling({"n1": {"n1", "n2", "n3"}, "n2": {"n2", "n3"}})
    assert set(falling.scenarios()) == {
        frozenset(),
        frozenset({"n3"}),
        frozenset({"n2", "n3"}),
        frozenset({"n1", "n2", "n3"}),
    }
    assert falling.scenarios()[frozenset({"n1", "n2", "n3"})] == pytest.approx(0.22)


def test_copies_all_have_to_fail() -> None:
    assert replicated(CHAIN, SETTING, {"n1": 3}).probability == {"n1": 0.22**3, "n2": 0.2, "n3": 0.15}


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (
            lambda: replicated(CHAIN, SETTING, {"n1": 0}),
            r"node 'n1' cannot have 0 copies; give a whole number",
        ),
        (lambda: replicated(CHAIN, SETTING, {"n9": 2}), "'n9' is no physical node"),
        (lambda: JointFailures("odd", ((frozenset({"n1"}), 1.5),)), "1.5 is no probability for node 'n1'"),
        (lambda: JointFailures("long", ((frozenset({"n1"}), 0.1),) * 21), "21 events, too many"),
        (
            lambda: JointFailures.independent(SETTING).power_cut(("n1",), 0.5),
            r"\('n1',\) cannot lose power together; give two or more of n1, n2, n3 that fail",
        ),
        (lambda: JointFailures.independent(SETTING).power_cut(("n1", "n4"), 0.5), "cannot lose power"),
        (lambda: JointFailures.independent(SETTING).power_cut(("n1", "n2"), 2), "2 is no share of failures"),
    ],
)
def test_bad_input_is_one_sentence(bad, why: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=why) as found:
        bad()
    assert str(found.value).count("\n") == 0
