"""Replicas trained side by side give what each gives alone, and none hears of another."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from resilinet import ensemble, runner
from resilinet.datasets import DataError, Dataset, Examples
from resilinet.ensemble import train_together
from resilinet.ensemble_runner import run_together
from resilinet.experiments.networks import build_network
from resilinet.failout import Failout
from resilinet.network import DistributedNetwork
from resilinet.runner import run
from resilinet.stacked_network import StackedNetwork
from resilinet.training import Interrupted, MasterWeights, Progress, generator, train
from resilinet.trials import Trial

pytestmark = pytest.mark.usefixtures("_one_thread")

HALF = {"n1": 0.5, "n2": 0.5, "n3": 0.5}
DIES = {"n1": 0.1, "n2": 0.3, "n3": 0.2}
POLICIES = ("zeros", "skip")
Trained = list[tuple[list[Mapping[str, float]], int]]


def weights(rule: str, high: float = 1.0) -> Mapping[str, Any]:
    return {"rule": rule, "probability": DIES if "reliability" in rule else {}, "high": high}


def mixed(tiny: Trial, **recipe: Any) -> list[Trial]:
    """Every scheme, several seeds, rates, weight rules and sets of skips."""
    base = replace(tiny, recipe=replace(tiny.recipe, learning_rate=3e-3, **recipe))
    return [
        replace(base, scheme="vanilla", failout={}),
        replace(base, scheme="dfg", failout={}, seed=1),
        replace(base, scheme="resilinet-plus", seed=2, weights=weights("uniform", 2.0)),
        replace(base, failout=HALF, weights=weights("reliability")),
        replace(base, failout=HALF, seed=3, skips=(("n2", "n4"), ("i", "n3")), weights=weights("learned")),
        replace(
            base, scheme="resilinet-plus", failout=HALF, skips=(), weights=weights("relative-reliability")
        ),
        replace(base, scheme="resilinet-plus", failout=HALF, seed=4, weights=weights("learned")),
    ]


def together(
    trials: Sequence[Trial], data: Dataset, **options: Any
) -> tuple[list[DistributedNetwork], Trained]:
    networks = [build_network(trial) for trial in trials]
    return networks, train_together(networks, trials, data, **options)


def assert_same(
    one: tuple[list[DistributedNetwork], Trained], other: tuple[list[DistributedNetwork], Trained]
) -> None:
    assert one[1] == other[1]
    for network, twin in zip(one[0], other[0], strict=True):
        for name, tensor in network.state_dict().items():
            assert torch.equal(tensor, twin.state_dict()[name]), name


def gradient_alone(trial: Trial, x: torch.Tensor, y: torch.Tensor, alive: frozenset[str]) -> dict[str, Any]:
    """The gradient of one network's loss, as the sequential loop gets it."""
    network = build_network(trial)
    working = MasterWeights(network, trial.recipe.precision)
    logits = working.working(x.to(working.dtype), alive, silent_nodes_send=trial.recipe.no_flow == "zeros")
    if logits is not None:
        nn.functional.cross_entropy(logits.float(), y).backward()
    return {name: p.grad.float() for name, p in working.working.named_parameters()}


def gradient_stacked(
    networks: Sequence[DistributedNetwork],
    trial: Trial,
    x: torch.Tensor,
    y: torch.Tensor,
    alive: Sequence[frozenset[str]],
) -> list[dict[str, torch.Tensor]]:
    """The gradients of all replicas at once, ``x`` being ``(R, B, features)``."""
    stack = StackedNetwork(networks, trial.recipe.precision)
    zeros = trial.recipe.no_flow == "zeros"
    active = torch.tensor([stack.active(r, who, silent_nodes_send=zeros) for r, who in enumerate(alive)])
    logits = stack.forward(x.to(stack.dtype), active)
    flow = active[:, stack.column[stack.topology.cloud]]
    stack.backward(ensemble.mean_losses(logits, y, flow).sum(), active)
    return [
        {
            name: stack.gradient[r, place.start : place.stop].view(place.shape).t()
            for name, place in stack.places.items()
            if name in dict(network.named_parameters())
        }
        for r, network in enumerate(networks)
    ]


# --- the same as alone ---------------------------------------------------------------------------


@pytest.mark.parametrize("no_flow", POLICIES)
def test_training_together_equals_training_one_by_one(tiny: Trial, data: Dataset, no_flow: str) -> None:
    trials = mixed(tiny, no_flow=no_flow, schedule="linear", batch_size=50)  # the last batch has 30 rows
    networks, trained = together(trials, data)
    for trial, network, (history, best) in zip(trials, networks, trained, strict=True):
        alone = build_network(trial)
        failout = Failout(alone.topology, trial.failout)
        expected, expected_best = train(alone, data, trial.recipe, failout, trial.seed)
        losses, expected_losses = ([epoch["loss"] for epoch in h] for h in (history, expected))
        assert losses == pytest.approx(expected_losses, rel=1e-4)
        assert expected_losses[-1] < expected_losses[0], "else nothing was learned and nothing compared"
        assert best == expected_best
        for one, other in zip(history, expected, strict=True):
            assert abs(one["validation_accuracy"] - other["validation_accuracy"]) * 60 < 1.5
        for name, tensor in alone.state_dict().items():
            torch.testing.assert_close(network.state_dict()[name], tensor, rtol=1e-2, atol=1e-3, msg=name)


@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-6), ("bfloat16", 0.03)])
@pytest.mark.parametrize("no_flow", POLICIES)
@pytest.mark.parametrize("dead", [(), ("n1",), ("n2",), ("n3",), ("n1", "n3"), ("n1", "n2")], ids="+".join)
def test_gradients_are_those_of_each_network_alone(
    tiny: Trial, data: Dataset, precision: str, tolerance: float, no_flow: str, dead: tuple[str, ...]
) -> None:
    """Also where links are closed, nodes silent, and nothing flows, when a gradient is zero."""
    trials = mixed(tiny, no_flow=no_flow, precision=precision)
    networks = [build_network(trial) for trial in trials]
    alive = networks[0].topology.everyone - set(dead)
    picked = torch.stack([generator(seed, "rows").get_state()[:64].long() for seed in range(len(trials))])
    x, y = data.train.x[picked], data.train.y[picked]
    found = gradient_stacked(networks, trials[0], x, y, [alive] * len(trials))
    for r, trial in enumerate(trials):
        expected = gradient_alone(trial, x[r], y[r], alive)
        assert found[r].keys() == expected.keys()
        for name, gradient in expected.items():
            scale = max(1.0, float(gradient.abs().max()))
            assert float((found[r][name] - gradient).abs().max()) <= tolerance * scale, (r, name)
            if any(name.startswith(f"nodes.{node}.") for node in dead):
                assert torch.equal(found[r][name], torch.zeros_like(gradient)), (r, name)


def test_bfloat16_over_float32_masters_follows_training_alone(tiny: Trial, data: Dataset) -> None:
    trials = mixed(tiny, precision="bfloat16", epochs=2)[2:5]
    networks, trained = together(trials, data)
    for trial, network, (history, _) in zip(trials, networks, trained, strict=True):
        alone = build_network(trial)
        expected, _ = train(alone, data, trial.recipe, Failout(alone.topology, trial.failout), trial.seed)
        assert [epoch["loss"] for epoch in history] == pytest.approx(
            [epoch["loss"] for epoch in expected], rel=0.02
        )
        numbers = network.state_dict()["nodes.n1.0.0.weight"]
        assert numbers.dtype == torch.float32
        assert not torch.equal(numbers, numbers.bfloat16().float())


def test_a_batch_without_flow_is_no_step_for_that_replica_alone(
    tiny: Trial, data: Dataset, tmp_path: Path
) -> None:
    """Adam counts, for each replica, the batches in which information reached its cloud."""
    trials = [
        replace(trial, recipe=replace(tiny.recipe, no_flow="skip", epochs=1))
        for trial in (replace(tiny, failout=HALF), tiny, replace(tiny, failout={"n1": 1.0, "n2": 1.0}))
    ]
    networks, trained = together(trials, data, checkpoint=tmp_path / "checkpoint.pt")
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["optimizer"]["state"]
    counts = []
    for trial in trials:
        network, masks = build_network(trial), generator(trial.seed, "failout")
        failout = Failout(network.topology, trial.failout)
        counts.append(sum(network(data.train.x[:2], failout.draw(masks)) is not None for _ in range(8)))
    assert 0 < counts[0] < counts[1]
    assert counts[2] == 0
    assert [int(state[r]["step"]) if r in state else 0 for r in range(3)] == counts
    assert trained[2][0][0]["loss"] == 0.0
    for name, tensor in build_network(trials[2]).state_dict().items():
        assert torch.equal(networks[2].state_dict()[name], tensor)


# --- replicas are independent --------------------------------------------------------------------


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_whom_a_replica_is_trained_beside_changes_no_bit(tiny: Trial, data: Dataset, precision: str) -> None:
    first, *others = mixed(tiny, precision=precision, epochs=2)
    first = replace(first, scheme="resilinet", failout=HALF)
    for beside in (others[3:5], others[1:3]):
        assert_same(pick(together([first, *others[:2]], data), 0), pick(together([first, *beside], data), 0))


def pick(
    outcome: tuple[list[DistributedNetwork], Trained], replica: int
) -> tuple[list[DistributedNetwork], Trained]:
    return [outcome[0][replica]], [outcome[1][replica]]


def test_what_is_not_finite_in_a_failed_out_node_reaches_nobody(tiny: Trial, data: Dataset) -> None:
    """Not the other replicas, not the replica's own output, and no gradient but that of the poisoned node: zero."""
    trials = [tiny, replace(tiny, scheme="resilinet-plus", seed=1, weights=weights("learned")), tiny]
    networks = [build_network(trial) for trial in trials]
    everyone = networks[0].topology.everyone
    alive = [everyone, everyone - {"n2"}, everyone]
    x, y = data.train.x[:64].expand(3, -1, -1), data.train.y[:64].expand(3, -1)
    clean = gradient_stacked(networks, tiny, x, y, alive)
    with torch.no_grad():
        for number, parameter in enumerate(networks[1].nodes["n2"].parameters()):
            parameter.fill_((float("nan"), float("inf"))[number % 2])
    poisoned = gradient_stacked(networks, tiny, x, y, alive)
    for one, other in zip(clean, poisoned, strict=True):
        for name, gradient in one.items():
            assert torch.equal(gradient, other[name]), name
    stack = StackedNetwork(networks, "float32")
    logits = stack.forward(
        x, torch.tensor([stack.active(r, who, silent_nodes_send=True) for r, who in enumerate(alive)])
    )
    assert logits.isfinite().all()
    active = torch.tensor([stack.active(r, everyone, silent_nodes_send=True) for r in range(3)])
    finite = stack.forward(x, active).isfinite().all(2).all(1)
    assert finite.tolist() == [True, False, True], (
        "alive, the poisoned node is heard by its own replica alone"
    )


def test_a_step_reads_nothing_back_and_keeps_to_one_device(tiny: Trial) -> None:
    """The meta device has no numbers that could be read, and takes no tensor that was left in main memory."""
    trials = mixed(tiny, precision="bfloat16")
    stack = StackedNetwork([build_network(trial).to("meta") for trial in trials], "bfloat16")
    x = torch.empty(len(trials), 8, 23, dtype=stack.dtype, device="meta")
    y = torch.empty(len(trials), 8, dtype=torch.int64, device="meta")
    active = torch.empty(len(trials), len(stack.columns), dtype=torch.bool, device="meta")
    stack.backward(ensemble.mean_losses(stack.forward(x, active), y, active[:, 0]).sum(), active)
    stack.publish()
    assert stack.gradient.is_meta


def test_a_diverging_replica_is_named(tiny: Trial, data: Dataset) -> None:
    networks = [build_network(tiny), build_network(replace(tiny, seed=7))]
    nn.init.constant_(networks[1].nodes["n4"][4].bias, float("nan"))
    with pytest.raises(ArithmeticError, match=r"epoch 1 is nan for trial [0-9a-f]{16} \(resilinet, seed 7\)"):
        train_together(networks, [tiny, replace(tiny, seed=7)], data)


# --- resumable -----------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [1, 2])
@pytest.mark.parametrize("recipe", [{"no_flow": "skip"}, {"precision": "bfloat16"}], ids=str)
def test_resuming_after_any_epoch_equals_not_stopping(
    tiny: Trial, data: Dataset, tmp_path: Path, recipe: Mapping[str, str], after: int
) -> None:
    trials, told = mixed(tiny, schedule="linear", **recipe)[3:6], []
    checkpoint = tmp_path / "run" / "checkpoint.pt"
    with pytest.raises(Interrupted):
        together(trials, data, checkpoint=checkpoint, report=told.append, stop=lambda: len(told) == after)
    resumed = together(trials, data, checkpoint=checkpoint, report=told.append)
    assert [progress[0].epoch for progress in told] == [1, 2, 3]
    assert_same(resumed, together(trials, data))
    assert_same(resumed, together(trials, data, checkpoint=checkpoint))  # nothing is left to train
    first, last = told[0][0], told[-1][0]
    assert last.seconds > last.seconds_of_this_run > 0
    assert first.seconds == first.seconds_of_this_run


def test_a_checkpoint_of_other_trials_or_half_of_one_starts_afresh(
    tiny: Trial, data: Dataset, tmp_path: Path, tiny_trials: Callable[[int], list[Trial]]
) -> None:
    checkpoint, trials = tmp_path / "checkpoint.pt", tiny_trials(2)
    together(tiny_trials(3)[1:], data, checkpoint=checkpoint)
    with pytest.warns(UserWarning, match=r"checkpoint\.pt: .*\(it is of other trials\); training starts"):
        resumed = together(trials, data, checkpoint=checkpoint)
    state = torch.load(checkpoint, weights_only=True)
    start, shape = state["places"]["nodes.n1.0.0.weight"]
    state["places"]["nodes.n1.0.0.weight"] = (start, (*shape[:-1], shape[-1] + 1))
    torch.save(state, checkpoint)
    with pytest.warns(UserWarning, match=r"\(it is of other networks\); training starts afresh"):
        together(trials, data, checkpoint=checkpoint)
    checkpoint.write_bytes(checkpoint.read_bytes()[:2000])
    with pytest.warns(UserWarning, match="training starts afresh"):
        again = together(trials, data, checkpoint=checkpoint)
    assert_same(resumed, again)


def test_some_of_an_ensemble_go_on_where_all_of_it_stopped(
    tiny: Trial, data: Dataset, tmp_path: Path
) -> None:
    trials, checkpoint = mixed(tiny, schedule="linear")[:4], tmp_path / "checkpoint.pt"
    with pytest.raises(Interrupted):
        together(trials, data, checkpoint=checkpoint, stop=lambda: True)
    chosen = [trials[3], trials[1]]
    told: list[Sequence[Progress]] = []
    resumed = together(chosen, data, checkpoint=checkpoint, report=told.append)
    assert [progress[0].epoch for progress in told] == [2, 3]
    straight = together(chosen, data)
    for (network, (history, best)), (other, (expected, expected_best)) in zip(
        zip(*resumed, strict=True), zip(*straight, strict=True), strict=True
    ):
        assert best == expected_best
        assert [row["loss"] for row in history] == pytest.approx([row["loss"] for row in expected], rel=1e-4)
        for name, value in network.state_dict().items():
            torch.testing.assert_close(value, other.state_dict()[name], rtol=1e-3, atol=1e-4)


def test_one_goes_on_alone_without_the_parameters_that_only_others_had(
    tiny: Trial, data: Dataset, tmp_path: Path
) -> None:
    """Without the adapter of the others' skip a replica has fewer numbers, which lie elsewhere."""
    trials, checkpoint = [tiny, replace(tiny, scheme="vanilla", failout={}, skips=())], tmp_path / "run.pt"
    networks = [build_network(trial) for trial in trials]
    widths = [StackedNetwork(some, "float32").masters.shape[1] for some in (networks, networks[1:])]
    assert widths[0] > widths[1]
    with pytest.raises(Interrupted):
        together(trials, data, checkpoint=checkpoint, stop=lambda: True)
    told: list[Sequence[Progress]] = []
    resumed = together(trials[1:], data, checkpoint=checkpoint, report=told.append)
    assert [progress[0].epoch for progress in told] == [2, 3]
    assert_same(resumed, together(trials[1:], data))


def test_progress_is_told_for_each_replica(tiny: Trial, data: Dataset) -> None:
    told: list[Sequence[Progress]] = []
    _, trained = together(mixed(tiny)[:3], data, report=told.append)
    for replica, (history, _) in enumerate(trained):
        own = [progress[replica] for progress in told]
        assert [(p.epoch, p.epochs) for p in own] == [(1, 3), (2, 3), (3, 3)]
        assert [{"loss": p.loss, "validation_accuracy": p.validation_accuracy} for p in own] == history


def test_each_replica_keeps_its_own_best_epoch(
    tiny: Trial, data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted = iter([[0.1, 0.9, 0.5], [0.2, 0.1, 0.5], [0.3, 0.2, 0.1]])
    after: list[torch.Tensor] = []

    def scores(stack: StackedNetwork, *others: Any) -> list[float]:
        after.append(stack.masters.clone())
        return next(scripted)

    monkeypatch.setattr(ensemble, "accuracies", scores)
    networks, trained = together(mixed(tiny)[:3], data)
    assert [best for _, best in trained] == [3, 1, 1]
    kept = StackedNetwork(networks, "float32").masters
    for replica, (_, best) in enumerate(trained):
        assert torch.equal(kept[replica], after[best - 1][replica])


# --- what cannot be one ensemble -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: replace(t, recipe=replace(t.recipe, epochs=4)), r"need the same recipe, but .*epochs=3"),
        (lambda t: replace(t, network=dict(t.network) | {"width": 8}), r"need the same network.*'width': 8"),
        (
            lambda t: replace(t, partition=(2, 3, 2, 3)),
            r"need the same partition, but one has \(1, 2, 3, 4\)",
        ),
        (lambda t: replace(t, data={"name": "other"}), "need the same data"),
    ],
)
def test_trials_that_differ_in_what_they_must_share_are_refused(
    tiny: Trial, data: Dataset, change: Callable[[Trial], Trial], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        together([tiny, change(tiny)], data)


def test_what_is_no_ensemble_is_refused(tiny: Trial, data: Dataset) -> None:
    with pytest.raises(ValueError, match="one or more networks, not 0 networks and 0 trials"):
        train_together([], [], data)
    with pytest.raises(ValueError, match="not 1 networks and 2 trials"):
        train_together([build_network(tiny)], [tiny, tiny], data)
    mixed_precision = replace(tiny, recipe=replace(tiny.recipe, precision="autocast"))
    with pytest.raises(ValueError, match="float32 or bfloat16, but the recipe says autocast"):
        together([mixed_precision], data)
    narrow = replace(data, train=Examples(data.train.x[:, :9], data.train.y))
    with pytest.raises(ValueError, match=r"takes batches of shape \(B, 23\), not \(1, 9\)"):
        together([tiny], narrow)
    turning = replace(data, description=dict(data.description) | {"augmentation": "paper"})
    with pytest.raises(ValueError, match=r"takes examples as they are, but .* asks for 'paper'"):
        together([tiny], turning)


def test_networks_that_are_no_mlps_of_one_size_are_refused(tiny: Trial) -> None:
    def refused(network: DistributedNetwork, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            StackedNetwork([build_network(tiny), network], "float32")

    convolving = build_network(tiny)
    convolving.nodes["n1"][0][1] = nn.Sigmoid()
    refused(convolving, r"only an MLP .*: nodes\.n1\.0\.1 is a Sigmoid")
    refused(
        build_network(replace(tiny, network=dict(tiny.network) | {"width": 8})),
        r"need the same sizes, but nodes\.n1\.0\.0\.weight has \(23, 16\) numbers in one and \(23, 8\)",
    )
    refused(
        build_network(replace(tiny, partition=(2, 3, 2, 3))), "need the same partition, but .*n1: 1.*n1: 2"
    )


# --- from descriptions to records ----------------------------------------------------------------


def test_records_are_those_of_trials_run_one_by_one(tiny: Trial, data: Dataset, tmp_path: Path) -> None:
    trials = [trial for number, trial in enumerate(mixed(tiny)) if number in (1, 3, 4)]
    records = run_together(trials, data, tmp_path / "together")
    for trial, record in zip(trials, records, strict=True):
        alone = run(trial, data, tmp_path / trial.id)
        assert (record.trial, record.total, record.labels) == (trial, alone.total, alone.labels)
        assert (record.best_epoch, record.parameters) == (alone.best_epoch, alone.parameters)
        assert record.survival.keys() == alone.survival.keys()
        every = [(record.counts, alone.counts)]
        every += [(record.survival[name], counts) for name, counts in alone.survival.items()]
        for counts, expected in every:
            assert counts.keys() == expected.keys()
            for key, count in expected.items():
                found = counts[key]
                assert found is count if count is None or found is None else abs(found - count) <= 1, key
        kept = torch.load(tmp_path / "together" / trial.id[:16] / "weights.pt", weights_only=True)
        assert kept.keys() == build_network(trial).state_dict().keys()
        assert record.provenance.keys() - alone.provenance.keys() == {"trained_beside"}
        assert (record.provenance["trained_beside"], record.provenance["resumed"]) == (2, False)


def test_other_data_than_described_are_refused(tiny: Trial, data: Dataset, tmp_path: Path) -> None:
    described = replace(tiny, data=dict(tiny.data) | {"fingerprint": "0" * 64})
    with pytest.raises(DataError, match=r"the trial describes .*0000.* but the data at hand are"):
        run_together([described], data, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_time_spent_before_a_kill_after_the_last_epoch_counts(
    tiny_trials: Callable[[int], list[Trial]],
    data: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(runner, "evaluate", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run_together(tiny_trials(2), data, tmp_path)
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    torch.save(state | {"seconds": 1000.0}, tmp_path / "checkpoint.pt")
    times = [record.provenance["wall_seconds"] for record in run_together(tiny_trials(2), data, tmp_path)]
    assert all(500 <= time < 550 for time in times), "an equal share"
