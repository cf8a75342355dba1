"""The pages as Sphinx has just set them, before they take the place of the former ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from resilinet.book.address import Address
from resilinet.book.pages import Page


@dataclass(frozen=True)
class Draft:
    """A book that Sphinx has just set.

    Attributes:
        html: its pages.
        sheet: what Sphinx read: text pages, assets, executed notebooks made ready for it.
        source: the book's own folder.
        root: the project's folder.
        pages: the table of contents, in reading order.
        notebooks: the executed notebook of each chapter as papermill left it, by name of the page.
        address: where project and book lie on the web, as far as that is known.
    """

    html: Path
    sheet: Path
    source: Path
    root: Path
    pages: tuple[Page, ...]
    notebooks: Mapping[str, Path]
    address: Address

    def page(self, name: str) -> Path:
        """Returns where a page lies."""
        return self.html / f"{name}.html"
