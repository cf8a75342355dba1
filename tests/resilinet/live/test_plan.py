"""Plans say where nodes listen, and are refused where no network could run by them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from live_network import chain
from resilinet.live import Plan, PlanError, read_plan
from resilinet.live.plan import upstream, watched
from resilinet.models.partitions import camera, mlp
from resilinet.network import DistributedNetwork
from resilinet.routing import Skips
from resilinet.topology import vertical

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
    with pytest.raises(
        PlanError, match=r"has an address for 'n9'; this network's nodes are i, n1, n2, n3, n4\."
    ):
        Plan(ADDRESSES | {"n9": "a:1"}).check(mlp())
    with pytest.raises(PlanError, match="has no address for 'n4'"):
        Plan({name: ADDRESSES[name] for name in NODES[:-1]}).check(mlp())
    with pytest.raises(PlanError, match="has no address for 'c1'"):
        Plan({"cloud": "a:1"}).check(camera())
    names = {f"n{k}": 1 for k in range(65)}
    with pytest.raises(PlanError, match="at most 64 nodes"):
        Plan({name: f"a:{k}" for k, name in enumerate(names, 1)}).check(vertical(names))


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
    found: list[tuple[Plan, DistributedNetwork]] = [
        (PLAN, other),
        (PLAN, weighted),
        (PLAN, normalised),
        (PLAN, chain(Skips.ALWAYS)),
        (replace(PLAN, batch=65), chain()),
        (Plan(ADDRESSES | {"n1": "127.0.0.1:9"}), chain()),
    ]
    assert len({plan.digest(network) for plan, network in found} | {plain}) == len(found) + 1


def test_nodes_watch_what_they_receive_from_send_to_and_lead_around() -> None:
    on_failure = watched(mlp(), Skips.ON_FAILURE)
    assert on_failure["i"] == {"n1"}
    assert on_failure["n2"] == {"i", "n1", "n3"}
    assert on_failure["n4"] == {"i", "n1", "n2", "n3"}
    assert watched(mlp(), Skips.ALWAYS)["i"] == {"n1", "n2"}
    assert watched(mlp().without_skips(), Skips.NEVER)["i"] == {"n1"}
    assert watched(camera(), Skips.ON_FAILURE)["e2"] == {"c3", "f4"}
    assert upstream(camera())["f3"] == {"c1", "c2", "e1"}


def test_long_chains_are_watched_in_no_time() -> None:
    assert len(upstream(mlp((1,) * 60, tuple((f"n{k}", f"n{k + 2}") for k in range(1, 58))))["n60"]) == 60


def test_a_plan_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text('network = "a.pt"\nbatch = 8\n[nodes]\nn1 = "10.0.0.7:5001"\n', encoding="utf-8")
    assert read_plan(path) == (tmp_path / "a.pt", Plan({"n1": "10.0.0.7:5001"}, batch=8))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("network = ", "not a plan in TOML"),
        ('network = "a.pt"', "a plan has a network, the path of its file, and a table nodes"),
        ('network = 1\n[nodes]\nn1 = "a:1"', "a plan has a network"),
        (
            'network = "a.pt"\nrate = 3\n[nodes]\nn1 = "a:1"',
            "'rate' is no part of a plan; besides these there are batch",
        ),
        ('network = "a.pt"\n[nodes]\nn1 = "a:1"\nn2 = "a:1"', "have one address"),
    ],
)
def test_files_that_are_no_plans_are_refused(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match=problem):
        read_plan(path)
    with pytest.raises(PlanError, match="not a plan in TOML"):
        read_plan(tmp_path / "missing.toml")
