"""How a network is trained (section 3.2)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from resilinet.topology import is_count, is_number, shown


@dataclass(frozen=True)
class Recipe:
    """How a network is trained (section 3.2); the defaults are the Health experiment's.

    Attributes:
        epochs: passes over the training examples.
        batch_size: examples a step; the last batch of an epoch may be smaller.
        learning_rate: Adam's, at the first step.
        schedule: ``constant``; ``linear`` decay to zero over all steps; or ``one-cycle``, which rises from a 25th of
            ``learning_rate`` to it over ``warm_up`` epochs and then falls to zero, both along half a cosine.
        precision: ``float32``; ``bfloat16`` weights and activations over float32 master weights; or ``autocast``,
            PyTorch's mixed precision, which keeps batch normalisation in float32.
        epsilon: Adam's, by default that of Keras, in which the paper's experiments were written.
        no_flow: what a batch without information flow does: ``zeros`` feeds zeros to nodes that receive nothing and
            takes the step, as the released code does, so that they enter the running statistics of batch
            normalisation, too; ``skip`` takes no step.
        warm_up: epochs in which the rate of ``one-cycle`` rises.
        keep: which epoch's weights: the ``best`` by validation, or the ``last``, where the rate has come to zero.
        validation: with which statistics of batch normalisation an epoch is validated: ``running``, as the released
            code does, or those ``re-estimated`` after the epoch for the route without failures. Running statistics
            mix batches with and without a failed node, lag behind weights that move quickly, and so mislead.
        memory_format: the order of the numbers of an image, ``contiguous`` or ``channels-last``; the sums of a
            training round in another order.
        class_weights: how much the loss of an example counts: ``none``, all alike; or ``balanced``, in inverse
            proportion to how frequent its class is in training, by 1 on average over the training examples.
        distilled: epochs in which, after the training, layers on skips learn what failed nodes would have sent; 0 for
            a network without such layers. :func:`resilinet.training.train` itself does nothing of it.
    """

    epochs: int = 50
    batch_size: int = 1024
    learning_rate: float = 1e-3
    schedule: str = "constant"
    precision: str = "bfloat16"
    epsilon: float = 1e-7
    no_flow: str = "zeros"
    warm_up: float = 0.0
    keep: str = "best"
    validation: str = "running"
    memory_format: str = "contiguous"
    class_weights: str = "none"
    distilled: int = 0

    def __post_init__(self) -> None:
        """Refuse values that no training loop can follow."""
        choices = {
            "schedule": ("constant", "linear", "one-cycle"),
            "precision": ("float32", "bfloat16", "autocast"),
            "no_flow": ("zeros", "skip"),
            "keep": ("best", "last"),
            "validation": ("running", "re-estimated"),
            "memory_format": ("contiguous", "channels-last"),
            "class_weights": ("none", "balanced"),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                some = f"{', '.join(allowed[:-1])} or {allowed[-1]}"
                raise ValueError(f"recipe: {name} is {shown(getattr(self, name))}; choose {some}.")
        for name, least in (("epochs", 1), ("batch_size", 1), ("distilled", 0)):
            if not is_count(value := getattr(self, name), least):
                raise ValueError(f"recipe: {name} is {shown(value)}; give a whole number from {least}.")
        for name in ("learning_rate", "epsilon"):
            if not is_number(value := getattr(self, name)) or not 0 < value < math.inf:
                raise ValueError(f"recipe: {name} is {shown(value)}; give a finite number above 0.")
        one_cycle = self.schedule == "one-cycle"
        if not is_number(self.warm_up) or not 0 <= self.warm_up < self.epochs:
            raise ValueError(
                f"recipe: warm_up is {shown(self.warm_up)}, and there are {self.epochs} epochs; "
                "the rate must rise in fewer."
            )
        if one_cycle != (self.warm_up > 0):
            raise ValueError(
                f"recipe: warm_up is {self.warm_up!r} and schedule {self.schedule!r}; one-cycle has a warm-up, "
                "and it alone."
            )

    def rate(self, step: int, steps: int) -> float:
        """The learning rate of a step, counted from 0, out of ``steps`` in all epochs together."""
        if self.schedule == "constant":
            return self.learning_rate
        if self.schedule == "linear":
            return self.learning_rate * (1.0 - step / steps)
        peak = steps * self.warm_up / self.epochs
        if step < peak:
            return self.learning_rate * (1 / 25 + (1 - 1 / 25) * (1 - math.cos(math.pi * step / peak)) / 2)
        return self.learning_rate * (1 + math.cos(math.pi * (step - peak) / (steps - peak))) / 2
