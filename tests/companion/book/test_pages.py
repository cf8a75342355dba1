"""Which pages there are, and what is read however it was saved."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from companion.book.errors import BookError
from companion.book.pages import read_pages, read_text
from tiny_book import HEADER

CHAPTER = f"{HEADER}# Schön\n\n```{{code-cell}} python\n1\n```\n"


def book(folder: Path, content: bytes) -> Path:
    (folder / "_toc.yml").write_bytes(codecs.BOM_UTF8 + b"format: jb-book\r\nroot: one\r\n")
    (folder / "one.md").write_bytes(content)
    return folder


@pytest.mark.parametrize(
    "content",
    [
        CHAPTER.encode("utf-8-sig"),
        codecs.BOM_UTF8 + CHAPTER.encode("utf-8-sig"),
        CHAPTER.replace("\n", "\r\n").encode("utf-8-sig"),
        CHAPTER.replace("\n", "\r").encode(),
    ],
    ids=["marked", "marked twice", "of Windows", "of old Macs"],
)
def test_a_chapter_is_one_whatever_mark_begins_it_and_ends_its_lines(tmp_path: Path, content: bytes) -> None:
    (page,) = read_pages(book(tmp_path, content))
    assert page.is_chapter
    assert read_text(page.path) == CHAPTER


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-le", "utf-32"])
def test_a_page_that_is_not_in_utf_8_is_named(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(
        BookError, match=r"one\.md:\d+: byte 0x\w\w is no text in UTF-8; save the file in UTF-8"
    ):
        read_pages(book(tmp_path, CHAPTER.encode(encoding)))


@pytest.mark.parametrize("before", ["A line.\n", "\n", "\u200b"])
def test_code_cells_without_the_header_of_a_chapter_are_refused(tmp_path: Path, before: str) -> None:
    with pytest.raises(
        BookError, match=r"one\.md has code cells, but does not begin with the header of a chapter"
    ):
        read_pages(book(tmp_path, f"{before}{CHAPTER}".encode()))
