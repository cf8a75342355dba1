"""Says in each page's head what it is about: to search engines, and to those who link to it.

A card, the picture with a title that a link shows elsewhere, needs absolute addresses (Open Graph). Where the
site's is unknown, there are none; a page then has its description alone.
"""

from __future__ import annotations

import re
from html import escape, unescape
from pathlib import Path
from textwrap import fill, shorten

LENGTH = 200
"""Characters of a description, of which search engines show about so many."""
SIZE = (1200, 630)
"""Pixels of a card, the proportion that sites ask for."""
FOLDER = "_images/cards"


def describe_pages(html: Path, site: str = "") -> None:
    """Gives every page below a folder a description, and a card where the address of the site is known.

    Args:
        html: the pages.
        site: the address of the published book, with a slash at the end; empty where it is unknown.
    """
    for path in sorted(html.rglob("*.html")):
        page = path.read_text(encoding="utf-8")
        if "</title>" not in page or "_static" in path.relative_to(html).parts:
            continue
        title, book = title_of(page)
        about = description_of(page) or f"{title}, a page of the book {book}."
        tags = {"og:title": title, "og:description": about, "og:type": "article", "og:site_name": book}
        if site:
            name = path.relative_to(html).with_suffix("").as_posix()
            picture = f"{FOLDER}/{name.replace('/', '-')}.png"
            draw_card(html / picture, title, book)
            tags |= {"og:url": f"{site}{name}.html", "og:image": f"{site}{picture}"}
            tags |= {"og:image:width": str(SIZE[0]), "og:image:height": str(SIZE[1]), "og:image:alt": title}
        lines = [f'<meta property="{key}" content="{escape(value)}" />' for key, value in tags.items()]
        if '<meta name="description"' not in page:
            lines.insert(0, f'<meta name="description" content="{escape(about)}" />')
        if site:
            lines.append('<meta name="twitter:card" content="summary_large_image" />')
        path.write_text(page.replace("</title>", "\n    ".join(["</title>", *lines]), 1), encoding="utf-8")


def title_of(page: str) -> tuple[str, str]:
    """Returns the title of a page and that of its book, as plain text."""
    found = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    title, _, book = unescape(found[1] if found else "").strip().partition(" — ")
    return title, book or title


def description_of(page: str) -> str:
    """Returns the beginning of a page's first paragraph as plain text, empty where it has none."""
    _, _, body = re.sub(r"<noscript>.*?</noscript>", "", page, flags=re.DOTALL).partition("</h1>")
    # A page may begin with labels or formulas; what says something is a sentence.
    for inner in re.findall(r"<p>(.*?)</p>", body, re.DOTALL):
        text = " ".join(unescape(re.sub(r"<[^>]*>", "", inner)).split())
        if len(text) >= 40 and text.endswith((".", "?", ":")) and "\\(" not in text:
            return shorten(text, LENGTH, placeholder="…")
    return ""


def draw_card(path: Path, title: str, book: str) -> None:
    """Writes a PNG of :data:`SIZE` with a title, the book's name and its sign: a chain with a dead node bypassed."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Circle, PathPatch
    from matplotlib.path import Path as Outline

    from companion.figures import style

    live, dead = style.look("resilinet").colour, style.look("dfg").colour
    wide, high = SIZE
    figure = Figure(figsize=(wide / 100, high / 100), dpi=100, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, wide), ylim=(0, high))
    axes.set_axis_off()
    axes.text(80, 530, fill(title, 26), fontsize=46, weight="bold", va="top", color=style.INK)
    axes.text(80, 90, book, fontsize=24, va="center", color=style.INK)
    around = Outline([(800, 90), (830, 220), (930, 220), (960, 90)], [Outline.MOVETO, *[Outline.CURVE4] * 3])
    axes.add_patch(PathPatch(around, fill=False, ec=live, lw=6))
    axes.plot([960, 1120], [90, 90], color=live, lw=6, zorder=0)
    for x in (800, 960, 1120):
        axes.add_patch(Circle((x, 90), 26, color=live))
    axes.add_patch(Circle((880, 90), 23, fill=False, ec=dead, lw=5, ls="--"))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})
