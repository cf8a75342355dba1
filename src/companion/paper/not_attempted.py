"""What nothing is held against, and why."""

from __future__ import annotations

from typing import Final

IMAGENET: Final = "ImageNet needs the licensed ILSVRC images, on which this edition trains nothing."
ON_SUBSTITUTE: Final = f"{IMAGENET} What a named substitute shows is in the chapter on ImageNet."

LEFT_OUT: Final = {
    "figure-2b-raw": f"Superseded in the paper's own chart data. {IMAGENET}",
    "figure-2-camera": "The camera experiment is in no published figure, and its data set is not described.",
}
"""Artefacts that have no trials, and the reason."""
