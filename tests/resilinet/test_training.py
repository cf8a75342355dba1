"""The training loop: the same every time, resumable anywhere, and the formulas it claims to follow."""

import copy
import itertools
import math
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import torch
from torch import nn

from companion.experiments.networks import build_network
from companion.experiments.trial import Trial
from damage import altered, half
from resilinet import checkpoints, training
from resilinet.data import Dataset
from resilinet.failout import Failout
from resilinet.precision import MasterWeights
from resilinet.randomness import generator
from resilinet.recipe import Recipe
from resilinet.schemes import SCHEMES
from resilinet.training import Interrupted, Progress, Watch, balanced, train
from small_networks import examples, small

pytestmark = pytest.mark.usefixtures("_one_thread")

PRECISIONS = ("float32", "bfloat16")


class KillAt(Failout):
    """Failout that dies at its n-th batch, as a killed process does in the middle of an epoch."""

    def __init__(self, failout: Failout, batch: int) -> None:
        super().__init__(failout.topology, failout.rates)
        self.left = batch

    def draw(self, generator: torch.Generator) -> frozenset[str]:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return super().draw(generator)


def go(
    trial: Trial, data: Dataset, *, failout: Failout | None = None, **options: Any
) -> tuple[dict[str, torch.Tensor], list[Mapping[str, float]], int]:
    """Train from the initial weights; final weights, history and best epoch."""
    network = build_network(trial)
    failout = failout or Failout(network.topology, trial.failout)
    history, best = train(network, data, trial.recipe, failout, trial.seed, Watch(**options))
    return network.state_dict(), history, best


def assert_same(one: tuple[Any, Any, int], other: tuple[Any, Any, int]) -> None:
    assert one[1:] == other[1:]
    assert one[0].keys() == other[0].keys()
    for name, tensor in one[0].items():
        assert torch.equal(tensor, other[0][name]), name


@pytest.fixture(params=PRECISIONS)
def trial(tiny: Trial, request: pytest.FixtureRequest) -> Trial:
    return replace(tiny, recipe=replace(tiny.recipe, precision=request.param, schedule="linear"))


# --- the same every time -------------------------------------------------------------------------


def test_training_twice_gives_the_same_bits(trial: Trial, data: Dataset) -> None:
    first = go(trial, data)
    torch.manual_seed(99)  # nothing draws from the global generator
    assert_same(first, go(trial, data))
    others = go(replace(trial, seed=1), data)
    assert not torch.equal(first[0]["nodes.n1.0.0.weight"], others[0]["nodes.n1.0.0.weight"])


def test_by_default_no_node_fails_and_the_seed_is_zero() -> None:
    plain, spelled_out = small(), small()
    history, kept = train(plain, examples())
    failout = Failout(spelled_out.topology, {})
    assert train(spelled_out, examples(), Recipe(), failout, 0, Watch()) == (history, kept)
    assert len(history) == Recipe().epochs
    for one, other in zip(plain.parameters(), spelled_out.parameters(), strict=True):
        assert torch.equal(one, other)


def test_schemes_of_one_seed_begin_with_the_same_weights(tiny: Trial) -> None:
    networks = [build_network(replace(tiny, scheme=scheme)) for scheme in SCHEMES]
    fewer = build_network(replace(tiny, skips=()))
    for name, parameter in networks[0].named_parameters():
        assert all(torch.equal(parameter, dict(other.named_parameters())[name]) for other in networks[1:])
        if name.startswith("nodes"):
            assert torch.equal(parameter, dict(fewer.named_parameters())[name])


# --- resumable anywhere --------------------------------------------------------------------------


@pytest.mark.parametrize("after", [1, 2])
def test_resuming_after_any_epoch_equals_not_stopping(
    trial: Trial, data: Dataset, tmp_path: Path, after: int
) -> None:
    checkpoint, epochs = tmp_path / "run" / "checkpoint.pt", []
    with pytest.raises(Interrupted):
        go(
            trial,
            data,
            checkpoint=checkpoint,
            report=lambda progress: epochs.append(progress.epoch),
            stop=lambda: len(epochs) == after,
        )
    assert epochs == list(range(1, after + 1))
    resumed = go(trial, data, checkpoint=checkpoint, report=lambda progress: epochs.append(progress.epoch))
    assert epochs == [1, 2, 3]
    assert_same(resumed, go(trial, data))


@pytest.mark.parametrize("batch", [0, 5, 8, 20])
def test_resuming_after_a_kill_within_an_epoch_equals_no_kill(
    trial: Trial, data: Dataset, tmp_path: Path, batch: int
) -> None:
    failout = Failout(build_network(trial).topology, trial.failout)
    with pytest.raises(KeyboardInterrupt):
        go(trial, data, failout=KillAt(failout, batch), checkpoint=tmp_path / "checkpoint.pt")
    assert (tmp_path / "checkpoint.pt").exists() == (batch >= 8), "eight batches are an epoch"
    assert_same(go(trial, data, checkpoint=tmp_path / "checkpoint.pt"), go(trial, data))


def test_a_kill_after_the_last_epoch_costs_nothing(trial: Trial, data: Dataset, tmp_path: Path) -> None:
    uninterrupted = go(trial, data, checkpoint=tmp_path / "checkpoint.pt")
    again: list[Progress] = []
    assert_same(uninterrupted, go(trial, data, checkpoint=tmp_path / "checkpoint.pt", report=again.append))
    assert again == []


def test_stopping_is_asked_after_each_epoch_and_not_minded_after_the_last(tiny: Trial, data: Dataset) -> None:
    asked = itertools.count()
    _, history, _ = go(tiny, data, stop=lambda: next(asked) == 2)
    assert len(history) == 3
    assert next(asked) == 3


def test_a_checkpoint_that_may_not_be_read_is_not_given_up(
    tiny: Trial, data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = tmp_path / "checkpoint.pt"
    with pytest.raises(Interrupted):
        go(tiny, data, checkpoint=checkpoint, stop=lambda: True)
    before = checkpoint.read_bytes()

    def refuse(file: object, *_: object) -> None:
        raise PermissionError(13, "Permission denied", str(file))

    monkeypatch.setattr(zipfile, "ZipFile", refuse)
    with pytest.raises(PermissionError, match=r"checkpoint\.pt"):
        go(tiny, data, checkpoint=checkpoint)
    assert checkpoint.read_bytes() == before


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"",
        half,
        lambda whole: b"not a checkpoint at all",
        lambda whole: whole[:-10],
        lambda whole: bytes(len(whole)),
        altered,
    ],
    ids=["empty", "half", "text", "short", "zeros", "altered"],
)
def test_a_damaged_checkpoint_is_named_and_training_starts_afresh(
    tiny: Trial, data: Dataset, tmp_path: Path, damage: Any
) -> None:
    checkpoint, epochs = tmp_path / "checkpoint.pt", []
    with pytest.raises(Interrupted):
        go(tiny, data, checkpoint=checkpoint, stop=lambda: True)
    checkpoint.write_bytes(damage(checkpoint.read_bytes()))
    with pytest.warns(
        UserWarning,
        match=r"checkpoint\.pt: not a whole checkpoint \((it is empty or cut off.*|'data/\d+' in it does not "
        r"agree with its checksum)\); training starts afresh\.$",
    ):
        resumed = go(tiny, data, checkpoint=checkpoint, report=lambda progress: epochs.append(progress.epoch))
    assert epochs == [1, 2, 3]
    assert_same(resumed, go(tiny, data))


def test_a_checkpoint_of_another_network_leaves_no_trace(tiny: Trial, data: Dataset, tmp_path: Path) -> None:
    """Loading stops at the first tensor that does not fit, and what was loaded before must not stay."""
    checkpoint = tmp_path / "checkpoint.pt"
    other = replace(tiny, seed=5, network=dict(tiny.network) | {"hidden": 9}, partition=(1, 2, 3, 3))
    with pytest.raises(Interrupted):
        go(other, data, checkpoint=checkpoint, stop=lambda: True)
    with pytest.warns(UserWarning, match=r"\(it is of another network\); training starts afresh"):
        resumed = go(tiny, data, checkpoint=checkpoint)
    assert_same(resumed, go(tiny, data))


def test_a_checkpoint_without_its_generators_leaves_no_trace(
    tiny: Trial, data: Dataset, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "checkpoint.pt"
    with pytest.raises(Interrupted):
        go(tiny, data, checkpoint=checkpoint, stop=lambda: True)
    state = torch.load(checkpoint, weights_only=True)
    del state["masks"]
    torch.save(state, checkpoint)
    with pytest.warns(UserWarning, match="'masks'"):
        resumed = go(tiny, data, checkpoint=checkpoint)
    assert_same(resumed, go(tiny, data))


def test_half_of_a_checkpoint_never_lies_in_its_place(
    tiny: Trial, data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint, real = tmp_path / "checkpoint.pt", torch.save
    with pytest.raises(Interrupted):
        go(tiny, data, checkpoint=checkpoint, stop=lambda: True)

    def killed_while_writing(state: object, file: BinaryIO) -> None:
        real(state, file)
        file.truncate(file.tell() // 2)
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", killed_while_writing)
    with pytest.raises(KeyboardInterrupt):
        go(tiny, data, checkpoint=checkpoint)
    monkeypatch.undo()
    assert len(torch.load(checkpoint, weights_only=True)["history"]) == 1
    assert_same(go(tiny, data, checkpoint=checkpoint), go(tiny, data))


def test_a_checkpoint_is_replaced_and_never_written_over(tmp_path: Path) -> None:
    path, former = tmp_path / "checkpoint.pt", tmp_path / "former.pt"
    checkpoints.save({"epoch": 1}, path)
    former.hardlink_to(path)
    checkpoints.save({"epoch": 2}, path)
    assert [torch.load(file, weights_only=True)["epoch"] for file in (former, path)] == [1, 2]
    assert sorted(tmp_path.iterdir()) == sorted([path, former])


# --- what is kept --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scores", "best"), [([0.3, 0.9, 0.5], 2), ([0.9, 0.9, 0.1], 1), ([0.1, 0.2, 0.3], 3)]
)
def test_the_weights_of_the_best_validation_epoch_are_kept(
    trial: Trial, data: Dataset, monkeypatch: pytest.MonkeyPatch, scores: list[float], best: int
) -> None:
    scripted = iter(scores)
    monkeypatch.setattr(training, "accuracy", lambda *arguments: next(scripted))
    network, after = build_network(trial), []
    failout = Failout(network.topology, trial.failout)

    def remember(progress: Progress) -> None:
        after.append(copy.deepcopy(network.state_dict()))

    history, kept = train(network, data, trial.recipe, failout, trial.seed, Watch(report=remember))
    assert kept == best
    assert [epoch["validation_accuracy"] for epoch in history] == scores
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, after[best - 1][name])


def test_validation_looks_at_the_validation_part_without_failures(tiny: Trial, data: Dataset) -> None:
    once = replace(tiny, recipe=replace(tiny.recipe, epochs=1))
    weights, history, _ = go(once, data)
    network = build_network(once)
    network.load_state_dict(weights)
    right = (network(data.validation.x).argmax(1) == data.validation.y).sum()
    assert history[0]["validation_accuracy"] == int(right) / len(data.validation)


def test_progress_says_where_training_stands(tiny: Trial, data: Dataset) -> None:
    told: list[Progress] = []
    _, history, _ = go(tiny, data, report=told.append)
    assert [(p.epoch, p.epochs) for p in told] == [(1, 3), (2, 3), (3, 3)]
    assert [{"loss": p.loss, "validation_accuracy": p.validation_accuracy} for p in told] == history


def test_a_loss_that_is_no_longer_finite_ends_training(tiny: Trial, data: Dataset) -> None:
    wild = replace(tiny, recipe=replace(tiny.recipe, learning_rate=1e30))
    with pytest.raises(ArithmeticError, match=r"loss of epoch 1 is nan; lower the learning rate"):
        go(wild, data)


# --- the formulas --------------------------------------------------------------------------------


def reference(trial: Trial, data: Dataset) -> dict[str, torch.Tensor]:
    """Algorithm by algorithm: failout's masks, cross-entropy written out, Adam of Kingma and Ba, in float64."""
    network, recipe = build_network(trial).double(), trial.recipe
    order, masks = generator(trial.seed, "batches"), generator(trial.seed, "failout")
    failout = Failout(network.topology, trial.failout)
    first = {name: torch.zeros_like(p) for name, p in network.named_parameters()}
    second = copy.deepcopy(first)
    size = recipe.batch_size
    steps = recipe.epochs * math.ceil(len(data.train) / size)
    taken = 0
    for _ in range(recipe.epochs):
        shuffled = torch.randperm(len(data.train), generator=order)
        for k in range(0, len(shuffled), size):
            rows = shuffled[k : k + size]
            logits = network(data.train.x[rows].double(), failout.draw(masks), silent_nodes_send=True)
            likelihood = logits - logits.exp().sum(1, keepdim=True).log()
            (-likelihood[range(len(rows)), data.train.y[rows]].mean()).backward()
            rate = recipe.learning_rate * (1 - taken / steps)
            taken += 1
            with torch.no_grad():
                for name, p in network.named_parameters():
                    gradient = torch.zeros_like(p) if p.grad is None else p.grad
                    first[name] = 0.9 * first[name] + 0.1 * gradient
                    second[name] = 0.999 * second[name] + 0.001 * gradient**2
                    mean = first[name] / (1 - 0.9**taken)
                    spread = (second[name] / (1 - 0.999**taken)).sqrt()
                    p -= rate * mean / (spread + recipe.epsilon)
                    p.grad = None
    return network.state_dict()


def test_training_follows_the_formulas(tiny: Trial, data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = itertools.count()
    monkeypatch.setattr(training, "accuracy", lambda *arguments: next(scores))  # keep the last epoch
    followed = replace(
        tiny,
        failout={"n1": 0.3, "n2": 0.3, "n3": 0.3},
        recipe=replace(tiny.recipe, epochs=2, schedule="linear", batch_size=100, epsilon=1e-4),
    )
    weights, _, _ = go(followed, data)
    for name, expected in reference(followed, data).items():
        torch.testing.assert_close(weights[name].double(), expected, rtol=1e-3, atol=1e-4, msg=name)


def test_the_loss_of_an_epoch_is_the_mean_over_its_examples(tiny: Trial, data: Dataset) -> None:
    """Also where the last batch is smaller: 480 rows in batches of 400."""
    still = replace(
        tiny, failout={}, recipe=replace(tiny.recipe, epochs=1, batch_size=400, learning_rate=1e-12)
    )
    _, history, _ = go(still, data)
    expected = nn.functional.cross_entropy(build_network(still)(data.train.x), data.train.y)
    assert history[0]["loss"] == pytest.approx(float(expected.detach()), rel=1e-5)


def moved(trial: Trial, data: Dataset) -> tuple[set[str], float]:
    """Which parameters training changed, and the mean loss of its first epoch."""
    before = {name: p.detach().clone() for name, p in build_network(trial).named_parameters()}
    weights, history, _ = go(trial, data)
    return {name for name, p in before.items() if not torch.equal(p, weights[name])}, history[0]["loss"]


def test_without_information_flow_zeros_take_the_step(tiny: Trial, data: Dataset) -> None:
    cut = replace(tiny, failout={"n1": 1.0, "n2": 1.0}, recipe=replace(tiny.recipe, epochs=1))
    zeros, _ = moved(cut, data)
    assert {name for name in zeros if name.startswith(("nodes.n1", "nodes.n2", "adapters"))} == set()
    assert "nodes.n4.4.bias" in zeros


def test_without_information_flow_skip_takes_no_step(tiny: Trial, data: Dataset, tmp_path: Path) -> None:
    """With n1 failed, information flows in the batches in which n2 is not."""
    some = replace(
        tiny, failout={"n1": 1.0, "n2": 0.5}, recipe=replace(tiny.recipe, epochs=1, no_flow="skip")
    )
    go(some, data, checkpoint=tmp_path / "checkpoint.pt")
    failout, masks = Failout(build_network(some).topology, some.failout), generator(some.seed, "failout")
    flowing = sum("n2" in failout.draw(masks) for _ in range(8))
    assert 0 < flowing < 8
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert state["optimizer"]["state"][0]["step"] == flowing


def test_zeros_and_skip_differ_only_where_nothing_flows(tiny: Trial, data: Dataset) -> None:
    flowing = replace(tiny, failout={"n1": 0.5})
    skipping = replace(flowing, recipe=replace(tiny.recipe, no_flow="skip"))
    assert_same(go(flowing, data), go(skipping, data))


def test_a_node_that_is_failed_out_for_good_keeps_its_weights(tiny: Trial, data: Dataset) -> None:
    changed, _ = moved(replace(tiny, failout={"n2": 1.0}), data)
    assert not any(name.startswith("nodes.n2") for name in changed)
    assert "nodes.n3.0.0.weight" in changed


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_failed_out_node_has_a_zero_gradient_and_moves_by_momentum_alone(
    tiny: Trial, data: Dataset, precision: str
) -> None:
    network = build_network(tiny)
    weights = MasterWeights(network, precision)
    adam = torch.optim.Adam(network.parameters(), lr=1e-2)
    x = data.train.x[:64].to(weights.dtype)
    everyone = network.topology.everyone
    for alive in (everyone, everyone - {"n2"}):
        before = network.nodes["n2"][0][0].weight.detach().clone()
        logits = weights.working(x, alive)
        nn.functional.cross_entropy(logits.float(), data.train.y[:64]).backward()
        silent = all(bool((p.grad == 0).all()) for p in weights.working.nodes["n2"].parameters())
        assert silent == (alive != everyone)
        assert all(bool((p.grad != 0).any()) for p in weights.working.nodes["n3"].parameters())
        weights.step(adam)
        assert not torch.equal(before, network.nodes["n2"][0][0].weight)
        assert all(bool((p.grad == 0).all()) for p in weights.working.parameters())


def test_bfloat16_training_leaves_float32_weights_that_learned(tiny: Trial, data: Dataset) -> None:
    recipe = replace(tiny.recipe, precision="bfloat16", epochs=8, learning_rate=3e-3, batch_size=32)
    weights, history, _ = go(replace(tiny, recipe=recipe), data)
    assert {tensor.dtype for tensor in weights.values()} == {torch.float32}
    assert any(not torch.equal(tensor, tensor.bfloat16().float()) for tensor in weights.values())
    assert history[-1]["loss"] < 0.9 * history[0]["loss"]


# --- time --------------------------------------------------------------------------------------


def test_time_spent_before_an_interruption_counts(tiny: Trial, data: Dataset, tmp_path: Path) -> None:
    checkpoint, seen = tmp_path / "run" / "checkpoint.pt", []
    with pytest.raises(Interrupted):
        go(tiny, data, checkpoint=checkpoint, report=seen.append, stop=lambda: True)
    go(tiny, data, checkpoint=checkpoint, report=seen.append)
    first, second = seen[:2]
    assert second.seconds > first.seconds > 0


# --- class weights -------------------------------------------------------------------------------


def test_balanced_weights_are_inverse_to_frequencies_and_one_on_average() -> None:
    y = torch.tensor([0] * 6 + [1] * 3 + [3])
    weights = balanced(y, 5)
    assert weights[[0, 1, 3]].tolist() == pytest.approx([10 / 18, 10 / 9, 10 / 3])
    assert float(weights[y].mean()) == pytest.approx(1)
    assert weights.isfinite().all()


def test_a_step_on_balanced_classes_weighs_every_example_by_its_class(tiny: Trial, data: Dataset) -> None:
    recipe = replace(tiny.recipe, epochs=1, batch_size=len(data.train), class_weights="balanced")
    trial = replace(tiny, failout={}, recipe=recipe)
    network = build_network(trial)
    logits = network(data.train.x)
    share = torch.bincount(data.train.y, minlength=13)[data.train.y]
    each = nn.functional.cross_entropy(logits, data.train.y, reduction="none")
    by_hand = (each / share).sum() / len(data.train.y.unique())
    _, history, _ = go(trial, data)
    assert history[0]["loss"] == pytest.approx(float(by_hand.detach()), rel=1e-5)
    _, plain, _ = go(replace(trial, recipe=replace(recipe, class_weights="none")), data)
    assert plain[0]["loss"] == pytest.approx(float(each.mean().detach()), rel=1e-5)
    assert abs(plain[0]["loss"] - history[0]["loss"]) > 1e-3


@pytest.mark.parametrize("name", ["epochs", "batch_size", "learning_rate", "epsilon", "warm_up"])
@pytest.mark.parametrize("value", ["3", None, [1]])
def test_the_numbers_of_a_recipe_are_numbers(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"recipe: {name} is"):
        Recipe(**{name: value})
