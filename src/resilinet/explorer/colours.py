"""Scheme colours that can be read on the book's pages, light and dark."""

from __future__ import annotations

from resilinet.style import LOOKS, PAGES

READABLE = 4.5
"""Contrast of text to its background that WCAG 2.2 asks for at level AA (criterion 1.4.3)."""
Colour = tuple[float, float, float]


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, ``#rrggbb``, from 1 to 21 (WCAG 2.2)."""
    high, low = sorted((_luminance(_parts(one)), _luminance(_parts(other))), reverse=True)
    return (high + 0.05) / (low + 0.05)


def readable(colour: str, page: str, least: float = READABLE) -> str:
    """The colour nearest to a given one, on its way to black or white, whose contrast to the page suffices."""
    parts, goal = _parts(colour), 0.0 if _luminance(_parts(page)) > 0.5 else 1.0
    for step in range(101):
        mixed = _text(tuple(value + (goal - value) * step / 100 for value in parts))  # type: ignore[arg-type]
        if contrast(mixed, page) >= least:
            return mixed
    raise ValueError(f"no shade of {colour} has a contrast of {least} to {page}.")


def variables(theme: str) -> str:
    """The schemes' colours on pages of a theme, as CSS custom properties."""
    return " ".join(f"--rx-{key}: {readable(look.colour, PAGES[theme])};" for key, look in LOOKS.items())


def _parts(colour: str) -> Colour:
    red, green, blue = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return red, green, blue


def _text(parts: Colour) -> str:
    return "#" + "".join(f"{round(255 * value):02x}" for value in parts)


def _luminance(parts: Colour) -> float:
    red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
