"""One plain training loop: batches in random order, one failout mask a batch, Adam (section 3.2)."""

from __future__ import annotations

import copy
import math
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from resilinet import checkpoints
from resilinet.batch_statistics import estimate_batch_statistics
from resilinet.data import Dataset
from resilinet.data.images import as_input, augment
from resilinet.evaluation import accuracy
from resilinet.failout import Failout
from resilinet.messages import refused, unreadable
from resilinet.network import DistributedNetwork
from resilinet.precision import MasterWeights, mixed_precision, on_device
from resilinet.randomness import generator, seeded
from resilinet.recipe import Recipe
from resilinet.tracing import modes_kept
from resilinet.trainable import check_trainable, train_mode

VALIDATION_STATISTICS = 1024
"""Training images from which statistics are re-estimated after every epoch; fewer than in the end, as it is often."""


class Interrupted(Exception):  # noqa: N818 - a request that was followed is no error
    """Training was asked to stop; its last finished epoch is in the checkpoint and a later call goes on."""


@dataclass(frozen=True)
class Progress:
    """Where a training stands after an epoch.

    Attributes:
        epoch: counted from 1.
        epochs: how many there are.
        loss: the epoch's mean.
        validation_accuracy: without failures, from 0 to 1.
        seconds: training time so far, that before an interruption included.
    """

    epoch: int
    epochs: int
    loss: float
    validation_accuracy: float
    seconds: float


@dataclass(frozen=True)
class Watch:
    """How a caller follows a training, stops it and goes on with it later.

    Attributes:
        checkpoint: where each finished epoch is kept, so that a killed training loses at most the running one;
            training goes on from a checkpoint that lies there already.
        stop: called after every epoch; True ends the training there.
        report: called after every epoch.
        resume: called with the seconds that the earlier epochs took, where training goes on from a checkpoint.
    """

    checkpoint: Path | str | None = None
    stop: Callable[[], bool] = lambda: False
    report: Callable[[Progress], object] = lambda progress: None
    resume: Callable[[float], object] = lambda seconds: None


class State:
    """Everything that a training has reached, which is what a checkpoint holds."""

    def __init__(self, network: DistributedNetwork, recipe: Recipe, seed: int) -> None:
        """Start from the weights of ``network``, which is trained in place."""
        self.network, self.weights = network, MasterWeights(network, recipe.precision)
        self.optimizer = torch.optim.Adam(
            network.parameters(), lr=recipe.learning_rate, eps=recipe.epsilon, fused=True
        )
        self.streams = {
            "order": generator(seed, "batches"),
            "masks": generator(seed, "failout"),
            "motions": generator(seed, "augmentation"),
        }
        self.history: list[Mapping[str, float]] = []
        self.best: dict[str, Any] = {"epoch": 0, "accuracy": -1.0, "network": {}}
        self.seconds = 0.0

    def step(self, rate: float) -> None:
        """Take a step of Adam with this learning rate along the gradients, then clear them."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.weights.step(self.optimizer)

    def end_epoch(self, loss: float, scores: Mapping[str, float], keep: str) -> None:
        """Note what an epoch came to; its weights are kept if it is the ``best`` so far, or always (``last``)."""
        self.history.append({"loss": loss, **scores})
        score = scores["validation_accuracy"]
        if keep == "last" or score > self.best["accuracy"]:
            weights = copy.deepcopy(self.network.state_dict())
            self.best = {"epoch": len(self.history), "accuracy": score, "network": weights}

    def save(self, path: Path) -> None:
        """Write a checkpoint."""
        content = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "history": self.history,
            "best": self.best,
            "seconds": self.seconds,
        }
        content |= {name: stream.get_state() for name, stream in self.streams.items()}
        checkpoints.save(content, path)

    def resume(self, path: Path | None) -> str:
        """Go on from the checkpoint that lies at ``path``, if there is one; if it cannot be used, return why.

        A damaged checkpoint costs the time that it stood for, never a result: training afresh gives the same numbers.
        Refusing it would stop an unattended sweep at this trial every time.

        Raises:
            OSError: the system refuses to read it.
        """
        if path is None or not path.exists():
            return ""
        try:
            content = checkpoints.load(path)
            needed = {"network", "optimizer", "history", "best", *self.streams}
            if missing := needed - set(content):
                raise ValueError(f"{min(missing)!r} is missing")
            try:  # on a copy, because loading stops at the first tensor that does not fit and keeps those before it
                copy.deepcopy(self.network).load_state_dict(content["network"])
            except RuntimeError:  # which lists every tensor
                raise ValueError("it is of another network") from None
        except Exception as error:
            if refused(error):  # it may well be whole
                raise
            return f"{path}: not a whole checkpoint ({unreadable(path, error)}); training starts afresh."
        self.network.load_state_dict(content["network"])
        self.weights.publish()
        self.optimizer.load_state_dict(content["optimizer"])
        for name, stream in self.streams.items():
            stream.set_state(content[name])
        self.history, self.best = content["history"], content["best"]
        self.seconds = content.get("seconds", 0.0)
        return ""


def train(
    network: DistributedNetwork,
    data: Dataset,
    recipe: Recipe = Recipe(),
    failout: Failout | None = None,
    seed: int = 0,
    watch: Watch = Watch(),
) -> tuple[list[Mapping[str, float]], int]:
    """Train ``network`` in place and leave the weights of the epoch in it that the recipe keeps.

    Deterministic given seed, thread count and library versions, also where modules draw random numbers.

    Args:
        network: float32, already initialised, on the device that is to compute. Modules in eval mode in a network of
            which others train stay in it; one that is in eval mode as a whole is trained as a whole. In the end all are
            in the mode they were in.
        data: training and validation parts, there or in main memory; they are moved there if there is room.
        recipe: how to train.
        failout: draws the nodes that are alive for each batch; without it none fails.
        seed: of batch order, failout, augmentation and what modules draw.
        watch: checkpoint, progress and interruption.

    Returns:
        For each epoch its mean loss and what :func:`validated` gives, and the kept epoch, counted from 1.

    Raises:
        Interrupted: ``watch`` stopped the training before its last epoch.
        ArithmeticError: the loss is no longer finite, or an epoch takes no step.
        ValueError: it is known before the first step that training cannot be carried to its end.

    Warns:
        CheckpointWarning: the checkpoint is damaged or another training's; nothing of it is used, and training starts
            afresh.
    """
    failout = Failout(network.topology, {}) if failout is None else failout
    checkpoint = None if watch.checkpoint is None else Path(watch.checkpoint)
    if checkpoint is not None and checkpoint.is_dir():
        raise ValueError(f"{checkpoint}: a folder, which cannot be a checkpoint; name a file.")
    check_trainable(network, data, recipe)
    state = State(network, recipe, seed)
    working, dtype = state.weights.working, state.weights.dtype
    order, masks, motions = state.streams.values()
    device = next(network.parameters()).device
    x, validation, y = on_device(device, dtype, data.train.x, data.validation.x, data.train.y)
    zeros = recipe.no_flow == "zeros"
    by_class = balanced(y, data.classes).to(device) if recipe.class_weights == "balanced" else None
    if damage := state.resume(checkpoint):
        warnings.warn(damage, checkpoints.CheckpointWarning, stacklevel=2)
    if state.history:
        watch.resume(state.seconds)
    began = time.perf_counter() - state.seconds
    for epoch in range(len(state.history) + 1, recipe.epochs + 1):
        with modes_kept(working), seeded(working, seed, f"epoch {epoch}"):
            train_mode(working)
            losses, seen = torch.zeros((), dtype=torch.float64, device=device), 0
            batches = torch.randperm(len(y), generator=order).split(recipe.batch_size)
            for step, rows in enumerate(batches, start=(epoch - 1) * len(batches)):
                x_batch, y_batch = (part[rows.to(part.device)].to(device) for part in (x, y))
                x_batch = augment(as_input(x_batch, dtype), motions, data.augmentation)
                with mixed_precision(recipe, device):
                    answers = [working(x_batch, a, silent_nodes_send=zeros) for a in failout.draws(masks)]
                parts = [mean_loss(logits, y_batch, by_class) for logits in answers if logits is not None]
                if not parts:
                    continue
                loss = torch.stack(parts).mean()
                loss.backward()
                state.step(recipe.rate(step, recipe.epochs * len(batches)))
                losses += loss.detach() * len(y_batch)
                seen += len(y_batch)
            found = mean_over(seen, float(losses), epoch)
            scores = validated(working, x, validation, data.validation.y, recipe)
        state.end_epoch(found, scores, recipe.keep)
        state.seconds = time.perf_counter() - began
        if checkpoint is not None:
            state.save(checkpoint)
        score = scores["validation_accuracy"]
        watch.report(Progress(epoch, recipe.epochs, found, score, state.seconds))
        if watch.stop() and epoch < recipe.epochs:
            raise Interrupted
    network.load_state_dict(state.best["network"])
    return state.history, state.best["epoch"]


def mean_over(examples: int, losses: float, epoch: int) -> float:
    """The mean loss of an epoch from its sum over examples.

    Raises:
        ArithmeticError: there are none, as no batch had information flow, or the mean is no finite number.
    """
    if not examples:
        raise ArithmeticError(
            f"no information reached the cloud in any batch of epoch {epoch}; fail out less, or let no_flow be 'zeros'."
        )
    if not math.isfinite(losses):
        raise ArithmeticError(f"the training loss of epoch {epoch} is {losses}; lower the learning rate.")
    return losses / examples


def mean_loss(logits: Tensor, y: Tensor, by_class: Tensor | None) -> Tensor:
    """The cross-entropy of ``(B, classes)`` logits in float32, each example weighted by its class, over B."""
    loss = nn.functional.cross_entropy(logits.float(), y, by_class)
    # PyTorch divides by the sum of the weights, Keras by the number of examples.
    return loss if by_class is None else loss * by_class[y].mean()


def balanced(y: Tensor, classes: int) -> Tensor:
    """The weight ``(classes,)`` of each class: ``N / (K * N_c)``, of N examples, N_c of them in class c, and K classes.

    A class without examples is not one of the K, and its weight does not matter.

    Args:
        y: ``(N,)`` class indices.
        classes: how many there may be.
    """
    counts = torch.bincount(y, minlength=classes)
    return len(y) / (counts.count_nonzero() * counts.clamp(min=1))


def validated(
    network: DistributedNetwork, train: Tensor, x: Tensor, y: Tensor, recipe: Recipe
) -> Mapping[str, float]:
    """The accuracy without failures on the validation part, which decides on the kept epoch.

    Args:
        network: whose running statistics are left as they are.
        train: ``(N, *input_shape)``, from which statistics are re-estimated.
        x: ``(M, *input_shape)``, to validate on.
        y: ``(M,)`` class indices.
        recipe: says with which statistics of batch normalisation.

    Returns:
        ``validation_accuracy``; where that is by re-estimated statistics, ``running_validation_accuracy``, too.
    """
    with mixed_precision(recipe, next(network.parameters()).device):
        running = accuracy(network, x, y)
        statistics = {}
        if recipe.validation == "re-estimated":
            statistics = estimate_batch_statistics(network, train[:VALIDATION_STATISTICS], [frozenset()])
        if not statistics:  # a network without batch normalisation has none
            return {"validation_accuracy": running}
        network.route_statistics = statistics
        try:
            score = accuracy(network, x, y)
        finally:
            network.route_statistics = {}
    return {"validation_accuracy": score, "running_validation_accuracy": running}
