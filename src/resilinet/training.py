"""One plain training loop: batches in random order, one failout mask a batch, Adam."""

from __future__ import annotations

import copy
import hashlib
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from resilinet import checkpoints, tensor_file
from resilinet.batch_statistics import estimate_batch_statistics
from resilinet.data import Dataset
from resilinet.data.images import as_input, augment
from resilinet.evaluation import accuracy
from resilinet.failout import Failout
from resilinet.network import DistributedNetwork, modes_kept
from resilinet.recipe import Recipe
from resilinet.routing import routes
from resilinet.topology import TopologyError

VALIDATION_STATISTICS = 1024
"""Training images from which statistics are re-estimated after every epoch; fewer than in the end, as it is often."""


class Interrupted(Exception):  # noqa: N818 - a request that was followed is no error
    """Training was asked to stop; its last finished epoch is in the checkpoint and a later call goes on."""


@dataclass
class Progress:
    """Where a training stands after an epoch."""

    epoch: int
    epochs: int
    loss: float
    validation_accuracy: float
    seconds: float
    """Training time so far, that before an interruption included."""
    seconds_of_this_run: float


def generator(seed: int, purpose: str) -> torch.Generator:
    """An independent stream of randomness for each seed and purpose.

    Schemes with the same seed share their initial weights and their batch order, and so are compared in pairs.
    """
    return torch.Generator().manual_seed(_number(seed, purpose))


def _number(seed: int, purpose: str) -> int:
    digest = hashlib.sha256(f"{purpose}:{seed}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


@contextmanager
def seeded(network: nn.Module, seed: int, purpose: str) -> Iterator[None]:
    """Within, whatever the modules of a network draw depends on seed and purpose alone.

    That is from PyTorch, Python and NumPy, whose own generators then go on as if nothing had been drawn, or from a
    generator that a module holds. Seeded anew for each epoch, they need no place in a checkpoint.
    """
    devices = {p.device for p in network.parameters() if p.device.type == "cuda"}
    python, numpy, number = random.getstate(), np.random.get_state(), _number(seed, purpose)  # noqa: NPY002
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(number)
        random.seed(number)
        np.random.seed(number % 2**32)  # noqa: NPY002 - modules may draw from it
        held = [value for module in network.modules() for value in vars(module).values()]
        kinds = torch.Generator | random.Random | np.random.Generator
        for k, own in enumerate(value for value in held if isinstance(value, kinds)):
            number = _number(seed, f"{purpose}, {k}")
            if isinstance(own, torch.Generator):
                own.manual_seed(number)
            elif isinstance(own, random.Random):
                own.seed(number)
            else:
                own.bit_generator.state = type(own.bit_generator)(number).state
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002


class MasterWeights:
    """Float32 master weights and the copy in working precision that computes; but for ``bfloat16`` they are one.

    Raises:
        ValueError: a network with batch normalisation is to compute in bfloat16, in which its running statistics
            would stand still: a hundredth of the way to the batch's is below the rounding.
    """

    def __init__(self, network: DistributedNetwork, precision: str) -> None:
        """Keep ``network`` as the masters; ``self.working`` computes."""
        self.network = network
        low = precision == "bfloat16"
        if low and any(True for _ in network.buffers()):
            raise ValueError(
                "recipe: bfloat16 weights lose the running statistics of batch normalisation; "
                "choose the precision autocast or float32."
            )
        self.working = copy.deepcopy(network).to(torch.bfloat16) if low else network
        self.dtype = torch.bfloat16 if low else torch.float32
        pairs = zip(network.parameters(), self.working.parameters(), strict=True)
        self.pairs = [(master, work) for master, work in pairs if master is not work]
        # Every parameter always has a gradient: one whose node was failed out has a gradient of zero and still
        # moves with Adam's momentum, as in the released code, where the node's output is multiplied by zero.
        for parameter in (*network.parameters(), *self.working.parameters()):
            parameter.grad = torch.zeros_like(parameter)

    @torch.no_grad()
    def step(self, optimizer: torch.optim.Optimizer) -> None:
        """Take the optimizer's step on the masters with the working copy's gradients, then clear those."""
        for master, work in self.pairs:
            assert master.grad is not None
            assert work.grad is not None
            master.grad.copy_(work.grad)
        optimizer.step()
        self.publish()
        self.working.zero_grad(set_to_none=False)

    @torch.no_grad()
    def publish(self) -> None:
        """Round the masters into the working copy."""
        for master, work in self.pairs:
            work.copy_(master)


def train(
    network: DistributedNetwork,
    data: Dataset,
    recipe: Recipe,
    failout: Failout,
    seed: int,
    *,
    checkpoint: Path | None = None,
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[Progress], None] = lambda progress: None,
    resume: Callable[[float], None] = lambda seconds: None,
) -> tuple[list[Mapping[str, float]], int]:
    """Train ``network`` in place and leave the weights of the epoch in it that the recipe keeps.

    Deterministic given seed, thread count and library versions, also where modules draw random numbers.

    Args:
        network: float32, already initialised, on the device that is to compute. Modules in eval mode in a network of
            which others train stay in it; one that is in eval mode as a whole is trained as a whole. In the end all are
            in the mode they were in.
        data: training and validation parts, there or in main memory; they are moved there if there is room.
        recipe: how to train.
        failout: draws who is alive for each batch.
        seed: of batch order and failout.
        checkpoint: where each finished epoch is kept, so that a killed training loses at most the running one;
            where one lies already, training goes on from it.
        stop: asked after every epoch.
        report: told after every epoch.
        resume: told, where training goes on from a checkpoint, the seconds that its epochs took.

    Returns:
        For each epoch its mean loss and what :func:`validated` says, and the kept epoch, counted from 1.

    Raises:
        Interrupted: ``stop`` said so before the last epoch was over.
        ArithmeticError: the loss is no longer finite.
        ValueError: it is known before the first step that training cannot be carried to its end, or takes no step.

    Warns:
        CheckpointWarning: it is damaged; nothing of it is used, and training starts afresh.
    """
    refuse_what_cannot_end_well(network, data, recipe, failout, seed)
    order, masks = generator(seed, "batches"), generator(seed, "failout")
    motions = generator(seed, "augmentation")
    device = next(network.parameters()).device
    weights = MasterWeights(network, recipe.precision)
    optimizer = torch.optim.Adam(
        network.parameters(), lr=recipe.learning_rate, eps=recipe.epsilon, fused=True
    )
    inputs = (in_working_precision(part.x, weights.dtype) for part in (data.train, data.validation))
    x, validation, y = resident(device, *inputs, data.train.y)
    by_class = balanced(y, data.classes).to(device) if recipe.class_weights == "balanced" else None
    history: list[Mapping[str, float]] = []
    best: dict[str, Any] = {"epoch": 0, "accuracy": -1.0, "network": {}}
    spent, began = 0.0, time.perf_counter()
    state = None if checkpoint is None else resumable(checkpoint, network)
    if state is not None:
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        order.set_state(state["order"])
        masks.set_state(state["masks"])
        motions.set_state(state["motions"])
        history, best, spent = state["history"], state["best"], state.get("seconds", 0.0)
        weights.publish()
        resume(spent)
    steps_an_epoch = -(-len(y) // recipe.batch_size)
    for epoch in range(len(history) + 1, recipe.epochs + 1):
        with modes_kept(weights.working), seeded(weights.working, seed, f"epoch {epoch}"):
            train_mode(weights.working)
            losses, seen = torch.zeros((), dtype=torch.float64, device=device), 0
            batches = torch.randperm(len(y), generator=order).split(recipe.batch_size)
            for step, rows in enumerate(batches, start=(epoch - 1) * steps_an_epoch):
                for group in optimizer.param_groups:
                    group["lr"] = recipe.rate(step, recipe.epochs * steps_an_epoch)
                x_batch, y_batch = (part[rows.to(part.device)].to(device) for part in (x, y))
                x_batch = augment(as_input(x_batch, weights.dtype), motions, data.augmentation)
                with mixed_precision(recipe, device):
                    logits = weights.working(
                        x_batch, failout.draw(masks), silent_nodes_send=recipe.no_flow == "zeros"
                    )
                if logits is None:
                    continue
                loss = nn.functional.cross_entropy(logits.float(), y_batch, by_class)
                # PyTorch divides by the sum of the weights, Keras by the number of examples.
                if by_class is not None:
                    loss = loss * by_class[y_batch].mean()
                loss.backward()
                losses += loss.detach() * len(y_batch)
                seen += len(y_batch)
                weights.step(optimizer)
            mean_loss = float(losses) / max(seen, 1)
            if not mean_loss < float("inf"):
                raise ArithmeticError(
                    f"the training loss of epoch {epoch} is {mean_loss}; lower the learning rate."
                )
            scores = validated(weights.working, x, validation, data.validation.y, recipe)
        history.append({"loss": mean_loss, **scores})
        score = scores["validation_accuracy"]
        if recipe.keep == "last" or score > best["accuracy"]:
            best = {"epoch": epoch, "accuracy": score, "network": copy.deepcopy(network.state_dict())}
        seconds = time.perf_counter() - began
        if checkpoint is not None:
            tensor_file.save(
                {
                    "network": network.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "order": order.get_state(),
                    "masks": masks.get_state(),
                    "motions": motions.get_state(),
                    "history": history,
                    "best": best,
                    "seconds": spent + seconds,
                },
                checkpoint,
            )
        report(Progress(epoch, recipe.epochs, mean_loss, score, spent + seconds, seconds))
        if stop() and epoch < recipe.epochs:
            raise Interrupted
    network.load_state_dict(best["network"])
    return history, best["epoch"]


def balanced(y: Tensor, classes: int) -> Tensor:
    """The weight ``(classes,)`` of each class: ``N / (K * N_c)``, of N examples, N_c of them in class c, and K classes.

    A class without examples is not one of the K, and its weight does not matter.

    Args:
        y: ``(N,)`` class indices.
        classes: how many there may be.
    """
    counts = torch.bincount(y, minlength=classes)
    return len(y) / (counts.count_nonzero() * counts.clamp(min=1))


def train_mode(network: DistributedNetwork) -> None:
    """Training mode for all modules of a network, unless some train already: the others are frozen on purpose."""
    if not any(block.training for node in network.nodes.children() for block in node.children()):
        network.train()


def refuse_what_cannot_end_well(
    network: DistributedNetwork, data: Dataset, recipe: Recipe, failout: Failout, seed: int
) -> None:
    """Raise ValueError where it can be known beforehand that training ends in an error or takes no step."""
    for part in ("train", "validation", "test"):
        if not len(data.part(part)):
            raise ValueError(
                f"the {part} part of {data.name!r} is empty; training needs examples in every part."
            )
        network.check(data.part(part).x)
    count, cloud = len(data.train), network.topology.cloud
    answer, lowest, highest = network.sent_shape[cloud], int(data.train.y.min()), int(data.train.y.max())
    if len(answer) != 1 or answer[0] < 2 or not 0 <= lowest <= highest < answer[0]:
        raise ValueError(
            f"labels from {lowest} to {highest} need a score for each class from 0, and for two at least, but the "
            f"network answers an example with numbers of shape {answer}."
        )
    if not any(parameter.requires_grad for parameter in network.parameters()):
        raise ValueError("the network has no weights that training may change.")
    if count < 2 and recipe.validation == "re-estimated":
        raise ValueError("batch statistics cannot be re-estimated from a single training example.")
    if (count - 1) % recipe.batch_size == 0:
        try:
            with modes_kept(network):
                train_mode(network)
                alone = network.trace(1)[1][cloud].shape
            if alone != (1, *answer):
                raise TopologyError(f"the answer has the shape {tuple(alone)}")
        except TopologyError as error:
            raise ValueError(
                f"{count} examples in batches of {recipe.batch_size} leave one alone, which cannot be trained on "
                f"({str(error).rstrip('.')}); choose another batch size."
            ) from error
    steps = recipe.epochs * -(-count // recipe.batch_size)
    failout, masks = copy.copy(failout), generator(seed, "failout")
    flows = (cloud in routes(network.topology, failout.draw(masks), network.skips) for _ in range(steps))
    if recipe.no_flow == "skip" and not any(flows):
        raise ValueError(
            f"under this failout no information reaches the cloud in any of {steps} batches, so that training would "
            "take no step; fail out less, or let no_flow be 'zeros'."
        )


def mixed_precision(recipe: Recipe, device: torch.device) -> torch.autocast:
    """PyTorch's mixed precision, where the recipe asks for it."""
    return torch.autocast(device.type, torch.bfloat16, enabled=recipe.precision == "autocast")


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


def in_working_precision(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Inputs converted once for all epochs; but images stay as they are, a quarter of the memory."""
    return x if x.dtype == torch.uint8 else x.to(dtype)


def resumable(path: Path, network: DistributedNetwork) -> dict[str, Any] | None:
    """The checkpoint of ``network`` at ``path``, or None where there is none that is whole.

    Warns:
        CheckpointWarning: it is damaged, or another network's.
    """

    def fits(state: Mapping[str, Any]) -> None:
        # On a copy, because loading stops at the first tensor that does not fit and keeps those before it.
        try:
            copy.deepcopy(network).load_state_dict(state["network"])
        except RuntimeError:  # which lists every tensor
            raise ValueError("it is of another network") from None

    return checkpoints.load(
        path, {"network", "optimizer", "order", "masks", "motions", "history", "best"}, fits
    )


def resident(device: torch.device, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """The tensors on a device that has room for all, so that no step waits for its examples; else where they are.

    Half of the free memory is left to networks and activations.
    """
    if device.type == "cpu" or sum(tensor.nbytes for tensor in tensors) > free_memory(device) / 2:
        return tensors
    return tuple(tensor.to(device) for tensor in tensors)


def free_memory(device: torch.device) -> float:
    """Bytes that a device has left; without end where PyTorch does not say."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else math.inf
