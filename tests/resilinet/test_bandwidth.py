"""Numbers that hyperconnections carry, from the modules' real outputs."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resilinet.bandwidth import bandwidth_saving, link_elements
from resilinet.models import mlp
from resilinet.network import DistributedNetwork
from resilinet.routing import Skips
from resilinet.topology import vertical, with_skips

TOPOLOGY = mlp.topology()
FOUR_LINKS = {"i->n1": 23, "n1->n2": 250, "n2->n3": 250, "n3->n4": 250}


@pytest.fixture(scope="module")
def elements() -> dict[str, int]:
    network = DistributedNetwork(mlp.blocks(), TOPOLOGY, input_shape=(23,), adapters=mlp.adapters(TOPOLOGY))
    return network.elements()


def test_the_mlp_sends_its_input_and_its_hidden_layers(elements: dict[str, int]) -> None:
    assert elements == {"i": 23, "n1": 250, "n2": 250, "n3": 250, "n4": 13}


def test_health_saves_40_355_percent(elements: dict[str, int]) -> None:
    """Table 4 prints 40.35: cut off, not rounded."""
    assert bandwidth_saving(TOPOLOGY, elements) == pytest.approx(523 / 1296, rel=1e-12)
    assert f"{100 * bandwidth_saving(TOPOLOGY, elements):.3f}" == "40.355"


def test_another_partition_saves_another_share() -> None:
    topology = mlp.topology((2, 3, 2, 3), skips=(("i", "n2"),))
    network = DistributedNetwork(
        mlp.blocks(width=100), topology, input_shape=(23,), adapters=mlp.adapters(topology, width=100)
    )
    assert bandwidth_saving(topology, network.elements()) == pytest.approx(23 / (323 + 23), rel=1e-12)


@pytest.mark.parametrize(
    ("failed", "skips", "carried"),
    [
        ("", Skips.ALWAYS, FOUR_LINKS | {"i->n2": 23, "n1->n3": 250, "n2->n4": 250}),
        ("", Skips.ON_FAILURE, FOUR_LINKS),
        ("n1", Skips.ON_FAILURE, {"i->n2": 23, "n2->n3": 250, "n3->n4": 250}),
        ("n2", Skips.ON_FAILURE, {"i->n1": 23, "n1->n3": 250, "n3->n4": 250}),
        ("n1 n3", Skips.ON_FAILURE, {"i->n2": 23, "n2->n4": 250}),
        ("n1", Skips.ALWAYS, {"i->n2": 23, "n2->n3": 250, "n3->n4": 250, "n2->n4": 250}),
        ("n1 n2", Skips.ON_FAILURE, {}),
        ("n2 n3", Skips.ON_FAILURE, {"i->n1": 23}),
        ("n2", Skips.NEVER, {"i->n1": 23}),
    ],
)
def test_what_each_hyperconnection_carries_by_hand(
    elements: dict[str, int], failed: str, skips: Skips, carried: dict[str, int]
) -> None:
    found = link_elements(TOPOLOGY, elements, TOPOLOGY.everyone - set(failed.split()), skips)
    assert found == dict.fromkeys((link.key for link in TOPOLOGY.links), 0) | carried


@given(sent=st.lists(st.integers(1, 10**6), min_size=3, max_size=6))
def test_the_saving_is_skips_over_simple_and_skips(sent: list[int]) -> None:
    topology = with_skips(vertical({f"p{k}": 1 for k in range(len(sent))}))
    simple, skips = sum(sent[:-1]), sum(sent[:-2])
    share = bandwidth_saving(topology, dict(zip(topology.order, sent, strict=True)))
    assert share == pytest.approx(float(Fraction(skips, simple + skips)))


def test_without_skips_nothing_is_saved(elements: dict[str, int]) -> None:
    assert bandwidth_saving(TOPOLOGY.without_skips(), elements) == 0
