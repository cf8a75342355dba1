"""Plans say where nodes listen, and are refused where no network could run by them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from live_network import chain
from resilinet.live import Plan, PlanError
from resilinet.models.partitions import camera, mlp
from resilinet.network import DistributedNetwork
from resilinet.routing import Skips

NODES = ("i", "n1", "n2", "n3", "n4")
ADDRESSES = {name: f"127.0.0.1:{5000 + k}" for k, name in enumerate(NODES)}
PLAN = Plan(ADDRESSES)


@pytest.mark.parametrize(
    ("addresses", "problem"),
    [
        ({"n1": "127.0.0.1"}, "'127.0.0.1' is no address for node 'n1'; give host:port."),
        ({"n1": "host:0"}, "'host:0' is no address"),
        ({"n1": "host:70000"}, "'host:70000' is no address"),
        ({"n1": 7}, "7 is no address"),
        ({"n1": "a:1", "n2": "a:1"}, "nodes 'n1' and 'n2' have one address, a:1."),
    ],
)
def test_addresses_that_cannot_be_are_refused(addresses: dict[str, str], problem: str) -> None:
    with pytest.raises(PlanError, match=problem):
        Plan(addresses)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"batch": 0}, "batch is 0; give a number from 1 to 65536."),
        ({"batch": 1.5}, "batch is 1.5"),
        ({"deadline": -1.0}, "deadline is -1.0; give a number from 0.01 to 3600."),
        ({"patience": "soon"}, "patience is 'soon'"),
        ({"heartbeat": float("nan")}, "heartbeat is nan"),
        ({"heartbeat": True}, "heartbeat is True"),
    ],
)
def test_numbers_out_of_range_are_refused(values: dict[str, object], problem: str) -> None:
    with pytest.raises(PlanError, match=problem):
        replace(PLAN, **values)  # type: ignore[arg-type]


def test_a_plan_must_name_the_networks_nodes() -> None:
    PLAN.check(mlp())
    with pytest.raises(PlanError, match=r"has an address for 'n9'; this network has i, n1, n2, n3, n4\."):
        Plan(ADDRESSES | {"n9": "a:1"}).check(mlp())
    with pytest.raises(PlanError, match="has no address for 'n4'"):
        Plan({name: ADDRESSES[name] for name in NODES[:-1]}).check(mlp())
    with pytest.raises(PlanError, match="has no address for 'c1'"):
        Plan({"cloud": "a:1"}).check(camera())


def test_the_digest_tells_all_apart_that_would_compute_something_else() -> None:
    plain = PLAN.digest(chain())
    assert plain == PLAN.digest(chain())
    other = chain()
    with torch.no_grad():
        next(other.nodes["n3"].parameters())[0, 0] += 1e-6
    weighted = chain()
    weighted.fixed_weights = {**weighted.fixed_weights, "i->n2": 0.5}
    normalised = chain()
    normalised.route_statistics = {("n1", frozenset({"i->n1"})): {"0.running_mean": torch.zeros(6)}}
    last = chain()
    last.channels_last = True
    found: list[tuple[Plan, DistributedNetwork]] = [
        (PLAN, last),
        (PLAN, other),
        (PLAN, weighted),
        (PLAN, normalised),
        (PLAN, chain(Skips.ALWAYS)),
        (replace(PLAN, batch=65), chain()),
        (Plan(ADDRESSES | {"n1": "127.0.0.1:9"}), chain()),
    ]
    assert len({plan.digest(network) for plan, network in found} | {plain}) == len(found) + 1
