"""Information flow through long chains: recursion, enumeration and the routes of real topologies agree."""

import math

import pytest

from companion.paper.depth import enumerated, flow
from resilinet.expectation import expected
from resilinet.failures import FailureSetting
from resilinet.routing import routes
from resilinet.topology import vertical, with_skips


@pytest.mark.parametrize("around", [0, 1, 2])
def test_the_recursion_is_what_routes_say(around: int) -> None:
    names = [f"n{k}" for k in range(8)]
    pairs = [(names[a], names[a + s + 1]) for s in range(1, around + 1) for a in range(8 - s - 1)]
    topology = with_skips(vertical(dict.fromkeys(names, 1)), pairs)
    setting = FailureSetting("chain", dict.fromkeys(names[1:-1], 0.3))
    reached = expected(
        topology,
        setting,
        lambda failed: float(topology.cloud in routes(topology, topology.everyone - failed, "on failure")),
    )
    assert flow(6, 0.3, around) == pytest.approx(reached.value, abs=1e-12)
    assert enumerated(6, 0.3, around, 0.0).value == pytest.approx(reached.value, abs=1e-12)


def test_without_skips_every_node_must_be_alive() -> None:
    assert flow(1000, 1e-3, 0) == pytest.approx(0.999**1000)
    assert flow(0, 0.5, 0) == 1.0


@pytest.mark.parametrize(("depth", "failure"), [(100, 1e-3), (1000, 1e-4)])
def test_the_bounded_enumeration_encloses_the_exact_value(depth: int, failure: float) -> None:
    for around in (0, 1, 2):
        found = enumerated(depth, failure, around, 0.005)
        assert 0 < found.remainder <= 0.005
        assert found.value - 1e-12 <= flow(depth, failure, around) <= found.value + found.remainder + 1e-12


def test_longer_skips_never_hurt() -> None:
    found = [flow(1000, 0.01, around) for around in range(4)]
    assert found == sorted(found)
    assert math.isclose(found[1], 0.906, abs_tol=0.003)


@pytest.mark.parametrize(
    ("depth", "failure", "around", "why"),
    [
        (-1, 0.1, 1, "a chain of -1 nodes"),
        (3, 0.1, 1.5, "skips around 1.5 cannot be"),
        (3, 2.0, 1, "2.0 is no prob"),
    ],
)
def test_bad_input_is_one_sentence(depth: int, failure: float, around: int, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        flow(depth, failure, around)
