"""Data sets as tensors with a fingerprint: what a trial is trained, chosen and tested on.

A data set is three parts of examples and a description. The description goes into the identity
of every trial, so results of different data, or of the same data split differently, never mix.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch

__all__ = ["DataError", "Dataset", "Examples", "Part"]

Part = Literal["train", "validation", "test"]


class DataError(ValueError):
    """Data that is missing, damaged or not what it claims to be, said in one sentence."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Labelled inputs: one part of a data set.

    Shapes: `x` is `(N, *input_shape)` float32, or images `(N, C, H, W)` uint8 with values from 0
    to 255, a quarter of the memory, `(N, S, C, H, W)` where S sources see every example (see
    :meth:`resilinet.network.DistributedNetwork.by_source`); `y` is `(N,)` int64 holding class indices. Images may be
    mapped from a file that is larger than memory, so take a batch at a time and give it
    to :func:`resilinet.data.images.as_input`.

    Raises:
        DataError: the two disagree in length or have another type.
    """

    x: torch.Tensor
    y: torch.Tensor

    def __post_init__(self) -> None:
        """Refuse tensors that no trainer could use."""
        usable = self.x.dtype == torch.float32 or (self.x.dtype == torch.uint8 and self.x.ndim in (4, 5))
        if not usable or self.y.dtype != torch.int64:
            raise DataError(
                "examples need float32 inputs or uint8 images (N, C, H, W) or (N, S, C, H, W), and int64 labels; got "
                f"{self.x.dtype} inputs {tuple(self.x.shape)} and {self.y.dtype} labels"
            )
        if self.y.ndim != 1 or len(self.x) != len(self.y):
            raise DataError(
                f"examples need one label an input, got inputs {tuple(self.x.shape)} "
                f"and labels {tuple(self.y.shape)}"
            )

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.y)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set split into training, validation and test examples.

    `description` is JSON-able and full: at least `name`, `preprocessing`, `split`, `split_seed`
    and `fingerprint`. Labels lie in `0 .. classes - 1`; a class need not occur.
    """

    name: str
    description: Mapping[str, Any]
    train: Examples
    validation: Examples
    test: Examples
    classes: int

    @property
    def fingerprint(self) -> str:
        """The sha256 over everything that determines the tensors."""
        return str(self.description["fingerprint"])

    @property
    def augmentation(self) -> str:
        """The policy by which training images are augmented, `none` where the description has none."""
        return str(self.description.get("augmentation", "none"))

    def part(self, part: Part) -> Examples:
        """Return the examples of the named part."""
        examples: Examples = getattr(self, part)
        return examples

    def label_counts(self, part: Part) -> list[int]:
        """Count the examples of each class in a part: a list of length `classes`."""
        return torch.bincount(self.part(part).y, minlength=self.classes).tolist()
