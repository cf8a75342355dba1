"""What leads nowhere within the book is found, and images that say nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from resilinet.book.links import broken_links, silent_images

HERE = '<h2 id="here">Here</h2>'


def faults(folder: Path, body: str) -> list[tuple[str, str]]:
    """Writes a page beside another one and returns address and reason of its faults."""
    (folder / "part").mkdir(exist_ok=True)
    (folder / "part" / "other.html").write_text('<a name="old"></a><p id="naïve x">', encoding="utf-8")
    (folder / "page.html").write_text(HERE + body, encoding="utf-8")
    return [(address, reason) for page, address, reason in broken_links(folder) if page == Path("page.html")]


@pytest.mark.parametrize(
    "address",
    [
        "#here",
        "#",
        "page.html?highlight=failout#here",
        "part/other.html#old",
        "part/other.html#na%C3%AFve%20x",
        "part/../page.html",
        "part/other.html#d=health&amp;s=dfg",
        "https://example.org/none.html#nothing",
        "mailto:someone@example.org",
        "//example.org/a.js",
        "data:image/png;base64,AAAA",
    ],
)
def test_a_link_that_leads_somewhere_or_out_of_the_book_is_right(tmp_path: Path, address: str) -> None:
    assert faults(tmp_path, f'<a href="{address}">x</a>') == []


@pytest.mark.parametrize(
    ("element", "address", "reason"),
    [
        ('<a href="#there">x</a>', "#there", "leads to no anchor"),
        ('<a href="part/other.html#here">x</a>', "part/other.html#here", "leads to no anchor"),
        ('<a href="other.html">x</a>', "other.html", "leads to no file"),
        ('<a href="part">x</a>', "part", "leads to no file"),
        ('<img alt="x" src="a.png">', "a.png", "leads to no file"),
        ('<script src="a.js"></script>', "a.js", "leads to no file"),
        ('<link rel="stylesheet" href="a.css">', "a.css", "leads to no file"),
        (
            '<a href="/page.html">x</a>',
            "/page.html",
            "is absolute, and no page knows where the book will lie",
        ),
    ],
)
def test_a_link_that_leads_nowhere_is_named_with_the_reason(
    tmp_path: Path, element: str, address: str, reason: str
) -> None:
    assert faults(tmp_path, element) == [(address, reason)]


def test_links_of_a_page_in_a_folder_start_there(tmp_path: Path) -> None:
    faults(tmp_path, "")
    (tmp_path / "part" / "third.html").write_text(
        '<a href="other.html"><a href="page.html">', encoding="utf-8"
    )
    assert [address for _, address, _ in broken_links(tmp_path)] == ["page.html"]


def test_the_templates_of_a_theme_are_no_pages(tmp_path: Path) -> None:
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "macros.html").write_text(
        '<a href="{{ pathto(1) }}"><img src="x">', encoding="utf-8"
    )
    assert [*broken_links(tmp_path), *silent_images(tmp_path)] == []


@pytest.mark.parametrize(
    ("image", "silent"),
    [
        ('<img src="a.png" alt="a node">', False),
        ('<img src="a.png" alt="" role="presentation">', False),
        ('<img src="a.png" alt="" aria-hidden="true">', False),
        ('<img src="a.png" alt="">', True),
        ('<img src="a.png" alt=" ">', True),
        ('<img src="a.png">', True),
    ],
)
def test_an_image_says_what_it_shows_or_that_it_shows_nothing(
    tmp_path: Path, image: str, silent: bool
) -> None:
    (tmp_path / "page.html").write_text(image, encoding="utf-8")
    assert list(silent_images(tmp_path)) == [(Path("page.html"), "a.png")] * silent
