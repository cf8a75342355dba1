"""The look of every figure in the book: colours of the schemes, neutral ink, SVG without a background.

Figures are drawn for a light page, which shows through. On a dark page the book's style sheet puts ``DARK_FILTER`` over
them: light and dark change places, and hues stay. On either page text keeps a contrast of 7, lines one of 4.5 and each
scheme's colour one of 3. The colours stay apart for every kind of colour vision (two of them are Okabe and Ito's);
markers, hatches and line styles repeat what they say, for print without colour.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from cycler import cycler

from resilinet.schemes import SCHEMES, Scheme

INK = "#3b424a"
"""Text, axes and whatever else has no meaning of its own."""
QUIET = "#70767d"
"""Lines that are there but say less than others, as those of a hyperconnection that carries nothing."""
FAINT = "#8c939b59"
"""Grid lines: the ink's hue, mostly transparent."""
PAPER: Mapping[str, Any] = {"marker": "D", "mfc": "none", "mec": INK, "color": INK, "ls": "none"}
"""How the paper's printed numbers are drawn beside ours, whatever the scheme: a hollow diamond, for ``Axes.plot``."""
PAGES = {"light": "#ffffff", "dark": "#121212"}
"""The backgrounds of the book's theme, against which contrast is measured."""
DARK_FILTER = "invert(1) hue-rotate(180deg)"
"""What ``book/_assets/book.css`` does to figures on a dark page; the tests compute what becomes of the colours."""


@dataclass(frozen=True)
class Look:
    """How a scheme is drawn: colour, and what stands for it where colour is not seen.

    Attributes:
        colour: as ``#rrggbb``.
        marker: Matplotlib's marker for points.
        hatch: Matplotlib's hatch for bars.
        line: Matplotlib's line style.
    """

    colour: str
    marker: str
    hatch: str
    line: str


LOOKS: Mapping[str, Look] = {
    "vanilla": Look("#666b70", "s", "..", ":"),
    "dfg": Look("#d55e00", "^", "\\\\", "--"),
    "resilinet": Look("#0072b2", "o", "", "-"),
    "resilinet-plus": Look("#19a65f", "P", "//", "-."),
}
"""The look of each scheme, by its key."""

ORDER = tuple(SCHEMES)
"""The schemes' keys in the order in which figures show them: from Vanilla to ResiliNet+."""

RC: Mapping[str, Any] = {
    "figure.facecolor": "none",
    "figure.figsize": (7.0, 3.3),
    "figure.constrained_layout.use": True,
    "savefig.facecolor": "none",
    "savefig.transparent": True,
    "svg.fonttype": "path",  # letters as outlines: a page looks the same whatever fonts a reader has
    "svg.hashsalt": "resilinet",  # the same figure gives the same file
    "font.size": 10.0,
    "axes.titlesize": 10.5,
    "axes.facecolor": "none",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(color=[LOOKS[key].colour for key in ("resilinet", "dfg", "resilinet-plus")]),
    "grid.color": FAINT,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "hatch.color": "#ffffff",
    "hatch.linewidth": 0.8,
}
"""Matplotlib's settings, which seaborn follows as well."""


def look(scheme: Scheme | str) -> Look:
    """The look of a scheme, given as itself or by its key.

    Raises:
        ValueError: no scheme has that key.
    """
    key = scheme.key if isinstance(scheme, Scheme) else scheme
    if key not in LOOKS:
        raise ValueError(f"{key!r} is no scheme; choose one of {', '.join(LOOKS)}.")
    return LOOKS[key]


def use() -> None:
    """Draw everything from here on in the book's style, in a notebook as SVG without date: call it once a chapter."""
    settings: Any = RC  # Matplotlib's types list every setting by name
    mpl.rcParams.update(settings)
    with suppress(ImportError, AttributeError):  # outside a notebook there is nothing more to set
        from IPython.core.getipython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        if get_ipython() is not None:
            set_matplotlib_formats("svg", metadata={"Date": None})
