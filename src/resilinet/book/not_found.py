"""The page that a server shows where there is none.

It is shown at whatever address was asked for, however deep. So it brings its own style, and finds the book's
root by looking, from there upwards, for a file that only the book has.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

MARK = "objects.inv"
"""Sphinx writes it into the root of every book, and it is small."""


def write_not_found(html: Path, names: Sequence[str]) -> None:
    """Writes ``404.html``, which leads to the pages of the book and to its search.

    Args:
        html: the pages.
        names: the pages to list, in reading order.
    """
    links = "\n".join(
        f'      <li><a href="{name}.html">{_title(html / f"{name}.html")}</a></li>' for name in names
    )
    template = (files(__package__) / "not_found.html").read_text(encoding="utf-8")
    page = template.replace("<!-- pages -->", links).replace("ROOT_MARK", escape(MARK))
    (html / "404.html").write_text(page, encoding="utf-8")


def _title(page: Path) -> str:
    """Returns a page's title as HTML, without the book's."""
    found = re.search(r"<title>(.*?)</title>", page.read_text(encoding="utf-8"), re.DOTALL)
    return found[1].split(" &#8212; ")[0].strip() if found else page.stem
