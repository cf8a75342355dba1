"""Gives each table and figure of a chapter its place: an anchor, a file with its numbers, a way to its provenance."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from itertools import count
from pathlib import Path
from typing import Any

from resilinet.exhibits import MIME

HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
UNSEEN = frozenset(["remove-cell", "remove-output"])
"""Tags of cells whose outputs no page shows."""
COLOPHON = "colophon"
"""The page that says where each exhibit came from."""


@dataclass(frozen=True)
class Placed:
    """A table or a figure on a page.

    Attributes:
        page: the chapter that shows it.
        anchor: where it stands there.
        is_table: a table, or else a figure.
        caption: in MyST Markdown; for a table in plain text, and where it has none the heading that it is under.
        csv: its numbers; empty for a drawing.
        trials: identities of the trials behind it.
    """

    page: str
    anchor: str
    is_table: bool
    caption: str
    csv: str
    trials: tuple[str, ...]

    @property
    def file(self) -> str:
        """Where its numbers lie, seen from the front page."""
        return f"data/{self.page}/{self.anchor}.csv"

    @property
    def origin(self) -> str:
        """Its anchor in the colophon."""
        return f"of-{self.page.replace('/', '-')}-{self.anchor}"

    def links(self, with_colophon: bool) -> str:
        """Returns the HTML that leads to its numbers and to its provenance, empty where there is neither."""
        up = "../" * self.page.count("/")
        kind = "table" if self.is_table else "figure"
        links = []
        if self.csv:
            links.append(
                f'<a href="{up}{self.file}" download aria-label="Numbers of this {kind} as CSV">CSV</a>'
            )
        if with_colophon:
            links.append(
                f'<a href="{up}{COLOPHON}.html#{self.origin}" '
                f'aria-label="Provenance of this {kind}">provenance</a>'
            )
        return " · ".join(links)


def place_all(sheet: Path, names: Iterable[str]) -> list[Placed]:
    """Places the exhibits of all chapters in the pages that Sphinx is to read, page by page.

    Args:
        sheet: where those pages lie.
        names: of the chapters.
    """
    with_colophon = (sheet / f"{COLOPHON}.md").is_file()
    found: list[Placed] = []
    for name in names:
        path = sheet / f"{name}.ipynb"
        notebook = json.loads(path.read_text(encoding="utf-8"))
        found += place(name, notebook, with_colophon)
        path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")
    return found


def place(page: str, notebook: Mapping[str, Any], with_colophon: bool) -> list[Placed]:
    """Returns the exhibits of an executed notebook, and puts links to their numbers and provenance there instead.

    Args:
        page: name of the chapter.
        notebook: is changed: the numbers leave it, links come in.
        with_colophon: whether the book has a colophon to link to.
    """
    found: list[Placed] = []
    heading = ""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            heading = next(reversed(HEADING.findall("".join(cell["source"]))), heading)
        figure = cell["metadata"].get("mystnb", {}).get("figure")
        for output in cell.get("outputs", []):
            numbers = output.get("data", {}).pop(MIME, None)
            # A notebook of another make of the package has none; a figure without a name is no figure of the book.
            if numbers is None or UNSEEN & set(cell["metadata"].get("tags", [])):
                continue
            trials = tuple(numbers["trials"])
            if "text/html" in output["data"]:
                taken = {one.anchor for one in found}
                caption = numbers["caption"] or f"Table under “{heading}”"
                anchor = _anchor(caption, taken)
                one = Placed(page, anchor, True, caption, numbers["csv"], trials)
                html = "".join(output["data"]["text/html"])
                links = f'<p class="exhibit-links">{one.links(with_colophon)}</p>'
                output["data"]["text/html"] = (
                    f'<div class="exhibit" id="{escape(anchor)}">{html}{links}</div>'
                )
                found.append(one)
            elif figure is not None and not any(one.anchor == figure["name"] for one in found):
                caption = " ".join(str(figure["caption"]).split())
                one = Placed(page, figure["name"], False, caption, numbers["csv"], trials)
                links = f' <span class="exhibit-links">{one.links(with_colophon)}</span>'
                figure["caption"] = caption + links
                found.append(one)
    return found


def _anchor(caption: str, taken: set[str]) -> str:
    """Returns a name for a table made from its caption."""
    letters = unicodedata.normalize("NFKD", caption).encode("ascii", "ignore").decode().lower()
    words = [word for word in re.findall(r"[a-z0-9]+", letters) if word != "table"][:7]
    base = "-".join(["table", *words])
    names = (base if number == 1 else f"{base}-{number}" for number in count(1))
    return next(name for name in names if name not in taken)
