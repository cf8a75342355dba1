"""Finds what leads nowhere within the built book, and images that say nothing to those who do not see them.

A page is parsed once, without a browser; addresses on other hosts are left to a check that has a network.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

ADDRESSES = ("href", "src", "data", "poster", "xlink:href")
DECORATION = frozenset(["presentation", "none"])


@dataclass
class Sheet(HTMLParser):
    """What a page offers and asks for.

    Attributes:
        anchors: what a fragment can name on this page.
        addresses: those that its elements lead to, as they are written.
        silent: the address of each image without an alternative text.
    """

    anchors: set[str] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)
    silent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes anchors, addresses and images."""
        attributes = {name: value or "" for name, value in attrs}
        self.anchors.update(attributes[name] for name in ("id", "name") if name in attributes)
        self.addresses.update(attributes[name] for name in ADDRESSES if attributes.get(name))
        if tag == "img" and not self._speaks(attributes):
            self.silent.append(attributes.get("src", ""))

    @staticmethod
    def _speaks(attributes: dict[str, str]) -> bool:
        decoration = attributes.get("role") in DECORATION or attributes.get("aria-hidden") == "true"
        return decoration or bool(attributes.get("alt", "").strip())


def read_sheets(html: Path) -> dict[Path, Sheet]:
    """Returns what each page below a folder offers and asks for; templates of the theme are no pages."""
    sheets = {}
    for path in sorted(html.rglob("*.html")):
        if "_static" not in path.relative_to(html).parts:
            sheets[path] = Sheet()
            sheets[path].feed(path.read_text(encoding="utf-8"))
    return sheets


def broken_links(html: Path) -> Iterator[tuple[Path, str, str]]:
    """Yields page, address and reason of each link within the book that leads to no file or no anchor."""
    html = html.resolve()
    sheets = read_sheets(html)
    for page, sheet in sheets.items():
        for address in sorted(sheet.addresses):
            if reason := _fault(page, address, sheets):
                yield page.relative_to(html), address, reason


def silent_images(html: Path) -> Iterator[tuple[Path, str]]:
    """Yields page and address of each image without an alternative text."""
    for page, sheet in read_sheets(html).items():
        for address in sheet.silent:
            yield page.relative_to(html), address


def _fault(page: Path, address: str, sheets: dict[Path, Sheet]) -> str | None:
    """Returns what is wrong with an address, or None: also for one that leads out of the book."""
    if urlsplit(address).scheme or address.startswith("//"):
        return None
    bare, fragment = urldefrag(address)
    path = unquote(urlsplit(bare).path)
    target = (page.parent / path).resolve() if path else page
    if path.startswith("/"):
        return "is absolute, and no page knows where the book will lie"
    if not target.is_file():
        return "leads to no file"
    # The explorer keeps its state in the fragment, which then names no anchor: #d=health&s=dfg.
    if (
        fragment
        and "=" not in fragment
        and target in sheets
        and unquote(fragment) not in sheets[target].anchors
    ):
        return "leads to no anchor"
    return None
