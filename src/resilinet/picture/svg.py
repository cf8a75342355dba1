"""Draws a picture of a topology as SVG, with nothing but the standard library."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from resilinet.picture.grid import Grid, columns_of

if TYPE_CHECKING:
    from resilinet.picture import Picture

GAP, LINE, EDGE = 34, 14, 16
"""Pixels between columns at least, between lines of text, and left free above and below."""
LETTER, BOLD = 6.4, 8.8
"""Pixels that a letter of a note and of a name needs in a wide font."""
MOST = 20
"""A picture with more columns, or more nodes in one, is given in words."""
LONGEST = 18
"""Letters of a name that are drawn; the whole name is shown where the pointer rests."""
# Ink is the colour of the text around the picture, which every page suits to its background. A file on its own has no
# such page (:root is then the SVG itself) and asks the system. Where a page says that it is dark, blue is lighter.
STYLE = """
.rn-picture{--rn-data:#0072b2;font:600 13px system-ui,sans-serif;fill:currentColor;text-anchor:middle}
.rn-picture:root{color-scheme:light dark;color:CanvasText}
@media (prefers-color-scheme:dark){.rn-picture:root{--rn-data:#56b4e9}}
html[data-theme=dark] .rn-picture,body[data-jp-theme-light=false] .rn-picture{--rn-data:#56b4e9}
.rn-picture .rn-note{font-weight:400;font-size:11px}
.rn-picture .rn-words{font:400 12px ui-monospace,monospace;white-space:pre}
.rn-picture :is(.rn-start,.rn-words){text-anchor:start}
.rn-picture rect{fill:none;stroke:currentColor}
.rn-picture .rn-line{fill:none;stroke:currentColor;stroke-width:1.3}
.rn-picture .rn-live rect{stroke:var(--rn-data);fill:var(--rn-data);fill-opacity:.15}
.rn-picture .rn-data{fill:var(--rn-data)}
.rn-picture .rn-data .rn-line{stroke:var(--rn-data);stroke-width:2.4}
.rn-picture :is(.rn-idle,.rn-failed){opacity:.7}
.rn-picture :is(.rn-idle .rn-line,.rn-failed rect){stroke-dasharray:4 3}
.rn-picture .rn-failed .rn-name{text-decoration:line-through}
"""


def svg(picture: Picture) -> str:
    """A picture as SVG: data flow from left to right, skips lead around what they bypass.

    >>> from resilinet.topology import vertical
    >>> svg(vertical({"a": 1, "b": 1}).picture(alive={"b"})).count('class="rn-failed"')
    1
    """
    columns = columns_of(picture.topology)
    if max(len(columns), *map(len, columns)) > MOST:
        lines = ["Too large to be drawn.", *picture.words().splitlines()]
        body = [_text(8, LINE * (1 + row), line, "rn-words") for row, line in enumerate(lines)]
        return _page(picture, (0, 0, 16 + 7.3 * max(map(len, lines)), LINE * (len(lines) + 1)), body)
    names = picture.topology.order
    shown = {name: name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for name in names}
    notes = {name: [*picture.notes(name), *({picture.state(name)} & {"failed", "silent"})] for name in names}
    grid = Grid(
        picture.topology,
        width=12 + max(40, *(max(_wide(shown[name], BOLD), *map(_wide, notes[name])) for name in names)),
        height=10 + LINE * (1 + max(map(len, notes.values()))),
        gap=max([GAP, *(24 + _wide(label) for label in picture.labels.values())]),
    )
    # What carries data is drawn last, above the rest.
    links = sorted(picture.topology.links, key=lambda link: link.key in picture.carrying)
    body = [_arrow(picture, grid, link.source, link.target, link.key) for link in links]
    body += [_box(grid, name, picture.state(name), shown[name], notes[name]) for name in names]
    left, top, right, bottom = grid.limits
    return _page(picture, (left - 8, top - EDGE, right - left + 16, bottom - top + 2 * EDGE), body)


def _arrow(picture: Picture, grid: Grid, source: str, target: str, key: str) -> str:
    (x1, y1), (x2, y2) = grid.places[source], grid.places[target]
    x1, x2, lane = x1 + grid.width / 2, x2 - grid.width / 2, grid.lanes.get(key)
    if lane is None:
        line = _bend(x1, y1, x2 - 4, y2)
        beside = y1 - 4 if y2 > y1 else y1 + 12  # the side from which the line bends away
        label = _text(x1 + 4, beside, picture.labels[key], "rn-note rn-start")
    else:
        y1, y2 = (y + (grid.height / 4 if lane > 0 else -grid.height / 4) for y in (y1, y2))
        line = f"{_bend(x1, y1, x1 + grid.gap, lane)}H{x2 - grid.gap:g}"
        line += _bend(x2 - grid.gap, lane, x2 - 4, y2)
        label = _text((x1 + x2) / 2, lane - 4, picture.labels[key], "rn-note")
    state = "plain" if picture.skips is None else "data" if key in picture.carrying else "idle"
    head = f'<path d="M{x2:g},{y2:g}l-8,-4v8z"/>'
    return _group(state, key, f'<path class="rn-line" d="M{x1:g},{y1:g}{line}"/>{head}{label}')


def _box(grid: Grid, name: str, state: str, shown: str, notes: list[str]) -> str:
    (x, y), width, height = grid.places[name], grid.width, grid.height
    first = y - LINE * (len(notes) - 1) / 2 - 2
    box = f'<rect x="{x - width / 2:g}" y="{y - height / 2:g}" width="{width:g}" height="{height:g}" rx="6"/>'
    below = [_text(x, first + LINE * (1 + row), note, "rn-note") for row, note in enumerate(notes)]
    return _group(state, name, box + _text(x, first, shown, "rn-name") + "".join(below))


def _page(picture: Picture, box: tuple[float, float, float, float], body: list[str]) -> str:
    title, _, rest = picture.words().partition("\n")
    frame = f'width="{box[2]:g}" height="{box[3]:g}" viewBox="{" ".join(f"{side:g}" for side in box)}"'
    # It scrolls before letters are too small.
    fit = f"max-width:100%;min-width:{0.7 * box[2]:g}px;height:auto"
    said = f"<title>{escape(title)}</title><desc>{escape(rest)}</desc><style>{STYLE}</style>"
    root = f'<svg xmlns="http://www.w3.org/2000/svg" class="rn-picture" role="img" {frame} style="{fit}">'
    return f"{root}{said}{''.join(body)}</svg>"


def _bend(x1: float, y1: float, x2: float, y2: float) -> str:
    """A curve to (x2, y2) that leaves and arrives level."""
    return f"C{(x1 + x2) / 2:g},{y1:g} {(x1 + x2) / 2:g},{y2:g} {x2:g},{y2:g}"


def _group(state: str, title: str, inner: str) -> str:
    return f'<g class="rn-{state}"><title>{escape(title)}</title>{inner}</g>'


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(text)}</text>' if text else ""


def _wide(text: str, letter: float = LETTER) -> float:
    return letter * len(text)
