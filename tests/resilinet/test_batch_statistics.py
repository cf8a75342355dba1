"""Statistics by route: what a node receives on that route, neither more nor less, and nothing else is touched."""

import copy
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from companion.results.statistics_files import cost, flat, from_flat
from resilinet.batch_statistics import Statistics, estimate_batch_statistics
from resilinet.evaluation import correct_counts
from resilinet.failures import scenario_key, scenarios
from resilinet.models import mlp
from resilinet.network import DistributedNetwork
from resilinet.routing import Route, Skips, routes
from resilinet.topology import Hyperconnection, Node, Topology, vertical, with_skips

TOPOLOGY = with_skips(vertical({"i": 1, "a": 1, "b": 1, "c": 2}))
X = torch.rand(24, 3, 5, 5, generator=torch.Generator().manual_seed(0))
SOUND = pytest.mark.parametrize("skips", [Skips.ON_FAILURE, Skips.ALWAYS])


def network(skips: Skips = Skips.ON_FAILURE, **options: object) -> DistributedNetwork:
    """Four nodes in a chain, each a convolution, batch normalisation and ReLU, skips around one node at a time."""
    torch.manual_seed(1)
    blocks: list[nn.Module] = [
        nn.Sequential(nn.Conv2d(inside, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU())
        for inside in (3, 4, 4, 4)
    ]
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5))
    net = DistributedNetwork([*blocks, head], TOPOLOGY, input_shape=(3, 5, 5), skips=skips, **options)
    for norm in net.modules():
        if isinstance(norm, nn.BatchNorm2d):
            nn.init.uniform_(norm.weight, 0.5, 2)
            nn.init.normal_(norm.bias)
    return net.eval()


def reaching(skips: Skips) -> Iterator[tuple[frozenset[str], dict[str, Route]]]:
    for failed in scenarios(TOPOLOGY):
        plan = routes(TOPOLOGY, TOPOLOGY.everyone - failed, skips)
        if "c" in plan:
            yield failed, plan


def assert_close(one: dict[str, Tensor], other: dict[str, Tensor], **tolerance: float) -> None:
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(tensor, other[name], **tolerance)


def test_means_and_variances_by_hand_along_the_path_of_every_scenario() -> None:
    net, pairs = network(), set()
    found = estimate_batch_statistics(net, X)
    for failed, plan in reaching(Skips.ON_FAILURE):
        # Under ResiliNet the living nodes are a path: each receives the living one before it.
        x = X
        for name in (name for name in "iabc" if name not in failed):
            block = net.nodes[name][0]
            z = block[0](x)
            mean, variance = z.mean((0, 2, 3)), z.var((0, 2, 3))
            assert_close(
                found[name, plan[name]],
                {"0.1.running_mean": mean, "0.1.running_var": variance},
                rtol=1e-4,
                atol=1e-5,
            )
            scale = (block[1].weight / (variance + 1e-5).sqrt())[:, None, None]
            x = torch.relu((z - mean[:, None, None]) * scale + block[1].bias[:, None, None])
            pairs.add((name, plan[name]))
    assert set(found) == pairs


@SOUND
def test_sharing_stages_changes_nothing(skips: Skips) -> None:
    net = network(skips)
    alone: Statistics = {}
    for failed, _ in reaching(skips):
        for pair, statistics in estimate_batch_statistics(net, X, [failed], chunk=7).items():
            assert_close(statistics, alone.setdefault(pair, statistics), rtol=0, atol=0)
    shared = estimate_batch_statistics(net, X, chunk=7)
    assert shared.keys() == alone.keys()
    for pair, statistics in shared.items():
        assert_close(statistics, alone[pair], rtol=0, atol=0)


def test_several_chunks_count_alike() -> None:
    net = network()
    found = estimate_batch_statistics(net, X, chunk=12)["i", frozenset()]
    halves = [net.nodes["i"][0][0](part) for part in X.split(12)]
    expected = {
        "0.1.running_mean": sum(z.mean((0, 2, 3)) for z in halves) / 2,
        "0.1.running_var": sum(z.var((0, 2, 3)) for z in halves) / 2,
    }
    assert_close(found, expected)


def test_running_statistics_approach_those_of_the_only_route() -> None:
    net = network(Skips.NEVER)
    found = estimate_batch_statistics(net, X, [frozenset()])
    net.train()
    for _ in range(100):
        net(X)
    for (name, _), statistics in found.items():
        running = dict(net.nodes[name].named_buffers())
        # Training divides by the biased deviation of a batch, evaluation by the unbiased one.
        assert_close(statistics, {key: running[key] for key in statistics}, rtol=0.02, atol=0.01)


@SOUND
def test_failed_nodes_are_never_read(skips: Skips) -> None:
    for failed, _ in reaching(skips):
        net = network(skips)
        before = estimate_batch_statistics(net, X, [failed])
        for name in failed:
            for tensor in (*net.nodes[name].parameters(), *net.nodes[name].buffers()):
                if tensor.is_floating_point():
                    nn.init.constant_(tensor, float("nan"))
        after = estimate_batch_statistics(net, X, [failed])
        assert before.keys() == after.keys()
        for pair, statistics in after.items():
            assert_close(statistics, before[pair], rtol=0, atol=0)


def test_the_network_is_left_as_it_was() -> None:
    net = network().train()
    net.nodes["b"].eval()
    mine: Statistics = {("i", frozenset()): {"0.1.running_mean": torch.full((4,), float("nan"))}}
    net.route_statistics = mine
    modes = [module.training for module in net.modules()]
    state = copy.deepcopy(net.state_dict())
    found = estimate_batch_statistics(net, X, chunk=5)
    assert [module.training for module in net.modules()] == modes
    assert_close(net.state_dict(), state, rtol=0, atol=0)
    assert net.route_statistics is mine
    assert all(tensor.isfinite().all() for buffers in found.values() for tensor in buffers.values())
    momenta = {module.momentum for module in net.modules() if isinstance(module, nn.BatchNorm2d)}
    assert momenta == {0.1}


def test_each_route_is_normalised_though_what_arrives_differs() -> None:
    net, seen = network(weights={"i->b": 10.0}), []
    # What batch normalisation gives before its weight and bias: mean 0 and variance 1 when the statistics fit.
    norm = net.nodes["b"][0][1]
    nn.init.ones_(norm.weight)
    nn.init.zeros_(norm.bias)
    norm.register_forward_hook(lambda module, given, output: seen.append(output))
    net.train()
    for _ in range(150):
        net(X)
    net.eval()
    by_route = estimate_batch_statistics(net, X)
    for statistics, fits in ({}, [True, False]), (by_route, [True, True]):
        net.route_statistics = statistics
        for failed, fit in zip([set(), {"a"}], fits, strict=True):
            seen.clear()
            net(X, TOPOLOGY.everyone - failed)
            off = max(seen[0].mean((0, 2, 3)).abs().max(), (seen[0].var((0, 2, 3)) - 1).abs().max())
            assert bool(off < 0.05) is fit


@SOUND
def test_a_network_computes_with_the_statistics_of_the_route_everywhere(skips: Skips) -> None:
    net, y = network(skips), torch.arange(24) % 5
    before = net(X)
    net.route_statistics = estimate_batch_statistics(net, X)
    assert not torch.equal(net(X), before)
    forward = {}
    for failed in scenarios(TOPOLOGY):
        logits = net(X, TOPOLOGY.everyone - failed)
        forward[scenario_key(TOPOLOGY, failed)] = (
            None if logits is None else int((logits.argmax(1) == y).sum())
        )
    assert correct_counts(net, X, y, chunk=9) == forward


def test_statistics_equal_to_the_running_ones_change_no_bit() -> None:
    net = network()
    for _ in range(3):
        net.train()(X)
    before = net.eval()(X)
    for name, route in routes(TOPOLOGY, TOPOLOGY.everyone, net.skips).items():
        net.route_statistics[name, route] = {
            f"0.1.{buffer}": getattr(net.nodes[name][0][1], buffer).clone()
            for buffer in ("running_mean", "running_var")
        }
    assert torch.equal(net(X), before)


def test_training_ignores_them_and_leaves_them_alone() -> None:
    one, other = network().train(), network().train()
    other.route_statistics = estimate_batch_statistics(other, X)
    kept = copy.deepcopy(other.route_statistics)
    assert torch.equal(one(X), other(X))
    assert_close(one.state_dict(), other.state_dict(), rtol=0, atol=0)
    for pair, statistics in other.route_statistics.items():
        assert_close(statistics, kept[pair], rtol=0, atol=0)


def test_another_precision_is_kept() -> None:
    single, half = network(), network().to(torch.bfloat16)
    rough = estimate_batch_statistics(half, X.to(torch.bfloat16))
    for pair, statistics in estimate_batch_statistics(single, X).items():
        assert {tensor.dtype for tensor in rough[pair].values()} == {torch.bfloat16}
        assert_close(
            {name: tensor.float() for name, tensor in rough[pair].items()}, statistics, rtol=0.03, atol=0.03
        )


def test_they_follow_the_network_to_another_type_and_device() -> None:
    net = network()
    net.route_statistics = estimate_batch_statistics(net, X)
    double = copy.deepcopy(net).double()
    torch.testing.assert_close(double(X.double()).float(), net(X))
    elsewhere = net.to("meta").route_statistics
    assert {t.device.type for buffers in elsewhere.values() for t in buffers.values()} == {"meta"}


def test_images_as_they_are_stored_give_what_their_values_give() -> None:
    net, images = network(), (X * 255).to(torch.uint8)
    stored, values = estimate_batch_statistics(net, images), estimate_batch_statistics(net, images / 255)
    for pair, statistics in stored.items():
        assert_close(statistics, values[pair])


def test_a_network_without_batch_normalisation_has_none() -> None:
    topology = mlp.topology()
    net = DistributedNetwork(
        mlp.blocks(features=5, width=8), topology, input_shape=(5,), adapters=mlp.adapters(topology, 5, 8)
    )
    assert estimate_batch_statistics(net, torch.randn(4, 5)) == {}
    assert cost({}).total_numbers == 0


def test_the_cost_is_a_set_for_each_route_beyond_the_first() -> None:
    """i and a are reached by one route; b over a or past it; c from b, by either of its routes, or past it."""
    found = cost(estimate_batch_statistics(network(), X))
    assert found.numbers == {"i": 0, "a": 0, "b": 2 * 4, "c": 2 * 2 * 4}
    assert found.bytes == {name: 4 * count for name, count in found.numbers.items()}
    assert (found.total_numbers, found.total_bytes) == (24, 96)


def test_flat_names_lead_back() -> None:
    found = estimate_batch_statistics(network(), X)
    plain = flat(found)
    assert "b|i->b|0.1.running_mean" in plain
    assert from_flat(plain) == found


@pytest.mark.parametrize(("examples", "chunk"), [(1, 512), (24, 1)])
def test_statistics_need_two_examples(examples: int, chunk: int) -> None:
    with pytest.raises(ValueError, match=f"of {examples} examples in chunks of {chunk} cannot be taken"):
        estimate_batch_statistics(network(), X[:examples], chunk=chunk)


def test_no_chunk_has_a_single_example() -> None:
    for examples in range(2, 8):
        estimate_batch_statistics(network(), X[:examples], [frozenset()], chunk=2)


def test_a_module_that_works_in_place_changes_no_statistics() -> None:
    found = []
    for inplace in (False, True):
        torch.manual_seed(1)
        blocks = [
            nn.Sequential(nn.ReLU(inplace), nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3))
            for _ in range(5)
        ]
        x = X - 0.5
        found.append(
            estimate_batch_statistics(DistributedNetwork(blocks, TOPOLOGY, input_shape=(3, 5, 5)), x)
        )
        assert torch.equal(x, X - 0.5)
    for pair, statistics in found[0].items():
        assert_close(found[1][pair], statistics, rtol=0, atol=0)


def test_statistics_of_several_sources() -> None:
    nodes = (Node("cam", 0, 1), Node("mic", 0, 1), Node("cloud", 1, 2))
    topology = Topology(nodes, (Hyperconnection("cam", "cloud"), Hyperconnection("mic", "cloud")))
    net = DistributedNetwork([nn.Identity(), nn.BatchNorm1d(4)], topology, input_shape=(4,))
    x = {name: torch.randn(9, 4) for name in ("cam", "mic")}
    (both,) = estimate_batch_statistics(net, x, chunk=9).values()
    torch.testing.assert_close(both["0.running_mean"], (x["cam"] + x["mic"]).mean(0))
    (one,) = estimate_batch_statistics(net, {"cam": x["cam"]}, [{"mic"}], chunk=9).values()
    torch.testing.assert_close(one["0.running_mean"], x["cam"].mean(0))
