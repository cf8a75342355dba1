"""All seeds and settings of a Health sweep trained as one ensemble, which fills a device that one MLP leaves idle.

Each replica sees what it would see alone: its own batch order, its own failout masks, its own number of Adam's steps,
its own best epoch. What it gives equals what :func:`resilinet.training.train` gives but for rounding, because batched
products add up in another order.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from resilinet import checkpoints, tensor_file
from resilinet.datasets import Dataset
from resilinet.failout import Failout
from resilinet.network import DistributedNetwork
from resilinet.stacked_network import StackedNetwork
from resilinet.stacked_parameters import relocated
from resilinet.training import Interrupted, Progress, generator
from resilinet.trials import Trial

SHARED = ("network", "partition", "recipe", "data")
"""Fields in which the trials of an ensemble are the same."""

Report = Callable[[Sequence[Progress]], None]
"""Is told after every epoch how each replica stands; their times are those of the whole ensemble."""


class Replica:
    """Who is alive and which rows come next for one replica, from the streams that it would have alone."""

    def __init__(self, number: int, trial: Trial, stack: StackedNetwork) -> None:
        """Begin the streams of the trial's seed."""
        self.number, self.stack = number, stack
        self.failout = Failout(stack.networks[number].topology, trial.failout)
        self.zeros = trial.recipe.no_flow == "zeros"
        self.order, self.masks = generator(trial.seed, "batches"), generator(trial.seed, "failout")

    def rows(self, examples: int) -> Tensor:
        """The order of all rows in the next epoch, ``(examples,)``."""
        return torch.randperm(examples, generator=self.order)

    def active(self) -> list[bool]:
        """What sends and carries in the next batch, for each of :attr:`StackedNetwork.columns`."""
        return self.stack.active(self.number, self.failout.draw(self.masks), silent_nodes_send=self.zeros)

    def healthy(self) -> list[bool]:
        """The same without failures."""
        everyone = self.failout.topology.everyone
        return self.stack.active(self.number, everyone, silent_nodes_send=False)


def train_together(
    networks: Sequence[DistributedNetwork],
    trials: Sequence[Trial],
    data: Dataset,
    *,
    checkpoint: Path | None = None,
    stop: Callable[[], bool] = lambda: False,
    report: Report = lambda progress: None,
    resume: Callable[[float], None] = lambda seconds: None,
) -> list[tuple[list[Mapping[str, float]], int]]:
    """Train all networks in place and leave the weights of its best validation epoch in each.

    The host reads nothing back within an epoch, so that it can run ahead of the device.

    Args:
        networks: MLPs of one size and partition, float32, already initialised, on the device that is to compute.
        trials: one for each network; they may differ in seed, scheme, skips, failout and hyperconnection weights.
        data: training and validation parts, moved to the device as a whole.
        checkpoint: where each finished epoch of the ensemble is kept; training goes on from one that lies there.
        stop: asked after every epoch.
        report: told after every epoch.
        resume: told, where training goes on from a checkpoint, the seconds that its epochs took.

    Returns:
        For each replica what :func:`resilinet.training.train` returns: the mean loss and validation accuracy of each
        epoch, and the best epoch, counted from 1.

    Raises:
        ValueError: the replicas differ in what they must share, one is no MLP, the precision is ``autocast``, or
            the examples have another shape or are to be augmented.
        Interrupted: ``stop`` said so before the last epoch was over.
        ArithmeticError: the loss of a replica is no longer finite; the message names its trial.

    Warns:
        CheckpointWarning: it is damaged or of other trials; nothing of it is used, and training starts afresh.
    """
    check(networks, trials, data)
    recipe, began, spent = trials[0].recipe, time.perf_counter(), 0.0
    stack = StackedNetwork(networks, recipe.precision)
    replicas = [Replica(number, trial, stack) for number, trial in enumerate(trials)]
    device, dtype = stack.masters.device, stack.dtype
    x, y = data.train.x.to(device, dtype), data.train.y.to(device)
    # To Adam each replica is one parameter with a count of steps of its own; fused, all of them are one operation.
    parameters = [nn.Parameter(row) for row in stack.masters]
    optimizer = torch.optim.Adam(parameters, lr=recipe.learning_rate, eps=recipe.epsilon, fused=True)
    histories: list[list[Mapping[str, float]]] = [[] for _ in trials]
    best: dict[str, Any] = {
        "epoch": [0] * len(trials),
        "accuracy": [-1.0] * len(trials),
        "masters": stack.masters.clone(),
    }
    state = None if checkpoint is None else load(checkpoint, stack, trials)
    if state is not None:
        with torch.no_grad():
            stack.masters.copy_(state["masters"])
        stack.publish()
        optimizer.load_state_dict(state["optimizer"])
        for replica, order, masks in zip(replicas, state["orders"], state["masks"], strict=True):
            replica.order.set_state(order)
            replica.masks.set_state(masks)
        histories, spent = state["histories"], state["seconds"]
        best = state["best"] | {"masters": state["best"]["masters"].to(device)}
        resume(spent)
    steps = -(-len(y) // recipe.batch_size)
    cloud = stack.column[stack.topology.cloud]
    for epoch in range(len(histories[0]) + 1, recipe.epochs + 1):
        batches = torch.stack([replica.rows(len(y)) for replica in replicas]).to(device)
        drawn = torch.tensor([[replica.active() for replica in replicas] for _ in range(steps)])
        flows, seen = drawn[:, :, cloud].tolist(), [0] * len(trials)
        drawn, losses = drawn.to(device), torch.zeros(len(trials), dtype=torch.float64, device=device)
        for step, rows in enumerate(batches.split(recipe.batch_size, dim=1)):
            for group in optimizer.param_groups:
                group["lr"] = recipe.rate((epoch - 1) * steps + step, recipe.epochs * steps)
            loss = mean_losses(stack.forward(x[rows], drawn[step]), y[rows], drawn[step, :, cloud])
            stack.backward(loss.sum(), drawn[step])
            losses += loss.detach() * rows.shape[1]
            for number, (parameter, flow) in enumerate(zip(parameters, flows[step], strict=True)):
                # Without a gradient Adam leaves a replica alone: no step, no momentum, no count.
                parameter.grad = stack.gradient[number] if flow else None
                seen[number] += rows.shape[1] if flow else 0
            optimizer.step()
            stack.publish()
        means = [total / max(count, 1) for total, count in zip(losses.tolist(), seen, strict=True)]
        for mean, trial in zip(means, trials, strict=True):
            if not mean < float("inf"):
                raise ArithmeticError(
                    f"the training loss of epoch {epoch} is {mean} for trial {trial.id[:16]} ({trial.scheme}, "
                    f"seed {trial.seed}); lower the learning rate."
                )
        scores = accuracies(stack, replicas, data, recipe.batch_size)
        for number, (mean, score) in enumerate(zip(means, scores, strict=True)):
            histories[number].append({"loss": mean, "validation_accuracy": score})
            if score > best["accuracy"][number]:
                best["epoch"][number], best["accuracy"][number] = epoch, score
                best["masters"][number] = stack.masters[number]
        seconds = time.perf_counter() - began
        if checkpoint is not None:
            tensor_file.save(
                {
                    "trials": [trial.id for trial in trials],
                    "places": {name: (place.start, place.shape) for name, place in stack.places.items()},
                    "masters": stack.masters,
                    "optimizer": optimizer.state_dict(),
                    "orders": [replica.order.get_state() for replica in replicas],
                    "masks": [replica.masks.get_state() for replica in replicas],
                    "histories": histories,
                    "best": best,
                    "seconds": spent + seconds,
                },
                checkpoint,
            )
        times = spent + seconds, seconds
        report([Progress(epoch, recipe.epochs, *found, *times) for found in zip(means, scores, strict=True)])
        if stop() and epoch < recipe.epochs:
            raise Interrupted
    stack.put_back(best["masters"])
    return list(zip(histories, best["epoch"], strict=True))


def mean_losses(logits: Tensor, y: Tensor, flow: Tensor) -> Tensor:
    """Each replica's mean cross entropy over its batch, zero where it has no information flow.

    Shapes: logits ``(R, B, classes)``, y ``(R, B)``, flow ``(R,)`` bool; returned is ``(R,)`` float32.
    """
    each = nn.functional.cross_entropy(logits.float().flatten(0, 1), y.flatten(), reduction="none")
    return torch.where(flow, each.view_as(y).mean(1), 0.0)


@torch.no_grad()
def accuracies(stack: StackedNetwork, replicas: Sequence[Replica], data: Dataset, chunk: int) -> list[float]:
    """The share of validation examples that each replica classifies correctly without failures, from 0 to 1."""
    device, part = stack.masters.device, data.validation
    active = torch.tensor([replica.healthy() for replica in replicas], device=device)
    right = torch.zeros(len(replicas), dtype=torch.int64, device=device)
    for x, y in zip(part.x.split(chunk), part.y.split(chunk), strict=True):
        given = x.to(device, stack.dtype).expand(len(replicas), *x.shape)
        right += (stack.forward(given, active).argmax(2) == y.to(device)).sum(1)
    return [count / len(part) for count in right.tolist()]


def check(networks: Sequence[DistributedNetwork], trials: Sequence[Trial], data: Dataset) -> None:
    """Raise ValueError, in one sentence, unless these can be trained as one ensemble."""
    if not trials or len(networks) != len(trials):
        raise ValueError(
            f"an ensemble needs one trial for each of one or more networks, not {len(networks)} networks and "
            f"{len(trials)} trials."
        )
    for name in SHARED:
        first = getattr(trials[0], name)
        for trial in trials:
            if (found := getattr(trial, name)) != first:
                raise ValueError(
                    f"the replicas of an ensemble need the same {name}, but one has {first} and another {found}."
                )
    if trials[0].recipe.precision == "autocast":
        raise ValueError("an ensemble is trained in float32 or bfloat16, but the recipe says autocast.")
    networks[0].check(data.train.x[:1])
    if data.augmentation != "none":
        raise ValueError(
            f"an ensemble takes examples as they are, but {data.name!r} asks for {data.augmentation!r}."
        )


def load(path: Path, stack: StackedNetwork, trials: Sequence[Trial]) -> dict[str, Any] | None:
    """The checkpoint at ``path`` of these trials, with or without others; None where there is none that is whole.

    Warns:
        CheckpointWarning: it is damaged, or of other trials.
    """
    wanted = [trial.id for trial in trials]

    def fits(state: Mapping[str, Any]) -> None:
        if not {*wanted} <= {*state["trials"]}:
            raise ValueError("it is of other trials")
        if any(
            state["places"].get(name, (0, None))[1] != place.shape for name, place in stack.places.items()
        ):
            raise ValueError("it is of other networks")

    state = checkpoints.load(
        path,
        {"trials", "places", "masters", "optimizer", "orders", "masks", "histories", "best", "seconds"},
        fits,
    )
    if state is None:
        return None
    chosen = [state["trials"].index(trial) for trial in wanted]
    starts = {name: start for name, (start, _) in state["places"].items()}

    def placed(numbers: Tensor) -> Tensor:
        return relocated(numbers, starts, stack.places)

    adam, groups = state["optimizer"]["state"], state["optimizer"]["param_groups"]
    state["optimizer"] = {
        "state": {
            new: {name: placed(value) if value.dim() else value for name, value in adam[old].items()}
            for new, old in enumerate(chosen)
            if old in adam
        },
        "param_groups": [group | {"params": list(range(len(chosen)))} for group in groups],
    }
    for kept in (state, state["best"]):
        kept["masters"] = placed(kept["masters"][chosen])
        for name in {"orders", "masks", "histories", "epoch", "accuracy"} & {*kept}:
            kept[name] = [kept[name][number] for number in chosen]
    return state
