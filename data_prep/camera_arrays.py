"""Images of six cameras with one label, in the chart data of Figs. 2 and 3 of the paper alone.

Arrays are made once by `resilinet data camera`. The parts are those that the released code comes with.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data_prep.prepared_arrays import listed_parts
from resilinet.data import Dataset

__all__ = ["CAMERAS", "CLASSES", "DESCRIPTION", "SIDE", "load_camera"]

CAMERAS = 6
SIDE = 32
CLASSES = ("person", "car", "bus")
DESCRIPTION: dict[str, Any] = {
    "name": "camera",
    "preprocessing": "unit",
    "split": "folders",
    "split_seed": 0,
}


def load_camera(root: Path) -> Dataset:
    """Map the prepared images: 1,110 sets of six to train on, 146 to validate and 123 to test, where all are there.

    Shapes: x `(N, 6, 3, 32, 32)` uint8, the cameras in order, and not to be written to; y `(N,)`, 0 for a person, 1 for
    a car, 2 for a bus.

    Raises:
        PreparedDataError: the files under `root` are missing, cut off or altered.
    """
    shape = (CAMERAS, 3, SIDE, SIDE)
    fingerprint, (train, validation, test) = listed_parts(Path(root) / "camera", DESCRIPTION, shape)
    described = {**DESCRIPTION, "fingerprint": fingerprint}
    return Dataset("camera", described, train, validation, test, len(CLASSES))
