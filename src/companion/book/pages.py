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
    """

    name: str
    path: Path
    is_chapter: bool


def read_text(path: Path) -> str:
    """Returns the text of a file, whatever mark of byte order begins it and whatever ends its lines.

    Raises:
        BookError: it is not in UTF-8.
    """
    content = path.read_bytes()
    try:
        text = content.decode()
        wrong = content.find(b"\0")  # of UTF-16 without a mark
    except UnicodeDecodeError as error:
        wrong = error.start
    if wrong >= 0:
        line = content.count(b"\n", 0, wrong) + 1
        raise BookError(
            f"{path}:{line}: byte 0x{content[wrong]:02x} is no text in UTF-8; save the file in UTF-8."
        )
    return text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def read_yaml(path: Path) -> Any:
    """Returns what a YAML file says.

    Raises:
        BookError: it is not valid.
    """
    try:
        return yaml.safe_load(read_text(path))
    except yaml.YAMLError as error:
        raise BookError(f"{path} is not valid YAML: {error}") from None


def read_pages(source: Path) -> list[Page]:
    """Returns the pages that ``source/_toc.yml`` lists, in reading order.

    Raises:
        BookRequestError: there is no table of contents.
        BookError: it cannot be read, or a page it lists is missing.
    """
    path = source / "_toc.yml"
    try:
        toc = read_yaml(path)
    except (FileNotFoundError, NotADirectoryError):
        raise BookRequestError(f"{source} is no book: it has no _toc.yml") from None
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
    text = read_text(path)
    found = re.match(r"---\s*\n(.*?)^---\s*$", text, re.DOTALL | re.MULTILINE)
    try:
        header = yaml.safe_load(found[1]) if found else None
    except yaml.YAMLError:
        raise BookError(f"{path} begins with a header that is not valid YAML") from None
    is_chapter = isinstance(header, dict) and ("jupytext" in header or "kernelspec" in header)
    if not is_chapter and re.search(r"^```+ *\{code-cell\}", text, re.MULTILINE):
        raise BookError(f"{path} has code cells, but does not begin with the header of a chapter")
    return Page(name, path, is_chapter)
