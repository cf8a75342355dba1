"""The colours of figures on light and dark pages: read, seen and told apart."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

from companion.explorer.colours import contrast
from companion.figures import style
from resilinet.schemes import SCHEMES

BOOK_CSS = Path(__file__).parents[3] / "book" / "_assets" / "book.css"


def on_dark(colour: str) -> str:
    """What becomes of a colour under ``DARK_FILTER``, by the matrix of W3C's Filter Effects (8.4)."""
    inverted = 1 - np.array(to_rgb(colour))
    # Half a turn of the hue: twice the luminance, less the colour.
    return to_hex(np.clip(2 * inverted @ (0.213, 0.715, 0.072) - inverted, 0, 1))


SEEN = {"light": to_hex, "dark": on_dark}

# Machado, Oliveira and Fernandes (2009), severity 1: what linear RGB looks like to dichromats.
VISIONS = {
    "usual": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def lab(colour: str, vision: str) -> np.ndarray:
    """CIE L*a*b* (D65) of what an eye sees."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.asarray(VISIONS[vision]) @ linear, 0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.maximum(to_xyz @ linear / (0.9505, 1.0, 1.089), 0.008856))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("page", SEEN)
def test_text_and_lines_can_be_read_on_light_and_dark_pages(page: str) -> None:
    seen, ground = SEEN[page], style.PAGES[page]
    assert contrast(seen(style.INK), ground) >= 7
    assert contrast(seen(style.QUIET), ground) >= 4.5
    assert contrast(seen("#ffffff"), seen(style.look("resilinet").colour)) >= 4.5


@pytest.mark.parametrize("page", SEEN)
@pytest.mark.parametrize("key", SCHEMES)
def test_schemes_can_be_seen_on_light_and_dark_pages(key: str, page: str) -> None:
    assert contrast(SEEN[page](style.look(key).colour), style.PAGES[page]) >= 3.0


@pytest.mark.parametrize("page", SEEN)
@pytest.mark.parametrize("vision", VISIONS)
def test_schemes_are_told_apart_by_every_kind_of_colour_vision(vision: str, page: str) -> None:
    seen = [lab(SEEN[page](style.look(key).colour), vision) for key in SCHEMES]
    # A difference of 2 is just noticed; one of 15 is seen across a figure.
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) >= 15


def test_schemes_differ_without_colour_too() -> None:
    looks = [style.look(scheme) for scheme in SCHEMES.values()]
    for kind in ("colour", "marker", "hatch", "line"):
        assert len({getattr(look, kind) for look in looks}) == len(looks)


def test_an_unknown_scheme_has_no_look() -> None:
    with pytest.raises(ValueError, match=r"'resnet' is no scheme; choose one of vanilla, dfg"):
        style.look("resnet")


def test_on_dark_changes_light_for_dark_and_keeps_greys_grey() -> None:
    for grey in ("#000000", "#3b3b3b", "#c4c4c4", "#ffffff"):
        assert on_dark(on_dark(grey)) == grey
    assert on_dark("#ffffff") == "#000000"


def test_the_style_sheet_does_to_figures_what_the_colours_were_chosen_for() -> None:
    rules = re.findall(r"([^{}]*)\{([^}]*)\}", BOOK_CSS.read_text(encoding="utf-8"))
    filtered = [body for selector, body in rules if 'data-theme="dark"' in selector and ".svg" in selector]
    assert any(f"filter: {style.DARK_FILTER};" in body for body in filtered)
