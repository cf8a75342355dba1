"""Networks as people bring them: usual layers, other types of numbers, devices, copies, files and compilers."""

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from resilinet.batch_statistics import estimate_batch_statistics
from resilinet.evaluation import accuracy, correct_counts
from resilinet.failures import scenario_key, scenarios
from resilinet.network import DistributedNetwork
from resilinet.topology import Hyperconnection, Node, Topology, vertical, with_skips

CHAIN = with_skips(vertical({"sensor": 0, "edge": 1, "fog": 1, "cloud": 1}))
X = torch.randn(32, 6, generator=torch.Generator().manual_seed(0))
Y = torch.randint(0, 3, (32,), generator=torch.Generator().manual_seed(1))


def built(*between: Callable[[], nn.Module]) -> DistributedNetwork:
    """Three blocks on a chain of four nodes, with these layers in the first two, in eval mode."""
    torch.manual_seed(0)
    hidden = [nn.Sequential(nn.Linear(6, 6), *(make() for make in between)) for _ in range(2)]
    network = DistributedNetwork([*hidden, nn.Linear(6, 3)], CHAIN, input_shape=(6,))
    for norm in network.modules():
        if isinstance(norm, nn.BatchNorm1d):
            nn.init.uniform_(norm.running_mean)
            nn.init.uniform_(norm.running_var, 0.5, 2)
    return network.eval()


def answers(network: DistributedNetwork, x: Tensor = X) -> dict[str, Tensor | None]:
    """What the cloud says in every scenario."""
    topology = network.topology
    with torch.no_grad():
        return {
            scenario_key(topology, failed): network(x, topology.everyone - failed)
            for failed in scenarios(topology)
        }


def by_hand(network: DistributedNetwork) -> dict[str, Tensor | None]:
    """The same, by passing tensors from node to node along the path that is open under ResiliNet."""
    found = {}
    for failed in scenarios(CHAIN):
        sent: Tensor | None = X
        for before, name in (("edge", "fog"), ("fog", "cloud")):
            sent = sent if before in failed else network.nodes[before](sent.clone())
            if {before, name} <= failed:
                sent = None
                break
        found[scenario_key(CHAIN, failed)] = None if sent is None else network.nodes["cloud"](sent)
    return found


def assert_same(found: dict[str, Tensor | None], expected: dict[str, Tensor | None]) -> None:
    assert found.keys() == expected.keys()
    for key, tensor in expected.items():
        if tensor is None:
            assert found[key] is None
        else:
            torch.testing.assert_close(found[key], tensor)


@pytest.mark.parametrize(
    "layer",
    [lambda: nn.BatchNorm1d(6), lambda: nn.Dropout(0.5), lambda: nn.ReLU(inplace=True)],
    ids=["batch normalisation", "dropout", "in-place ReLU"],
)
def test_usual_layers_compute_what_they_compute_alone(layer: Callable[[], nn.Module]) -> None:
    network, before = built(layer), X.clone()
    with torch.no_grad():
        assert_same(answers(network), by_hand(network))
    counts = correct_counts(network, X, Y)
    for key, tensor in answers(network).items():
        assert counts[key] == (None if tensor is None else int((tensor.argmax(1) == Y).sum()))
    assert torch.equal(before, X)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_count_nearly_alike(dtype: torch.dtype) -> None:
    network = built(lambda: nn.BatchNorm1d(6), nn.ReLU)
    usual = correct_counts(network, X, Y)
    other = correct_counts(network.to(dtype), X, Y)
    for key, count in usual.items():
        assert other[key] == count if count is None else abs(other[key] - count) <= 1
    assert all(tensor is None or tensor.dtype == dtype for tensor in answers(network, X.to(dtype)).values())


def test_a_network_moves_to_another_device_as_a_whole() -> None:
    network = built(lambda: nn.BatchNorm1d(6))
    network.route_statistics = estimate_batch_statistics(network, X)
    elsewhere = copy.deepcopy(network).to("meta")
    for key, tensor in answers(elsewhere, X.to("meta")).items():
        assert (tensor is None) == (key == "edge+fog")
        assert tensor is None or (tensor.device.type, tuple(tensor.shape)) == ("meta", (32, 3))
    back = elsewhere.to_empty(device="cpu")
    back.load_state_dict(network.state_dict())
    back.route_statistics = network.route_statistics
    assert_same(answers(back), answers(network))


def test_a_copy_is_independent() -> None:
    network = built(lambda: nn.BatchNorm1d(6))
    network.route_statistics = estimate_batch_statistics(network, X)
    before, twin = answers(network), copy.deepcopy(network)
    assert_same(answers(twin), before)
    with torch.no_grad():
        for tensor in (*twin.parameters(), *twin.buffers()):
            tensor.zero_()
        for statistics in twin.route_statistics.values():
            for tensor in statistics.values():
                tensor.fill_(7)
    assert_same(answers(network), before)


@pytest.mark.parametrize("learned", [False, True])
def test_a_state_dict_leads_back(tmp_path: Path, learned: bool) -> None:
    layers = [nn.Sequential(nn.Linear(6, 6), nn.BatchNorm1d(6)), nn.Linear(6, 6), nn.Linear(6, 3)]
    adapters = {"sensor->fog": nn.Linear(6, 6)}
    options = {"input_shape": (6,), "adapters": adapters, "learned": learned}
    network = DistributedNetwork(layers, CHAIN, **options)
    network(X)  # one batch of running statistics
    torch.save(network.state_dict(), tmp_path / "weights.pt")
    other = DistributedNetwork(copy.deepcopy(layers), CHAIN, **copy.deepcopy(options))
    for parameter in other.parameters():
        nn.init.constant_(parameter, 9.0)
    other.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    assert_same(answers(other.eval()), answers(network.eval()))


def test_a_compiled_node_computes_the_same() -> None:
    network = built(lambda: nn.BatchNorm1d(6), lambda: nn.ReLU(inplace=True))
    before = answers(network)
    network.nodes["edge"].compile(backend="eager")
    network.nodes["fog"] = torch.compile(network.nodes["fog"], backend="eager")
    assert_same(answers(network), before)
    assert correct_counts(network, X, Y) == correct_counts(built(lambda: nn.BatchNorm1d(6), nn.ReLU), X, Y)


def test_a_batch_of_one_is_answered_as_in_company() -> None:
    network = built(lambda: nn.BatchNorm1d(6), nn.ReLU)
    together = answers(network)
    for key, tensor in answers(network, X[3:4]).items():
        assert tensor is None or torch.testing.assert_close(tensor, together[key][3:4]) is None
    assert correct_counts(network, X[3:4], Y[3:4], chunk=1).keys() == together.keys()
    assert sum(accuracy(network, X[k : k + 1], Y[k : k + 1]) for k in range(32)) == 32 * accuracy(
        network, X, Y
    )


def test_several_sources_are_summed_where_they_meet() -> None:
    nodes = (Node("left", 0, 1), Node("right", 0, 1), Node("cloud", 1, 2))
    topology = Topology(nodes, (Hyperconnection("left", "cloud"), Hyperconnection("right", "cloud")))
    network = DistributedNetwork([nn.Linear(6, 6), nn.Linear(6, 3)], topology, input_shape=(6,)).eval()
    left, right, cloud = (network.nodes[name] for name in ("left", "right", "cloud"))
    x = {"left": X, "right": X.flip(0)}
    with torch.no_grad():
        torch.testing.assert_close(network(x), cloud(left(X) + right(X.flip(0))))
        torch.testing.assert_close(network({"left": X}, {"left", "cloud"}), cloud(left(X)))
        torch.testing.assert_close(network(torch.stack([X, X.flip(0)], 1)), network(x))
