"""Finds what in a built page would make a browser ask another host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

# A link of one of these kinds is fetched without the reader's doing; <a> and rel="canonical" are not.
FETCHED_LINKS = frozenset(
    ["stylesheet", "icon", "preload", "prefetch", "preconnect", "dns-prefetch", "modulepreload", "manifest"]
)
FETCHED_TAGS = frozenset(
    ["script", "img", "iframe", "source", "video", "audio", "embed", "object", "track", "input", "use"]
)
FOREIGN = re.compile(r"^\s*(?:https?:|wss?:|ftp:)?//", re.IGNORECASE)
CSS_REFERENCE = re.compile(r"""(?:url\(\s*|@import\s+)["']?((?:https?:)?//[^"')\s]+)""", re.IGNORECASE)


class _References(HTMLParser):
    """Collects the foreign addresses that a page fetches."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        addresses: list[str] = []
        if tag == "link" and FETCHED_LINKS & set(attributes.get("rel", "").lower().split()):
            addresses.append(attributes.get("href", ""))
        if tag in FETCHED_TAGS:
            names = ("src", "data", "poster", "href", "xlink:href")
            addresses += [attributes.get(name, "") for name in names]
            addresses += [part.strip() for part in attributes.get("srcset", "").split(",")]
        self.found += [address for address in addresses if FOREIGN.match(address)]
        self.found += CSS_REFERENCE.findall(attributes.get("style", ""))
        self._in_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        if tag == "style":
            self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.found += CSS_REFERENCE.findall(data)


def foreign_requests(html: Path) -> Iterator[tuple[Path, str]]:
    """Yields the file and address of each foreign host that the pages and style sheets below ask for."""
    for path in sorted(html.rglob("*.html")):
        parser = _References()
        parser.feed(path.read_text(encoding="utf-8"))
        for address in parser.found:
            yield path.relative_to(html), address
    for path in sorted(html.rglob("*.css")):
        for address in CSS_REFERENCE.findall(path.read_text(encoding="utf-8")):
            yield path.relative_to(html), address
