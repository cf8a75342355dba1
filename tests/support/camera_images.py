"""Images of six cameras as `resilinet data camera` reads them, of one colour each, which says what they are of."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

FOLDERS = {"train": "train_dir", "validation": "test_dir", "test": "holdout_dir"}
SETS = {"train": 3, "validation": 2, "test": 1}
"""Whole sets of each class in a part: one of object 0, the others of object 1, each in a frame of its own."""


def colour_of(camera: int, part: str, kind: str, number: int) -> tuple[int, int, int]:
    """Red tells the camera, green part and class, blue the set."""
    place = 3 * list(FOLDERS).index(part) + ["person", "car", "bus"].index(kind)
    return 20 + 40 * camera, 20 + 25 * place, 20 + 60 * number


def write_image(
    path: Path, colour: tuple[int, int, int] = (0, 0, 0), side: int = 32, mode: str = "RGB"
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (side, side), colour).convert(mode).save(path, quality=95, subsampling=0)


def write_cameras(source: Path) -> Path:
    """Whole sets of every class in every part."""
    for part, folder in FOLDERS.items():
        for kind in ("person", "car", "bus"):
            for number in range(SETS[part]):
                for camera in range(6):
                    # Objects share the numbers of their frames, as in the recordings.
                    name = f"c{camera}_{min(number, 1)}_{number // 2:08}.jpg"
                    write_image(
                        source / folder / f"{kind}_images" / name, colour_of(camera, part, kind, number)
                    )
    return source
