"""What a trial is, and the identity that its values give it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from resilinet.schemes import SCHEMES

NUMERICS = 1
"""Raised by hand whenever the same trial would give other numbers than before; a golden test guards it."""

Values = Mapping[str, Any]

LATER_FIELDS: Values = {
    "warm_up": 0.0,
    "keep": "best",
    "validation": "running",
    "memory_format": "contiguous",
}
"""Fields of a recipe that the first trials lacked, and what those did; left out of identities where they say so."""


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
        no_flow: what a batch without information flow does: ``zeros`` feeds zeros to nodes that hear nothing and
            takes the step, as the released code does, so that they enter the running statistics of batch
            normalisation, too; ``skip`` takes no step.
        warm_up: epochs in which the rate of ``one-cycle`` rises.
        keep: which epoch's weights: the ``best`` by validation, or the ``last``, where the rate has come to zero.
        validation: with which statistics of batch normalisation an epoch is validated: ``running``, as the released
            code does, or those ``re-estimated`` after the epoch for the route without failures. Running statistics
            mix batches with and without a failed node, lag behind weights that move quickly, and so mislead.
        memory_format: the order of the numbers of an image, ``contiguous`` or ``channels-last``; the sums of a
            training round in another order.
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

    def __post_init__(self) -> None:
        """Refuse values that no training loop can follow."""
        choices = {
            "schedule": ("constant", "linear", "one-cycle"),
            "precision": ("float32", "bfloat16", "autocast"),
            "no_flow": ("zeros", "skip"),
            "keep": ("best", "last"),
            "validation": ("running", "re-estimated"),
            "memory_format": ("contiguous", "channels-last"),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                some = f"{', '.join(allowed[:-1])} or {allowed[-1]}"
                raise ValueError(f"recipe: {name} is {getattr(self, name)!r}; choose {some}.")
        for name in ("epochs", "batch_size", "learning_rate", "epsilon"):
            value = getattr(self, name)
            if isinstance(value, bool) or not 0 < value < math.inf:
                raise ValueError(f"recipe: {name} is {value!r}; give a finite number above 0.")
        for name in ("epochs", "batch_size"):
            if not isinstance(getattr(self, name), int):
                raise ValueError(f"recipe: {name} is {getattr(self, name)!r}; give a whole number.")
        one_cycle = self.schedule == "one-cycle"
        if isinstance(self.warm_up, bool) or not 0 <= self.warm_up < self.epochs:
            raise ValueError(
                f"recipe: warm_up is {self.warm_up!r}, and there are {self.epochs} epochs; the rate must rise in fewer."
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

    @property
    def values(self) -> dict[str, Any]:
        """Its fields as JSON values, without those of :data:`LATER_FIELDS` that hold what they stand for."""
        values = dataclasses.asdict(self)
        return {name: value for name, value in values.items() if LATER_FIELDS.get(name) != value}


@dataclass(frozen=True)
class Trial:
    """One training with its evaluation, described by full values, never by differences from defaults.

    Attributes:
        network: the model's name and sizes.
        partition: blocks of the network on each node, as the model counts them.
        skips: the skip hyperconnections that are present, as (source, target).
        scheme: the key of a :class:`resilinet.schemes.Scheme`.
        failout: the failout rate of each node that has one.
        weights: the fields of a :class:`resilinet.weights.WeightRule`.
        recipe: how it is trained.
        data: the description of the data set, its fingerprint included, so that no result made from substitute
            data can pass for a real one.
        seed: of initial weights, batch order, failout and drawn hyperconnection weights.
    """

    network: Values
    partition: tuple[int, ...]
    skips: tuple[tuple[str, str], ...]
    scheme: str
    failout: Mapping[str, float]
    weights: Values
    recipe: Recipe
    data: Values
    seed: int

    def __post_init__(self) -> None:
        """Refuse a scheme that does not exist."""
        if self.scheme not in SCHEMES:
            raise ValueError(f"{self.scheme!r} is no scheme; choose one of {', '.join(SCHEMES)}.")

    @property
    def values(self) -> dict[str, Any]:
        """Every field as JSON values."""
        values = {**dataclasses.asdict(self), "recipe": self.recipe.values}
        plain: dict[str, Any] = json.loads(json.dumps(values, allow_nan=False))
        return plain

    @cached_property
    def id(self) -> str:
        """The trial's identity: 64 hexadecimal digits of SHA-256 over its values and :data:`NUMERICS`."""
        # Kept, as a ledger asks for the same few hundred identities ten thousand times.
        return identity(self.values, NUMERICS)

    @classmethod
    def from_values(cls, values: Values) -> Trial:
        """The inverse of :attr:`values`.

        Raises:
            ValueError: a field is missing, unknown or of the wrong kind.
        """
        try:
            fields = {**values}
            recipe = Recipe(**fields.pop("recipe"))
            partition = tuple(fields.pop("partition"))
            ends = [tuple(skip) for skip in fields.pop("skips")]
            if any(len(pair) != 2 for pair in ends):
                raise TypeError("a skip needs a source and a target")
            skips = tuple((source, target) for source, target in ends)
            return cls(recipe=recipe, partition=partition, skips=skips, **fields)
        except (KeyError, TypeError) as error:
            raise ValueError(f"these values describe no trial: {error}") from error


def identity(values: Values, numerics: int) -> str:
    """SHA-256 over the canonical JSON of a trial's values: sorted keys, no spaces, no NaN."""
    text = json.dumps(
        {"trial": values, "numerics": numerics}, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Record:
    """A trial's outcome, as the results store keeps it.

    Attributes:
        trial: what was run.
        total: test examples.
        counts: correctly classified test examples in each failure scenario (``none``, ``n1``, ``n1+n3``, ...); None
            where no information reaches the cloud.
        survival: the same counts with hyperconnection weights scaled by survival probabilities (section 2.3), for
            each source of those probabilities (``failout`` or a failure setting).
        labels: examples of each class in the ``train`` and ``test`` parts, which guessing needs.
        history: for each epoch its mean training loss and its validation accuracy without failures.
        best_epoch: the epoch, counted from 1, whose weights were kept.
        parameters: trainable numbers of the network.
        provenance: commit, versions, device, threads, wall time in seconds, time of the end.
        per_route: ``counts`` of the same network with batch statistics of each route instead of running ones; empty
            for a network without batch normalisation.
        route_numbers: how many numbers those statistics take beyond the running ones.
    """

    trial: Trial
    total: int
    counts: Mapping[str, int | None]
    survival: Mapping[str, Mapping[str, int | None]]
    labels: Mapping[str, list[int]]
    history: list[Mapping[str, float]]
    best_epoch: int
    parameters: int
    provenance: Mapping[str, Any] = field(default_factory=dict)
    per_route: Mapping[str, int | None] = field(default_factory=dict)
    route_numbers: int = 0

    @property
    def id(self) -> str:
        """The identity of the trial."""
        return self.trial.id
