"""Shared-prefix evaluation gives what evaluating every scenario on its own gives, with fewer stages."""

import re
from contextlib import nullcontext

import pytest
import torch
from torch import Tensor, nn

from resilinet import evaluation
from resilinet.batch_statistics import estimate_batch_statistics
from resilinet.evaluation import accuracy, correct_counts, expected_accuracy, right
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
    for failed in scenarios(net.topology):
        logits = net(x, net.topology.everyone - failed)
        counts[scenario_key(net.topology, failed)] = (
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
    livenesses = [net.topology.everyone - failed for failed in scenarios(net.topology)]
    assert sum(len(alive) - 1 for alive in livenesses) == separate


def test_expected_accuracy_sums_every_scenario() -> None:
    net = network(chain(4), Skips.ON_FAILURE)
    x, y = torch.randn(40, 6), torch.randint(0, 6, (40,))
    setting = FailureSetting("own", {"n1": 0.3, "n2": 0.2, "n3": 0.6})
    by_hand = 0.0
    for failed in scenarios(net.topology):
        logits = net(x, net.topology.everyone - failed)
        share = 0.1 if logits is None else (logits.argmax(1) == y).float().mean().item()
        by_hand += setting.scenario_probability(net.topology, failed) * share
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


class Fails(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.device.type != "meta":
            raise RuntimeError("a fault of the module's own")
        return x


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_every_module_is_left_in_the_mode_it_was_in(training: bool, fails: bool) -> None:
    shared = nn.Dropout()
    blocks = [shared, nn.BatchNorm1d(6), nn.Sequential(shared, Fails() if fails else nn.Identity())]
    net = DistributedNetwork(blocks, vertical({"i": 1, "n1": 1, "n2": 1}), input_shape=(6,)).train(training)
    for frozen in (shared, net.nodes["n1"][0]):
        frozen.train(not training)
    before = [module.training for module in net.modules()]
    with pytest.raises(RuntimeError) if fails else nullcontext():
        accuracy(net, torch.randn(5, 6), torch.zeros(5, dtype=torch.long))
    assert [module.training for module in net.modules()] == before


def images() -> DistributedNetwork:
    torch.manual_seed(0)
    blocks = [nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)]
    blocks.append(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5)))
    topology = with_skips(vertical({"i": 1, "n1": 1, "n2": 1, "n3": 1}))
    return DistributedNetwork(blocks, topology, input_shape=(3, 6, 6))


def test_images_are_counted_as_they_are_stored() -> None:
    net = images()
    x = torch.randint(0, 256, (40, 3, 6, 6), dtype=torch.uint8)
    # Labels that the network itself gives to the images as numbers from 0 to 1, when n1 has failed.
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


class Answers(nn.Module):
    """Answers with the same numbers whatever it is given."""

    def __init__(self, rows: list[list[float]]) -> None:
        super().__init__()
        self.rows = torch.tensor(rows)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.rows[torch.arange(len(x), device="cpu") % len(self.rows)]


def ending_with(module: nn.Module) -> DistributedNetwork:
    return DistributedNetwork([nn.Linear(6, 6), module], vertical({"a": 1, "b": 1}), input_shape=(6,))


INF, NAN = float("inf"), float("nan")


@pytest.mark.parametrize(
    ("rows", "label", "right"),
    [
        ([[NAN, NAN]], 0, 0),
        ([[NAN, 1.0]], 0, 0),
        ([[NAN, 1.0]], 1, 0),
        ([[INF, 1.0]], 0, 0),
        ([[-INF, -INF]], 0, 0),
        ([[-INF, 1.0]], 1, 10),
        ([[NAN, NAN], [1.0, 0.0]], 0, 5),
        ([[1.0, 1.0]], 0, 10),
    ],
)
def test_an_answer_whose_highest_score_is_no_finite_number_is_wrong(
    rows: list[list[float]], label: int, right: int
) -> None:
    found = correct_counts(ending_with(Answers(rows)), torch.randn(10, 6), torch.full((10,), label))
    assert found == {"none": right}


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (nn.Unflatten(1, (2, 3)), (4, 2, 3)),
        (nn.Linear(6, 1), (4, 1)),
        (nn.Sequential(nn.Linear(6, 1), nn.Flatten(0)), (4,)),
        (nn.Sequential(nn.Flatten(0), nn.Unflatten(0, (-1, 3))), (8, 3)),
    ],
)
def test_what_is_no_row_of_class_scores_for_each_example_has_no_accuracy(
    module: nn.Module, shape: tuple[int, ...]
) -> None:
    net, x, y = ending_with(module), torch.randn(4, 6), torch.zeros(4, dtype=torch.long)
    message = (
        f"the network answers 4 examples with a tensor of {re.escape(str(shape))}, but accuracy needs one row"
    )
    for count in (correct_counts, accuracy):
        with pytest.raises(ValueError, match=message):
            count(net, x, y)


def test_no_examples_have_no_accuracy() -> None:
    with pytest.raises(ValueError, match="there are no examples"):
        accuracy(ending_with(nn.Identity()), torch.zeros(0, 6), torch.zeros(0, dtype=torch.long))


@pytest.mark.parametrize("guess", [8.65, -0.1, NAN])
def test_the_accuracy_of_a_guess_is_a_share(guess: float) -> None:
    net, y = ending_with(nn.Identity()), torch.zeros(4, dtype=torch.long)
    with pytest.raises(
        ValueError, match=f"guess cannot have an accuracy of {guess}; give a number from 0 to 1"
    ):
        expected_accuracy(net, torch.randn(4, 6), y, FailureSetting("own", {}), guess)


@pytest.mark.parametrize("chunk", [0, -1, 2.5, "4"])
def test_a_chunk_is_a_number_of_examples(chunk: object) -> None:
    with pytest.raises(
        ValueError, match=rf"^{chunk!r} examples cannot be computed at once; give a whole number"
    ):
        correct_counts(
            ending_with(nn.Identity()), torch.randn(4, 6), torch.zeros(4, dtype=torch.long), chunk=chunk
        )


@pytest.mark.parametrize("skips", Skips)
def test_a_module_that_works_in_place_changes_no_scenario(skips: Skips) -> None:
    topology = with_skips(
        vertical({"i": 1, "n1": 1, "n2": 1, "n3": 1}), [("i", "n2"), ("n1", "n3"), ("i", "n3")]
    )
    torch.manual_seed(0)
    layers = [nn.Sequential(nn.ReLU(inplace=True), nn.Linear(6, 6)) for _ in range(4)]
    nets = [
        DistributedNetwork(blocks, topology, input_shape=(6,), skips=skips)
        for blocks in (layers, [nn.Sequential(nn.ReLU(), block[1]) for block in layers])
    ]
    x, y = torch.randn(57, 6), torch.randint(0, 6, (57,))
    given = x.clone()
    found = correct_counts(nets[0], given, y, chunk=20)
    assert torch.equal(given, x)
    assert found == correct_counts(nets[1], x, y) == brute_force(nets[1], x, y)


def test_a_source_that_has_failed_in_every_scenario_needs_no_examples() -> None:
    nodes = (Node("cam", 0, 1), Node("mic", 0, 1), Node("cloud", 1, 2))
    topology = Topology(nodes, (Hyperconnection("cam", "cloud"), Hyperconnection("mic", "cloud")))
    net, setting = network(topology, Skips.ON_FAILURE), FailureSetting("own", {"mic": 0.25})
    x, y = {name: torch.randn(31, 6) for name in ("cam", "mic")}, torch.randint(0, 6, (31,))
    both, one = (int((net(x, alive).argmax(1) == y).sum()) for alive in (None, {"cam", "cloud"}))
    assert correct_counts(net, x, y, [set(), {"mic"}, {"cam", "mic"}], chunk=7) == {
        "none": both,
        "mic": one,
        "cam+mic": None,
    }
    assert correct_counts(net, {"cam": x["cam"]}, y, [{"mic"}]) == {"mic": one}
    assert expected_accuracy(net, x, y, setting, 0.1).value == pytest.approx((0.75 * both + 0.25 * one) / 31)
    with pytest.raises(ValueError, match="source 'mic' is given nothing; there are cam"):
        correct_counts(net, {"cam": x["cam"]}, y)


@pytest.mark.parametrize("shape", [(3,), (5,), (4, 10), ()])
def test_classes_of_another_number_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(
        ValueError, match="4 examples need a tensor of as many classes in one row, not tensor"
    ):
        correct_counts(images(), torch.rand(4, 3, 6, 6), torch.zeros(shape, dtype=torch.long))


def test_failed_nodes_are_named_by_any_collection() -> None:
    net, x, y = network(chain(3), Skips.ON_FAILURE), torch.randn(9, 6), torch.zeros(9, dtype=torch.long)
    assert correct_counts(net, x, y, [["n1"], ("n2", "n1")]) == correct_counts(
        net, x, y, [{"n1"}, {"n1", "n2"}]
    )


@pytest.mark.parametrize(
    ("failed", "message"),
    [
        ([set(), {"n9"}], "'n9' is no physical node; there are i, n1, n2, n3."),
        (["n1"], "'n1' is no set of physical nodes; give a set of their names: i, n1, n2, n3."),
        ({"n1"}, "'n1' is no set of physical nodes"),
    ],
)
def test_failed_nodes_that_do_not_exist_or_are_no_sets_are_refused(failed: object, message: str) -> None:
    net = network(chain(3), Skips.ON_FAILURE)
    with pytest.raises(ValueError, match=message):
        correct_counts(net, torch.randn(9, 6), torch.zeros(9, dtype=torch.long), failed)


@pytest.mark.parametrize("classes", [-100, -1, 3])
def test_a_class_without_a_score_is_refused_and_no_wrong_answer(classes: int) -> None:
    with pytest.raises(
        ValueError, match=rf"classes from {min(0, classes)} to {max(0, classes)} cannot be right"
    ):
        right(torch.rand(2, 3), torch.tensor([0, classes]))


@pytest.mark.parametrize(
    "y", [torch.zeros(4), torch.full((4,), torch.nan), torch.zeros(4, dtype=torch.complex64)]
)
def test_classes_are_whole_numbers(y: Tensor) -> None:
    network = DistributedNetwork([nn.Linear(6, 3)], vertical({"a": 1}), input_shape=(6,))
    with pytest.raises(ValueError, match="classes are whole numbers from 0, not of torch"):
        correct_counts(network, torch.rand(4, 6), y)


def test_where_nothing_reaches_the_cloud_nothing_is_asked_for() -> None:
    merged = Topology(
        (Node("a", 0, 1), Node("b", 0, 1), Node("c", 1, 2)),
        (Hyperconnection("a", "c"), Hyperconnection("b", "c")),
    )
    network = DistributedNetwork([nn.Linear(6, 6), nn.Linear(6, 3)], merged, input_shape=(6,))
    y = torch.zeros(4, dtype=torch.long)
    assert correct_counts(network, {}, y, [{"a", "b"}]) == {"a+b": None}
    assert estimate_batch_statistics(network, {}, [{"a", "b"}]) == {}
