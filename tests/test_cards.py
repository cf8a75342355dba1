"""What a page's head says of it, with and without the address of the site."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from matplotlib.image import imread

from resilinet.book.cards import LENGTH, SIZE, describe_pages

LONG = "A sentence that goes on and on, and then some more of it; " * 6
PAGE = """<html><head><title>Failout &amp; more &#8212; A book</title></head><body><h1>Failout</h1>
<p>3 of 4 trials</p><p>Machines <em>fail</em> &quot;often&quot;, and {rest}.</p></body></html>"""


@pytest.fixture
def html(tmp_path: Path) -> Path:
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "a.html").write_text(PAGE.format(rest=LONG), encoding="utf-8")
    (tmp_path / "index.html").write_text("<html><head></head></html>", encoding="utf-8")
    (tmp_path / "search.html").write_text(
        "<head><title>Search &#8212; A book</title></head>", encoding="utf-8"
    )
    return tmp_path


def tags(path: Path) -> dict[str, str]:
    page = path.read_text(encoding="utf-8")
    return {
        key: unescape(value) for key, value in re.findall(r'<meta \w+="([\w:]+)" content="([^"]*)"', page)
    }


def test_a_page_is_described_by_the_beginning_of_its_first_sentence(html: Path) -> None:
    describe_pages(html)
    found = tags(html / "part" / "a.html")
    assert found["description"] == found["og:description"]
    assert found["description"].startswith('Machines fail "often", and A sentence')
    assert found["description"].endswith("…")
    assert len(found["description"]) <= LENGTH
    assert (found["og:title"], found["og:site_name"]) == ("Failout & more", "A book")


def test_a_page_without_a_sentence_is_described_as_well(html: Path) -> None:
    describe_pages(html)
    assert tags(html / "search.html")["description"] == "Search, a page of the book A book."


def test_without_the_address_of_the_site_there_are_no_addresses_and_no_pictures(html: Path) -> None:
    describe_pages(html)
    assert not {"og:url", "og:image"} & set(tags(html / "part" / "a.html"))
    assert not list(html.rglob("*.png"))


def test_with_it_each_page_has_a_picture_of_its_own_under_an_absolute_address(html: Path) -> None:
    describe_pages(html, "https://example.org/book/")
    found = tags(html / "part" / "a.html")
    assert found["og:url"] == "https://example.org/book/part/a.html"
    picture = html / found["og:image"].removeprefix("https://example.org/book/")
    high, wide = imread(picture).shape[:2]
    assert (wide, high) == SIZE == (int(found["og:image:width"]), int(found["og:image:height"]))
    assert len({path.read_bytes() for path in html.rglob("*.png")}) == 2


def test_a_page_that_only_leads_on_is_left_alone(html: Path) -> None:
    describe_pages(html)
    assert (html / "index.html").read_text(encoding="utf-8") == "<html><head></head></html>"
