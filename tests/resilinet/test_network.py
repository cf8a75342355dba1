"""Facts about a distributed network: who is read, who is computed, and which schemes agree."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from resilinet.batch_statistics import estimate_batch_statistics
from resilinet.evaluation import correct_counts
from resilinet.failures import failed_nodes, scenarios
from resilinet.models import mlp
from resilinet.network import DistributedNetwork
from resilinet.routing import Skips, inputs, routes
from resilinet.topology import Hyperconnection, Node, Topology, TopologyError, vertical, with_skips
from resilinet.tracing import trace

SIZES = {"features": 5, "width": 8, "hidden": 10, "classes": 4}


def network(
    skips: Skips, *, topology: Topology | None = None, seed: int = 0, **options: object
) -> DistributedNetwork:
    topology = mlp.topology() if topology is None else topology
    net = DistributedNetwork(
        mlp.blocks(**SIZES),
        topology,
        input_shape=(5,),
        skips=skips,
        adapters=mlp.adapters(topology, 5, 8),
        **options,
    )
    mlp.initialise(net.nodes, torch.Generator().manual_seed(seed))
    mlp.initialise(net.adapters, torch.Generator().manual_seed(seed + 1))
    return net


X = torch.randn(16, 5, generator=torch.Generator().manual_seed(0))


def test_without_failures_resilinet_equals_vanilla_bit_for_bit() -> None:
    vanilla = network(Skips.NEVER, topology=mlp.topology(skips=()))
    assert torch.equal(network(Skips.ON_FAILURE)(X), vanilla(X))


def test_always_active_skips_change_the_answer() -> None:
    assert not torch.equal(network(Skips.ALWAYS)(X), network(Skips.ON_FAILURE)(X))


@given(failed=st.sets(st.sampled_from(["n1", "n2", "n3"])), skips=st.sampled_from(Skips))
@settings(max_examples=30, deadline=None)
def test_parameters_of_failed_nodes_are_never_read(failed: set[str], skips: Skips) -> None:
    net = network(skips)
    alive = net.topology.everyone - failed
    before = net(X, alive)
    for name in failed:
        for parameter in net.nodes[name].parameters():
            nn.init.constant_(parameter, float("nan"))
    after = net(X, alive)
    assert (before is None) == (after is None)
    assert before is None or torch.equal(before, after)


def test_poison_in_a_living_node_is_seen() -> None:
    net = network(Skips.ON_FAILURE)
    nn.init.constant_(next(net.nodes["n2"].parameters()), float("nan"))
    assert net(X).isnan().any()


@pytest.mark.parametrize("failed", [{"n1", "n2"}, {"n2", "n3"}, {"n1", "n2", "n3"}])
def test_two_neighbours_failed_is_no_information_flow(failed: set[str]) -> None:
    net = network(Skips.ON_FAILURE)
    assert net(X, net.topology.everyone - failed) is None


def test_silent_nodes_can_be_fed_zeros() -> None:
    net = network(Skips.ON_FAILURE)
    logits = net(X, net.topology.everyone - {"n1", "n2"}, silent_nodes_send=True)
    assert torch.equal(logits, net.nodes["n4"](net.nodes["n3"](torch.zeros(16, 8))))


def test_a_node_that_does_not_exist_cannot_be_alive() -> None:
    with pytest.raises(ValueError, match="'n9' is no physical node; there are i, n1"):
        network(Skips.ON_FAILURE)(X, {"i", "n9", "n4"})


def test_eq_1_by_hand() -> None:
    net = network(Skips.ON_FAILURE)
    failed_n1 = net(X, net.topology.everyone - {"n1"})
    n2 = net.nodes["n2"](net.adapters["i->n2"](X))
    assert torch.equal(failed_n1, net.nodes["n4"](net.nodes["n3"](n2)))


def test_eq_2_by_hand() -> None:
    net = network(Skips.ALWAYS)
    n1 = net.nodes["n1"](X)
    n2 = net.nodes["n2"](n1 + net.adapters["i->n2"](X))
    n3 = net.nodes["n3"](n2 + n1)
    assert torch.equal(net(X), net.nodes["n4"](n3 + n2))


def test_weights_multiply_what_a_hyperconnection_carries() -> None:
    net = network(Skips.ON_FAILURE, weights={"n1->n2": 0.5})
    n2 = net.nodes["n2"](net.nodes["n1"](X) * 0.5)
    assert torch.equal(net(X), net.nodes["n4"](net.nodes["n3"](n2)))


def test_learned_weights_are_parameters_that_learn() -> None:
    net = network(Skips.ALWAYS, learned=True)
    net(X).sum().backward()
    assert all(weight.grad is not None for weight in net.learned_weights.values())


def test_failed_nodes_receive_no_gradient() -> None:
    net = network(Skips.ON_FAILURE)
    net(X, net.topology.everyone - {"n2"}).sum().backward()
    assert all(parameter.grad is None for parameter in net.nodes["n2"].parameters())


def test_own_network_in_five_lines() -> None:
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 3))
    topology = with_skips(vertical({"sensor": 2, "fog": 2, "cloud": 1}))
    net = DistributedNetwork(list(model), topology, input_shape=(8,))
    x = torch.randn(4, 8)
    assert torch.equal(net(x), model(x))
    assert net(x, alive={"sensor", "cloud"}).shape == (4, 3)


def two_sources(first: nn.Module | None = None, **options: object) -> DistributedNetwork:
    nodes = (Node("left", 0, 1), Node("right", 0, 1), Node("top", 1, 2))
    topology = Topology(nodes, (Hyperconnection("left", "top"), Hyperconnection("right", "top")))
    return DistributedNetwork(
        [first or nn.Linear(3, 3), nn.Linear(3, 2)], topology, **({"input_shape": (3,)} | options)
    )


def test_horizontal_copies_do_not_share_parameters() -> None:
    net = two_sources()
    assert net.nodes["left"][0].weight is not net.nodes["right"][0].weight
    both = {"left": torch.randn(2, 3), "right": torch.randn(2, 3)}
    received = net.nodes["left"](both["left"]) + net.nodes["right"](both["right"])
    assert torch.equal(net(both), net.nodes["top"](received))


def test_construction_does_not_touch_the_blocks() -> None:
    blocks = [nn.Linear(3, 3), nn.Linear(3, 2)]
    before = copy.deepcopy(blocks)
    DistributedNetwork(blocks, vertical({"a": 1, "b": 1}), input_shape=(3,))
    for block, original in zip(blocks, before, strict=True):
        assert torch.equal(block.weight, original.weight)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"blocks": 10}, "hosts 11 blocks, but the network has 10"),
        ({"adapters": {}}, "i->n2 brings"),
        ({"adapters": {"i->n2": nn.Linear(7, 8)}}, "the adapter of i->n2 does not accept"),
        (
            {"adapters": {"i->n2": nn.BatchNorm2d(5)}},
            r"the adapter of i->n2 does not accept \(5,\), .*4D input",
        ),
        ({"adapters": {"i->n2": nn.Flatten(3)}}, "the adapter of i->n2 does not accept"),
        ({"adapters": {"i->n2": nn.GRU(5, 8)}}, "it gives an object of type tuple and no tensor"),
        ({"weights": {"n1->n9": 1.0}}, "'n1->n9' is no hyperconnection"),
        ({"input_shape": (6,)}, "cannot compute on"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(change: dict, message: str) -> None:
    topology = mlp.topology()
    blocks = mlp.blocks(**SIZES)[: change.pop("blocks", 11)]
    options = {"input_shape": (5,), "adapters": mlp.adapters(topology, 5, 8)} | change
    with pytest.raises(TopologyError, match=message):
        DistributedNetwork(blocks, topology, **options)


@pytest.mark.parametrize("x", [X[:, :4], X[0], {"i": X[:, :4]}])
def test_examples_of_another_shape_are_refused(x: torch.Tensor | dict) -> None:
    with pytest.raises(ValueError, match=r"source 'i' takes batches of shape \(B, 5\), not \("):
        network(Skips.ON_FAILURE)(x)


def test_every_source_must_be_given_examples() -> None:
    with pytest.raises(ValueError, match="source 'i' is given nothing; there are n1"):
        network(Skips.ON_FAILURE)({"n1": X})


def test_sources_are_given_equally_many_examples() -> None:
    """A batch of one would be added to every example of the other's."""
    net = two_sources()
    with pytest.raises(ValueError, match="equally many examples, but they are given 'left' 4, 'right' 1"):
        net({"left": torch.ones(4, 3), "right": torch.ones(1, 3)})


@pytest.mark.parametrize("shape", [(-5,), (0,), (5.0,), "5"])
def test_what_is_no_shape_of_an_example_is_refused(shape: object) -> None:
    with pytest.raises(ValueError, match="is no shape of one example; give whole numbers from 1, such as"):
        DistributedNetwork([nn.Linear(5, 2)], vertical({"a": 1}), input_shape=shape)


@pytest.mark.parametrize("weight", [float("nan"), float("inf")])
@pytest.mark.parametrize("learned", [False, True])
def test_weights_are_finite(weight: float, learned: bool) -> None:
    with pytest.raises(ValueError, match=f"{weight} is no weight of n1->n2; give a finite number."):
        network(Skips.ALWAYS, weights={"n1->n2": weight}, learned=learned)


@pytest.mark.parametrize("alive", [["i", "n2", "n3", "n4"], ("n4", "n3", "n2", "i")])
def test_who_is_alive_may_be_any_collection_of_names(alive: list[str] | tuple[str, ...]) -> None:
    net = network(Skips.ON_FAILURE)
    assert torch.equal(net(X, alive), net(X, set(alive)))


def test_a_single_name_is_no_set_of_living_nodes() -> None:
    with pytest.raises(
        ValueError, match="'n1' is no set of physical nodes; give a set of their names: i, n1"
    ):
        network(Skips.ON_FAILURE)(X, alive="n1")


def test_a_block_may_convert_whole_numbers_itself() -> None:
    class Counts(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.float()

    net = DistributedNetwork([Counts(), nn.Linear(3, 2)], vertical({"a": 1, "b": 1}), input_shape=(3,))
    assert net(torch.ones(4, 3, dtype=torch.int64)).shape == (4, 2)


def test_an_error_that_is_not_about_types_is_left_as_it_is() -> None:
    class Broken(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if x.device.type != "meta":
                raise RuntimeError("a fault of the block's own")
            return x

    net = DistributedNetwork([nn.Linear(3, 3), Broken()], vertical({"a": 1, "b": 1}), input_shape=(3,))
    with pytest.raises(RuntimeError, match="a fault of the block's own"):
        net(torch.ones(4, 3))


# --- several sources -----------------------------------------------------------------------------


def side_by_side(*blocks: nn.Module) -> DistributedNetwork:
    """Two sources without blocks, the nodes `l` and `r` behind them, and the cloud."""
    nodes = (Node("a", 0, 0), Node("b", 0, 0), Node("l", 0, 1), Node("r", 0, 1), Node("cloud", 1, 2))
    links = [("a", "l"), ("b", "r"), ("l", "cloud"), ("r", "cloud")]
    topology = Topology(nodes, tuple(Hyperconnection(*ends) for ends in links))
    network = DistributedNetwork(blocks, topology, input_shape=(5,))
    for parameter in network.nodes["r"].parameters():
        nn.init.normal_(parameter)  # else a copy of what `l` hosts
    return network


def test_a_stacked_tensor_is_one_tensor_for_each_source() -> None:
    network = side_by_side(nn.Linear(5, 3), nn.Linear(3, 2))
    x = torch.randn(7, 2, 5)
    split = network.by_source(x)
    assert list(split) == ["a", "b"]
    assert torch.equal(network(x), network({"a": x[:, 0], "b": x[:, 1]}))
    assert not torch.equal(network(x), network(x.flip(1)))
    assert torch.equal(network(x[:, 0]), network(x[:, :1].expand(7, 2, 5)))
    assert network.by_source(split) is split
    assert network.by_source(x[:, 0]).shape == (7, 5)


def test_stacks_of_another_height_are_refused() -> None:
    network = side_by_side(nn.Linear(5, 3), nn.Linear(3, 2))
    with pytest.raises(ValueError, match=r"source 'a' takes batches of shape \(B, 5\), not \(7, 3, 5\)"):
        network(torch.randn(7, 3, 5))
    chain = DistributedNetwork([nn.Linear(5, 2)], vertical({"i": 0, "n": 1}), input_shape=(5,))
    with pytest.raises(ValueError, match=r"source 'i' takes batches of shape \(B, 5\), not \(7, 1, 5\)"):
        chain(torch.randn(7, 1, 5))


def test_evaluation_takes_stacked_examples() -> None:
    network = side_by_side(nn.Linear(5, 3), nn.Linear(3, 2))
    x, y = torch.randn(9, 2, 5), torch.arange(9) % 2
    counts = correct_counts(network, x, y, chunk=2)
    for failed, count in counts.items():
        found = network(x, network.topology.everyone - failed_nodes(failed))
        assert count == (None if found is None else int((found.argmax(1) == y).sum()))
    assert set(counts) == {"none", "l", "r", "l+r"}


def test_batch_statistics_are_taken_from_stacked_examples() -> None:
    network = side_by_side(nn.Linear(5, 3), nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 2)))
    x = torch.randn(8, 2, 5)
    found = estimate_batch_statistics(network, x)
    total = network.nodes["l"](x[:, 0]) + network.nodes["r"](x[:, 1])
    alone = network.nodes["r"](x[:, 1])
    means = [statistics["0.0.running_mean"] for statistics in found.values()]
    assert len(means) == 3
    for wanted in (total.mean(0), alone.mean(0)):
        assert any(torch.allclose(mean, wanted, atol=1e-6) for mean in means)


def test_nodes_side_by_side_may_host_different_modules() -> None:
    left, right = nn.Linear(5, 3), nn.Sequential(nn.Linear(5, 4), nn.Linear(4, 3))
    network = side_by_side(nn.ModuleDict({"l": left, "r": right}), nn.Linear(3, 2))
    assert network.nodes["l"][0] is left
    assert network.nodes["r"][0] is right
    with pytest.raises(TopologyError, match=r"^a block of l holds no module of 'r', which is to host it\.$"):
        side_by_side(nn.ModuleDict({"l": left}), nn.Linear(3, 2))


# --- modules that work in place ------------------------------------------------------------------


class AddsOne(nn.Module):
    """Writes into its input without saying so."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x += 1
        return x


class Changes(nn.Module):
    """Changes the numbers, unseen by autograd, and the shape of its input."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x.data.mul_(2)
        return x.unsqueeze_(1).squeeze(1)


def with_a_hook() -> nn.Module:
    module = nn.Tanh()
    module.register_forward_pre_hook(lambda module, given: given[0].mul_(2))
    return module


IN_PLACE = {
    "said so": lambda: nn.ReLU(inplace=True),
    "after modules that pass on what they get": lambda: nn.Sequential(nn.Flatten(), nn.ReLU(inplace=True)),
    "in a module of one's own": AddsOne,
    "unseen by autograd": Changes,
    "in a hook": with_a_hook,
}
in_place = pytest.mark.parametrize("module", IN_PLACE.values(), ids=IN_PLACE)


def worked_in_place(module: nn.Module, skips: Skips) -> DistributedNetwork:
    """Every node and every adapter of a skip begins with that module."""
    torch.manual_seed(0)
    topology = with_skips(vertical({"i": 1, "a": 1, "b": 1, "c": 1}), [("i", "b"), ("i", "c"), ("a", "c")])
    blocks = [nn.Sequential(module(), nn.Linear(5, 5)) for _ in range(4)]
    adapters = {link.key: nn.Sequential(module(), nn.Linear(5, 5)) for link in topology.skips}
    return DistributedNetwork(blocks, topology, input_shape=(5,), skips=skips, adapters=adapters).eval()


def on_copies(net: DistributedNetwork, x: torch.Tensor, alive: frozenset[str]) -> torch.Tensor | None:
    """Eqs. 1 and 2, every tensor copied wherever it arrives."""
    sent: dict[str, torch.Tensor] = {}
    for name, route in routes(net.topology, alive, net.skips).items():
        received = [
            net.adapters[link.key](sent[link.source].clone()) if link.is_skip else sent[link.source].clone()
            for link in inputs(net.topology, name, route)
        ]
        sent[name] = net.nodes[name](sum(received[1:], received[0]) if received else x.clone()).clone()
    return sent.get(net.topology.cloud)


@in_place
@pytest.mark.parametrize("skips", Skips)
def test_a_module_that_works_in_place_changes_nothing_that_others_see(module: type, skips: Skips) -> None:
    net, x = worked_in_place(module, skips), X.clone()
    for failed in scenarios(net.topology):
        alive = net.topology.everyone - failed
        expected, found = on_copies(net, X, alive), net(x, alive)
        assert (found is None) == (expected is None)
        assert found is None or torch.equal(found, expected)
        assert torch.equal(x, X), "the caller's examples"


def test_a_module_that_works_in_place_leaves_the_gradients_right() -> None:
    net, y = worked_in_place(AddsOne, Skips.ALWAYS), torch.arange(16) % 5
    gradients = []
    for logits in (net(X), on_copies(net, X, net.topology.everyone)):
        loss = nn.functional.cross_entropy(logits, y)
        gradients.append(torch.autograd.grad(loss, list(net.parameters())))
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other)


def test_sources_that_are_given_one_tensor_do_not_change_it_for_each_other() -> None:
    net, x = two_sources(nn.Sequential(AddsOne(), nn.Linear(3, 3))), torch.randn(4, 3)
    left, right = (net.nodes[name](x.clone()) for name in ("left", "right"))
    assert torch.equal(net(x), net.nodes["top"](left + right))


def test_nothing_is_copied_for_modules_that_only_read(monkeypatch: pytest.MonkeyPatch) -> None:
    layers = nn.Sequential(nn.Flatten(), nn.Linear(5, 5), nn.ReLU(inplace=True), AddsOne(), nn.Linear(5, 5))
    net = DistributedNetwork([layers, nn.Linear(5, 2)], vertical({"a": 1, "b": 1}), input_shape=(5,))
    monkeypatch.setattr(torch.Tensor, "clone", lambda tensor: pytest.fail("a copy"))
    net(X)


# --- modules that cannot be traced without numbers -------------------------------------------------


class KeepsATensor(nn.Module):
    """As a normalisation that was not written with buffers."""

    def __init__(self) -> None:
        super().__init__()
        self.mean = torch.full((5,), 0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x - self.mean


class Scales(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x / max(x.abs().max().item(), 1e-6)


class Branches(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * x if x.mean() > 0 else x


class Checks(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not x.std(0).isfinite().all():
            raise ValueError("these do not vary")
        return x


class Masks(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mask", torch.tensor([True, True, False, True, True]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.pad(x[:, self.mask], (0, 1))


@pytest.mark.parametrize("module", [KeepsATensor, Scales, Branches, Checks, Masks])
def test_what_computes_on_numbers_is_accepted(module: type) -> None:
    model = nn.Sequential(nn.Linear(5, 5), module(), nn.Linear(5, 2))
    net = DistributedNetwork(list(model), with_skips(vertical({"a": 1, "b": 1, "c": 1})), input_shape=(5,))
    assert torch.equal(net(X), model(X))


def test_what_a_module_learns_from_its_first_batch_it_does_not_learn_from_a_made_up_one() -> None:
    class Centres(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("centre", torch.full((5,), torch.nan))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if self.centre.isnan().any():
                self.centre.copy_(x.mean(0))
            return x - self.centre

    before = torch.get_rng_state()
    net = DistributedNetwork([Centres(), nn.Linear(5, 2)], vertical({"a": 1, "b": 1}), input_shape=(5,))
    assert net.nodes["a"][0].centre.isnan().all()
    assert not torch.equal(torch.get_rng_state(), before), "the linear layer drew its weights"
    before = torch.get_rng_state()
    trace(net)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("start", [0, 1])
def test_whole_numbers_are_tried_where_others_do_not_compute(start: int) -> None:
    blocks = [nn.Sequential(nn.Embedding(7, 3), nn.Flatten()), nn.Linear(12, 12), nn.Linear(12, 2)]
    topology = vertical({"a": start, "b": 2 - start, "c": 1})
    net, tokens = DistributedNetwork(blocks, topology, input_shape=(4,)), torch.randint(0, 7, (5, 4))
    assert torch.equal(net(tokens), nn.Sequential(*blocks)(tokens))
    assert net(tokens, {"a", "c"}, silent_nodes_send=True).shape == (5, 2)


def test_a_network_is_traced_in_its_own_precision() -> None:
    model = nn.Sequential(Scales(), nn.Linear(5, 5), nn.Linear(5, 2)).double()
    net = DistributedNetwork(list(model), vertical({"a": 2, "b": 1}), input_shape=(5,))
    assert torch.equal(net(X.double()), model(X.double()))


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor:UserWarning")
def test_quantised_layers_are_accepted() -> None:
    quantised = torch.ao.nn.quantized
    layers = [quantised.Quantize(0.1, 0, torch.quint8), quantised.Linear(5, 5), quantised.DeQuantize()]
    net = DistributedNetwork([*layers, nn.Linear(5, 2)], vertical({"a": 1, "b": 2, "c": 1}), input_shape=(5,))
    assert torch.equal(net(X), net.nodes["c"](nn.Sequential(*layers)(X)))


def test_what_fails_on_numbers_too_is_refused_in_the_words_of_that_run() -> None:
    blocks = [nn.Sequential(Scales(), nn.Linear(6, 5)), nn.Linear(5, 2)]
    with pytest.raises(
        TopologyError, match=r"'a' cannot compute on \(5,\): mat1 and mat2 shapes cannot be multi"
    ):
        DistributedNetwork(blocks, vertical({"a": 1, "b": 1}), input_shape=(5,))


def test_placing_blocks_leaves_their_modes() -> None:
    frozen = nn.BatchNorm1d(5).eval()
    net = DistributedNetwork([nn.Linear(5, 5), frozen], vertical({"a": 1, "b": 1}), input_shape=(5,))
    assert (net.training, net.nodes["a"][0].training, frozen.training) == (True, True, False)


# --- sources that have failed or differ ------------------------------------------------------------


@pytest.mark.parametrize("right", [{}, {"right": None}, {"right": torch.full((7, 1), torch.nan)}])
def test_a_failed_source_needs_no_examples(right: dict) -> None:
    net, x, alive = two_sources(), torch.randn(2, 3), {"left", "top"}
    assert torch.equal(net({"left": x, **right}, alive), net.nodes["top"](net.nodes["left"](x)))
    assert net({}, {"top"}) is None
    with pytest.raises(ValueError, match="source 'left' is given nothing; there are right"):
        net({"right": x}, alive)


def test_a_silent_node_receives_as_many_zeros_as_living_sources_have_examples() -> None:
    nodes = (Node("left", 0, 1), Node("right", 0, 1), Node("top", 1, 2))
    links = (Hyperconnection("left", "top"), Hyperconnection("right", "top"))
    ahead = Topology((*nodes, Node("cloud", 2, 3)), (*links, Hyperconnection("top", "cloud")))
    net = DistributedNetwork([nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 2)], ahead, input_shape=(3,))
    found = net({"left": torch.randn(2, 3), "right": None}, {"left", "cloud"}, silent_nodes_send=True)
    assert torch.equal(found, net.nodes["cloud"](torch.zeros(2, 3)))


class OfAnySource(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.flat, self.sound = nn.Linear(4, 3), nn.Conv1d(1, 3, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.flat(x) if x.ndim == 2 else self.sound(x).mean(-1)


def test_each_source_may_have_its_own_shape() -> None:
    net = two_sources(OfAnySource(), input_shape={"left": (4,), "right": (1, 9)})
    x = {"left": torch.randn(2, 4), "right": torch.randn(2, 1, 9)}
    assert torch.equal(
        net(x), net.nodes["top"](net.nodes["left"](x["left"]) + net.nodes["right"](x["right"]))
    )
    with pytest.raises(ValueError, match=r"source 'right' takes batches of shape \(B, 1, 9\), not \(2, 4\)"):
        net({"left": x["left"], "right": x["left"]})


@pytest.mark.parametrize("shapes", [{"left": (3,)}, {"left": (3,), "right": (3,), "top": (3,)}, {}])
def test_every_source_has_a_shape_and_nothing_else(shapes: dict) -> None:
    with pytest.raises(ValueError, match="is no shape for each source; give one for left, right"):
        two_sources(input_shape=shapes)


# --- arguments of another kind -------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", [nn.Sequential, lambda *blocks: nn.ModuleList(blocks), lambda *blocks: blocks]
)
def test_blocks_may_be_any_sequence_of_modules(kind: type) -> None:
    net = DistributedNetwork(
        kind(nn.Linear(3, 3), nn.Linear(3, 2)), vertical({"a": 1, "b": 1}), input_shape=(3,)
    )
    assert net(torch.randn(4, 3)).shape == (4, 2)
