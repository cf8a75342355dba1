"""Shared-prefix evaluation gives what evaluating every scenario on its own gives, with fewer stages."""

import re

import pytest
import torch
from torch import nn

from resilinet import evaluation
from resilinet.evaluation import accuracy, correct_counts, expected_accuracy
from resilinet.failures import FailureSetting, scenario_key, scenarios
from resilinet.network import DistributedNetwork
from resilinet.routing import Skips
from resilinet.topology import Hyperconnection, Node, Topology, vertical, with_skips


def chain(nodes: int) -> Topology:
    return with_skips(vertical({"i": 0} | {f"n{k}": 1 for k in range(1, nodes + 1)}))


def network(topology: Topology, skips: Skips, seed: int = 0) -> DistributedNetwork:
    torch.manual_seed(seed)
    blocks = [nn.Sequential(nn.Linear(6, 6), nn.Tanh()) for _ in range(topology.blocks)]
    return DistributedNetwork(blocks, topology, input_shape=(6,), skips=skips)


def brute_force(net: DistributedNetwork, x: torch.Tensor, y: torch.Tensor) -> dict[str, int | None]:
    counts = {}
    for dead in scenarios(net.topology):
        logits = net(x, net.topology.everyone - dead)
        counts[scenario_key(net.topology, dead)] = (
            None if logits is None else int((logits.argmax(1) == y).sum())
        )
    return counts


@pytest.mark.parametrize("skips", Skips)
@pytest.mark.parametrize("nodes", [2, 4, 6])
def test_equals_brute_force(nodes: int, skips: Skips) -> None:
    net = network(chain(nodes), skips)
    x, y = torch.randn(57, 6), torch.randint(0, 6, (57,))
    assert correct_counts(net, x, y, chunk=20) == brute_force(net, x, y)


def test_equals_brute_force_on_a_horizontal_distribution() -> None:
    nodes = (Node("a", 0, 1), Node("b", 0, 1), Node("g", 1, 2), Node("h", 1, 2), Node("top", 2, 3))
    links = tuple(
        Hyperconnection(*ends) for ends in [("a", "g"), ("b", "g"), ("b", "h"), ("g", "top"), ("h", "top")]
    )
    topology = with_skips(Topology(nodes, links), [("a", "top"), ("b", "top")])
    net = network(topology, Skips.ON_FAILURE)
    x, y = torch.randn(31, 6), torch.randint(0, 6, (31,))
    assert correct_counts(net, x, y) == brute_force(net, x, y)


@pytest.mark.parametrize(("nodes", "shared", "separate"), [(4, 11, 20), (9, 142, 1280)])
def test_distinct_stages(nodes: int, shared: int, separate: int, monkeypatch: pytest.MonkeyPatch) -> None:
    net, stages = network(chain(nodes), Skips.ON_FAILURE), []
    compute = net.stage
    monkeypatch.setattr(net, "stage", lambda name, *rest: (stages.append(name), compute(name, *rest))[1])
    correct_counts(net, torch.randn(3, 6), torch.zeros(3, dtype=torch.long))
    assert len([name for name in stages if name != "i"]) == shared
    livenesses = [net.topology.everyone - dead for dead in scenarios(net.topology)]
    assert sum(len(alive) - 1 for alive in livenesses) == separate


def test_expected_accuracy_sums_every_scenario() -> None:
    net = network(chain(4), Skips.ON_FAILURE)
    x, y = torch.randn(40, 6), torch.randint(0, 6, (40,))
    setting = FailureSetting("own", {"n1": 0.3, "n2": 0.2, "n3": 0.6})
    by_hand = 0.0
    for dead in scenarios(net.topology):
        logits = net(x, net.topology.everyone - dead)
        share = 0.1 if logits is None else (logits.argmax(1) == y).float().mean().item()
        by_hand += setting.scenario_probability(net.topology, dead) * share
    found = expected_accuracy(net, x, y, setting, guess=0.1)
    assert found.value == pytest.approx(by_hand, abs=1e-6)
    assert found.remainder == 0


def test_many_nodes_are_enumerated_best_first_down_to_a_stated_bound() -> None:
    net = network(chain(24), Skips.ON_FAILURE)
    x, y = torch.randn(20, 6), torch.randint(0, 6, (20,))
    setting = FailureSetting("rare", {f"n{k}": 0.002 for k in range(1, 24)})
    with pytest.raises(ValueError, match="23 nodes can fail, too many"):
        expected_accuracy(net, x, y, setting, guess=0.1)
    coarse = expected_accuracy(net, x, y, setting, guess=0.1, bound=0.01)
    fine = expected_accuracy(net, x, y, setting, guess=0.1, bound=0.0005)
    assert 0 < fine.remainder <= 0.0005 < coarse.remainder <= 0.01
    assert coarse.value <= fine.value <= coarse.value + coarse.remainder


def test_no_information_flow_is_not_a_count_of_zero() -> None:
    net = network(chain(3), Skips.NEVER)
    counts = correct_counts(net, torch.randn(9, 6), torch.zeros(9, dtype=torch.long))
    assert counts["none"] is not None
    assert all(count is None for key, count in counts.items() if key != "none")


def test_the_mode_of_the_network_is_left_as_it_was() -> None:
    net = network(chain(2), Skips.ALWAYS).train()
    accuracy(net, torch.randn(5, 6), torch.zeros(5, dtype=torch.long))
    assert net.training


def images() -> DistributedNetwork:
    torch.manual_seed(0)
    blocks = [nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)]
    blocks.append(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5)))
    topology = with_skips(vertical({"i": 1, "n1": 1, "n2": 1, "n3": 1}))
    return DistributedNetwork(blocks, topology, input_shape=(3, 6, 6))


def test_images_are_counted_as_they_are_stored() -> None:
    net = images()
    x = torch.randint(0, 256, (40, 3, 6, 6), dtype=torch.uint8)
    # Labels that the network itself gives to the images as numbers from 0 to 1, when n1 is dead.
    y = net(x / 255, net.topology.everyone - {"n1"}).argmax(1)
    counts = correct_counts(net, x, y, chunk=7)
    assert counts == brute_force(net, x / 255, y)
    assert counts["n1"] == 40


def test_examples_are_brought_to_the_precision_of_the_network() -> None:
    net = network(chain(3), Skips.ON_FAILURE)
    x, y = torch.randn(30, 6), torch.randint(0, 6, (30,))
    before = correct_counts(net, x, y)
    assert correct_counts(net.double(), x, y) == before


def test_the_default_chunk_bounds_what_stages_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Distinct stages: one on i and n1 each, two on n2, three on n3: 4 maps of 4x6x6 numbers and 3 outputs of 5."""
    net, sizes = images(), []
    compute = net.stage
    monkeypatch.setattr(net, "stage", lambda *given: (sizes.append(len(given[-1])), compute(*given))[1])
    x, y = torch.rand(30, 3, 6, 6), torch.zeros(30, dtype=torch.long)
    correct_counts(net, x, y)
    assert set(sizes) == {30}
    sizes.clear()
    monkeypatch.setattr(evaluation, "KEPT", 11 * (4 * 4 * 36 + 3 * 5) + 5)
    correct_counts(net, x, y)
    assert max(sizes) == 11
    sizes.clear()
    monkeypatch.setattr(evaluation, "KEPT", 1)
    accuracy(net, x, y)
    assert set(sizes) == {1}


def test_examples_of_another_shape_are_refused() -> None:
    with pytest.raises(
        ValueError, match=r"source 'i' takes batches of shape \(B, 3, 6, 6\), not \(4, 6, 6, 3\)"
    ):
        correct_counts(images(), torch.rand(4, 6, 6, 3), torch.zeros(4, dtype=torch.long))


@pytest.mark.parametrize("shape", [(3,), (5,), (4, 10), ()])
def test_classes_of_another_number_are_refused(shape: tuple[int, ...]) -> None:
    message = rf"4 examples need as many classes in one row, not a tensor of {re.escape(str(shape))}"
    with pytest.raises(ValueError, match=message):
        correct_counts(images(), torch.rand(4, 3, 6, 6), torch.zeros(shape, dtype=torch.long))


def test_dead_nodes_are_named_by_any_collection() -> None:
    net, x, y = network(chain(3), Skips.ON_FAILURE), torch.randn(9, 6), torch.zeros(9, dtype=torch.long)
    assert correct_counts(net, x, y, [["n1"], ("n2", "n1")]) == correct_counts(
        net, x, y, [{"n1"}, {"n1", "n2"}]
    )


@pytest.mark.parametrize(
    ("dead", "message"),
    [
        ([set(), {"n9"}], "'n9' is no physical node; there are i, n1, n2, n3."),
        (["n1"], "'n1' is no set of physical nodes; give a set of their names: i, n1, n2, n3."),
        ({"n1"}, "'n1' is no set of physical nodes"),
    ],
)
def test_dead_nodes_that_do_not_exist_or_are_no_sets_are_refused(dead: object, message: str) -> None:
    net = network(chain(3), Skips.ON_FAILURE)
    with pytest.raises(ValueError, match=message):
        correct_counts(net, torch.randn(9, 6), torch.zeros(9, dtype=torch.long), dead)


def test_whole_numbers_that_are_no_images_are_refused_where_nothing_converts_them() -> None:
    net = network(chain(2), Skips.ON_FAILURE)
    with pytest.raises(
        ValueError, match=r"cannot compute with examples of torch.int64; give it torch.float32"
    ):
        correct_counts(net, torch.ones(3, 6, dtype=torch.int64), torch.zeros(3, dtype=torch.long))
