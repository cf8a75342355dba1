"""ImageNet (ILSVRC 2012) at 160 x 160 pixels, as in Fig. 2b of the paper, and a ten-class stand-in for it.

Section 3.1 of the paper. `imagenette160` is ten of the thousand classes; its name and its fingerprint
keep every trial on it apart from those on ImageNet. Arrays are made once by `resilinet data imagenet`
or `resilinet data imagenette160`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_prep.prepared_arrays import listed_parts
from resilinet.data import Dataset
from resilinet.data.images import check_policy
from resilinet.data.splits import check_seed, shuffled

__all__ = ["COLLECTIONS", "Collection", "description_of", "load_imagenet", "tenth_held_out"]


@dataclass(frozen=True)
class Collection:
    """What is known of a collection of photographs, so that none passes for another.

    Attributes:
        name: of the data set and of its folder.
        classes: how many there are, in alphabetic order of their folders.
        synsets: the names of these folders, or nothing where their number must do.
        images: how many files lie under `train` and `val`; nothing where any number is right.
        side: height and width in pixels of what is prepared.
    """

    name: str
    classes: int
    synsets: tuple[str, ...] = ()
    images: Mapping[str, int] | None = None
    side: int = 160


IMAGENET = Collection("imagenet", 1000, images={"train": 1_281_167, "val": 50_000})


IMAGENETTE160 = Collection(
    "imagenette160",
    10,
    (
        *("n01440764", "n02102040", "n02979186", "n03000684", "n03028079"),
        *("n03394916", "n03417042", "n03425413", "n03445777", "n03888257"),
    ),
)


COLLECTIONS = {collection.name: collection for collection in (IMAGENET, IMAGENETTE160)}


def description_of(collection: Collection, split_seed: int) -> dict[str, Any]:
    """Describe a prepared collection in all but augmentation and fingerprint."""
    return {
        "name": collection.name,
        "preprocessing": f"squash-{collection.side}",
        "split": "folders",
        "split_seed": split_seed,
    }


def tenth_held_out(rows: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split rows 0 .. rows - 1 into those to train on and a random tenth, rounded down, to validate on.

    Both come in random order, so that the first rows of either are a fair sample of it.
    """
    order = shuffled(rows, seed)
    return order[rows // 10 :], order[: rows // 10]


def load_imagenet(
    root: Path, collection: Collection = IMAGENET, split_seed: int = 0, augmentation: str = "none"
) -> Dataset:
    """Map the prepared images of a collection, without reading more of them than the checks do.

    The published validation images test; of the training images nine tenths train and a random
    tenth, chosen by `split_seed` when the data were prepared, validates. `augmentation` is for the
    trainer and not part of the fingerprint. Shapes: x `(N, 3, 160, 160)` uint8, mapped from its file
    and not to be written to; take a batch at a time, for ImageNet is larger than memory. y `(N,)`
    from 0 to classes - 1, in alphabetic order of the class folders.

    Checked at every load: that the manifest describes this collection and split and bears the
    fingerprint of its own facts; that the list of files has the sha256 that went into it; and
    that each array is as the manifest has it, by its sha256 or, above 1 GiB, by its type, its shape,
    its length and the sha256 of 64 images of it.

    Raises:
        DataError: an argument is not allowed; :class:`PreparedDataError` where the files under `root` are missing,
            cut off or altered.
    """
    check_policy(augmentation)
    check_seed(split_seed)
    folder = Path(root) / collection.name / f"split-{split_seed}"
    description = description_of(collection, split_seed)
    shape = (3, collection.side, collection.side)
    fingerprint, (train, validation, test) = listed_parts(folder, description, shape)
    described = {**description, "augmentation": augmentation, "fingerprint": fingerprint}
    return Dataset(collection.name, described, train, validation, test, collection.classes)
