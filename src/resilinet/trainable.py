"""What is known before the first step: whether a training can be carried to its end."""

from __future__ import annotations

import torch

from resilinet.data import Dataset
from resilinet.network import DistributedNetwork
from resilinet.recipe import Recipe
from resilinet.topology import TopologyError
from resilinet.tracing import modes_kept, trace


def train_mode(network: DistributedNetwork) -> None:
    """Training mode for all modules of a network, unless some train already: the others are frozen on purpose."""
    if not any(block.training for node in network.nodes.children() for block in node.children()):
        network.train()


def check_trainable(network: DistributedNetwork, data: Dataset, recipe: Recipe) -> None:
    """Raise ValueError where it can be known beforehand that training ends in an error."""
    for part in ("train", "validation", "test"):
        if not len(data.part(part)):
            raise ValueError(
                f"the {part} part of {data.name!r} is empty; training needs examples in every part."
            )
        x = network.check(data.part(part).x)
        if isinstance(x, torch.Tensor) and x.is_floating_point() and not x.isfinite().all():
            raise ValueError(f"the {part} part of {data.name!r} holds inputs that are no finite numbers.")
    count, cloud = len(data.train), network.topology.cloud
    y = torch.cat([data.train.y, data.validation.y, data.test.y])
    answer, lowest, highest = network.sent_shape[cloud], int(y.min()), int(y.max())
    if len(answer) != 1 or answer[0] < 2 or not 0 <= lowest <= highest < answer[0]:
        raise ValueError(
            f"labels from {lowest} to {highest} need a score for each class from 0, and for two at least, but the "
            f"network answers an example with numbers of shape {answer}."
        )
    if not any(parameter.requires_grad for parameter in network.parameters()):
        raise ValueError("the network has no weights that training may change.")
    if count < 2 and recipe.validation == "re-estimated":
        raise ValueError("batch statistics cannot be re-estimated from a single training example.")
    last = count % recipe.batch_size or min(count, recipe.batch_size)
    try:
        with modes_kept(network):
            train_mode(network)
            answered = trace(network, last)[1][cloud].shape
        if answered != (last, *answer):
            raise TopologyError(f"the answer has the shape {tuple(answered)}")
    except TopologyError as error:
        left = "one alone" if last == 1 else f"{last} at last"
        raise ValueError(
            f"{count} examples in batches of {recipe.batch_size} leave {left}, which cannot be trained on "
            f"({str(error).rstrip('.')}); choose another batch size."
        ) from error
