"""Which pages the book has, and which of them are chapters to execute."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from companion.book.errors import BookError, BookRequestError


@dataclass(frozen=True)
class Page:
    """A page of the table of contents.

    Attributes:
        name: the page as ``_toc.yml`` names it, without suffix.
        path: its file.
        is_chapter: whether it is a notebook, told by the Jupytext or kernel entry of its header.
        reads: patterns of the other pages that it reads, the entry ``reads`` of its header.
    """

    name: str
    path: Path
    is_chapter: bool
    reads: tuple[str, ...] = ()


def read_pages(source: Path) -> list[Page]:
    """Returns the pages that ``source/_toc.yml`` lists, in reading order.

    Raises:
        BookRequestError: there is no table of contents.
        BookError: it cannot be read, or a page it lists is missing.
    """
    path = source / "_toc.yml"
    try:
        toc = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise BookRequestError(f"{source} is no book: it has no _toc.yml") from None
    except yaml.YAMLError as error:
        raise BookError(f"{path} is not valid YAML: {error}") from None
    return [_page(source, name) for name in _names(toc)]


def _names(entry: Any) -> Iterator[str]:
    """Yields the page names below an entry of the table of contents, in reading order."""
    if isinstance(entry, dict):
        for key in ("root", "file"):
            if key in entry:
                yield str(entry[key]).removesuffix(".md")
        for key in ("parts", "subtrees", "chapters", "sections", "entries"):
            yield from _names(entry.get(key))
    elif isinstance(entry, list):
        for item in entry:
            yield from _names(item)


def _page(source: Path, name: str) -> Page:
    path = source / f"{name}.md"
    if not path.is_file():
        raise BookError(f"{source / '_toc.yml'} lists {name}, but there is no file {path}")
    header = _header(path)
    is_chapter = "jupytext" in header or "kernelspec" in header
    return Page(name, path, is_chapter, tuple(header.get("reads", ())))


def _header(path: Path) -> dict[str, Any]:
    """Returns the YAML header of a Markdown page, empty where it has none."""
    found = re.match(r"---\s*\n(.*?)^---\s*$", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    try:
        header = yaml.safe_load(found[1]) if found else None
    except yaml.YAMLError:
        raise BookError(f"{path} begins with a header that is not valid YAML") from None
    return header if isinstance(header, dict) else {}
