"""Scheme colours that can be read on the book's pages, light and dark."""

from __future__ import annotations

from matplotlib.colors import to_hex, to_rgb

from companion.figures.style import LOOKS, PAGES

READABLE = 4.5
"""Contrast of text to its background that WCAG 2.2 asks for at level AA (criterion 1.4.3)."""


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, ``#rrggbb``, from 1 to 21 (WCAG 2.2)."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def readable(colour: str, page: str, least: float = READABLE) -> str:
    """The colour nearest to a given one, on its way to black or white, whose contrast to the page suffices."""
    (red, green, blue), goal = to_rgb(colour), 0.0 if _luminance(page) > 0.5 else 1.0
    for step in range(101):
        far = step / 100
        mixed = to_hex((red + (goal - red) * far, green + (goal - green) * far, blue + (goal - blue) * far))
        if contrast(mixed, page) >= least:
            return mixed
    raise ValueError(f"no shade of {colour} has a contrast of {least} to {page}.")


def variables(theme: str) -> str:
    """The schemes' colours on pages of a theme, as CSS custom properties."""
    return " ".join(f"--rx-{key}: {readable(look.colour, PAGES[theme])};" for key, look in LOOKS.items())


def _luminance(colour: str) -> float:
    linear = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in to_rgb(colour))
    red, green, blue = linear
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
