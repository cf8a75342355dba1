"""What a trial is, and the identity that its values give it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from resilinet.models.partitions import TOPOLOGIES, Pairs
from resilinet.recipe import Recipe
from resilinet.schemes import SCHEMES
from resilinet.topology import Topology

NUMERICS = 1
"""Raised by hand whenever the same trial would give other numbers than before; a golden test guards it."""

LATER_FIELDS: Mapping[str, Any] = {
    "warm_up": 0.0,
    "keep": "best",
    "validation": "running",
    "memory_format": "contiguous",
    "class_weights": "none",
    "distilled": 0,
}
"""Fields of a recipe that the first trials lacked, and what those did; left out of identities where they say so."""

Values = Mapping[str, Any]


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
        joint: sets of failed nodes under each of which every batch is learnt, beside no failure, in place of failout;
            left out of the identity where there is none.
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
    joint: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        """Refuse a scheme that does not exist."""
        if self.scheme not in SCHEMES:
            raise ValueError(f"{self.scheme!r} is no scheme; choose one of {', '.join(SCHEMES)}.")

    @property
    def values(self) -> dict[str, Any]:
        """Every field as JSON values."""
        values = dataclasses.asdict(self)
        if not self.joint:
            del values["joint"]
        recipe = {name: value for name, value in values["recipe"].items() if LATER_FIELDS.get(name) != value}
        plain: dict[str, Any] = json.loads(json.dumps({**values, "recipe": recipe}, allow_nan=False))
        return plain

    @cached_property
    def id(self) -> str:
        """The trial's identity: 64 hexadecimal digits of SHA-256 over its values and :data:`NUMERICS`."""
        # Kept, as a ledger asks for the same few hundred identities ten thousand times.
        return identity(self.values, NUMERICS)

    @property
    def model(self) -> str:
        """The name of its network (:func:`resilinet.models.model`)."""
        return str(self.network["model"])

    @property
    def topology(self) -> Topology:
        """How its network is cut.

        Raises:
            ValueError: there is no such model, or its partition or skips cannot be.
        """
        return _topology(self.model, self.partition, self.skips)

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
            joint = tuple(tuple(nodes) for nodes in fields.pop("joint", ()))
            return cls(recipe=recipe, partition=partition, skips=skips, joint=joint, **fields)
        except (KeyError, TypeError) as error:
            raise ValueError(f"these values describe no trial: {error}") from error


@cache
def _topology(model: str, partition: tuple[int, ...], skips: Pairs) -> Topology:
    if model not in TOPOLOGIES:
        raise ValueError(f"{model!r} is no model of this package; there are: {', '.join(TOPOLOGIES)}.")
    return TOPOLOGIES[model](partition, skips)


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
