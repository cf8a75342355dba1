"""What nothing is held against, and why."""

from __future__ import annotations

from typing import Final

IMAGENET: Final = "ImageNet needs the licensed ILSVRC images, on which this edition trains nothing."
ON_SUBSTITUTE: Final = f"{IMAGENET} What a named substitute shows is in the chapter on ImageNet."
NOT_TRAINED: Final = "This edition has the experiment and has not trained it yet."
"""Of numbers whose artefact is planned."""
RAW: Final = f"Superseded in the paper's own chart data. {IMAGENET}"

IMAGENET_CELLS: Final = {"figure-2b-cells": IMAGENET, "figure-2b-raw-cells": RAW}
"""Accuracies on ImageNet by scenario, of which those that are no guess are not attempted."""
LEFT_OUT: Final = {"figure-2b-raw": RAW}
"""Artefacts that have no trials, and the reason."""
