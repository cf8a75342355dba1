"""The printed book, on two small pages as the theme sets them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pypdf import PdfReader

from browser import PROGRAM
from resilinet.book.errors import BookError
from resilinet.book.pdf import printing
from resilinet.book.pdf.assembly import assemble
from resilinet.book.pdf.printing import page_numbers, print_book

ASSETS = Path(__file__).parents[1] / "book" / "_assets"
NAMES = ("intro", "part/second")
WIDE = "".join(f"<td>column{number}</td>" for number in range(40))
FRAME = """<html><head><title>{title} &#8212; A small book</title>
<link rel="stylesheet" href="{up}_static/book.css" />
<link rel="stylesheet" href="{up}_static/print.css" media="print" /></head><body><nav>Aside</nav>
<article class="bd-article" role="main">{body}</article></body></html>"""
INTRO = """<section id="first"><h1>First<a class="headerlink" href="#first">#</a></h1>
<p>See <a href="part/second.html#far">far</a>, <a href="part/second.html">the second</a>, <a href="#first">here</a>,
<a href="https://example.org/">elsewhere</a> and <a href="data/a.csv">numbers</a>.</p>
<script>document.write("by script")</script></section>"""
SECOND = f"""<section id="first"><h1>Second &amp; last<a class="headerlink" href="#first">#</a></h1>
<details class="hide"><summary>Show code</summary>secret code</details>
<details class="ledger"><summary>Ledger</summary>told numbers</details>
<div class="cell_output"><div class="output"><table class="dataframe"><tr>{WIDE}</tr></table></div></div>
<div class="resilinet-explorer"><div class="rx-stage">buttons</div>
<details class="rx-numbers"><summary>All</summary><table><tr><td>numbers of the explorer</td></tr></table></details>
</div>
<section id="far"><h2 style="break-before: page">Far away<a class="headerlink" href="#far">#</a></h2>
<svg><defs><path id="a" d="M0 0L9 9"/></defs><use xlink:href="#a"/></svg></section></section>"""

needs_browser = pytest.mark.skipif(PROGRAM is None, reason="there is no Chromium here to print with")


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    html = tmp_path_factory.mktemp("html")
    for folder in ("part", "_static"):
        (html / folder).mkdir()
    for sheet in ("book.css", "print.css"):
        (html / "_static" / sheet).write_text((ASSETS / sheet).read_text(encoding="utf-8"), encoding="utf-8")
    intro = FRAME.format(title="First", up="", body=INTRO)
    (html / "intro.html").write_text(intro, encoding="utf-8")
    second = FRAME.format(title="Second &amp; last", up="../", body=SECOND)
    (html / "part" / "second.html").write_text(second, encoding="utf-8")
    return html


@pytest.fixture(scope="module")
def pdf(html: Path, tmp_path_factory: pytest.TempPathFactory) -> PdfReader:
    target = tmp_path_factory.mktemp("pdf") / "book.pdf"
    return PdfReader(print_book(html, NAMES, target, ["Anna and Ben", "Version 7"], PROGRAM))


def test_links_between_pages_become_links_within_the_one_page(html: Path) -> None:
    page = assemble(html, NAMES).page({})
    anchors = re.findall(r'\sid="([^"]*)"', page)
    assert len(anchors) == len(set(anchors))
    targets = re.findall(r'href="#([^"]*)"', page)
    assert (
        {"part/second--far", "part/second", "intro--first", "part/second--a"} <= set(targets) <= set(anchors)
    )
    assert 'href="https://example.org/"' in page
    assert "a.csv" not in page
    assert "by script" not in page
    assert "Aside" not in page


def test_contents_list_chapters_and_sections_in_order(html: Path) -> None:
    headings = assemble(html, NAMES).headings
    assert [(one.level, one.title) for one in headings] == [
        (1, "First"),
        (1, "Second & last"),
        (2, "Far away"),
    ]


@needs_browser
@pytest.mark.slow
def test_contents_outline_and_foot_name_the_page_on_which_a_heading_stands(pdf: PdfReader) -> None:
    texts = [page.extract_text() for page in pdf.pages]
    first, (second, [far]) = pdf.outline[0], (pdf.outline[1], pdf.outline[2])
    numbers = {}
    for item in (first, second, far):
        number = pdf.get_destination_page_number(item)
        assert number is not None
        numbers[item.title] = number + 1
        assert item.title in texts[number]
        assert str(number + 1) in texts[number].split()  # at its foot, as no text of these pages has digits
        assert re.search(rf"{re.escape(item.title)}\s*{number + 1}\b", texts[1])
    assert numbers == {"First": 3, "Second & last": 4, "Far away": 5}
    assert page_numbers(pdf)["part/second--far"] == 5


@needs_browser
@pytest.mark.slow
def test_the_cover_names_book_authors_and_version_and_has_no_number(pdf: PdfReader) -> None:
    assert pdf.pages[0].extract_text().split() == ["A", "small", "book", "Anna", "and", "Ben", "Version", "7"]
    assert pdf.metadata is not None
    assert (pdf.metadata.title, pdf.metadata.author) == ("A small book", "Anna and Ben")


@needs_browser
@pytest.mark.slow
def test_paper_shows_what_is_read_and_not_what_is_clicked(pdf: PdfReader) -> None:
    text = pdf.pages[3].extract_text()
    for shown in ("told numbers", "numbers of the explorer"):
        assert shown in text
    for hidden in ("secret code", "Show code", "buttons"):
        assert hidden not in text


@needs_browser
@pytest.mark.slow
def test_nothing_of_a_wide_table_is_cut(pdf: PdfReader) -> None:
    page, places = pdf.pages[3], {}

    def note(text: str, matrix: list[float], inner: list[float], *rest: object) -> None:
        places[text.strip()] = matrix[0] * inner[4] + matrix[4]

    page.extract_text(visitor_text=note)
    found = [x for text, x in places.items() if "column" in text]
    assert "column39" in page.extract_text().replace("\n", "")
    assert 0 < min(found) <= max(found) < float(page.mediabox.width)


def test_without_a_browser_one_sentence_says_so(html: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "BROWSERS", ("no-such-browser",))
    with pytest.raises(
        BookError, match=r"^A PDF is printed with Chromium or Chrome, and neither is installed here\.$"
    ):
        print_book(html, NAMES, html / "book.pdf")


def test_a_browser_that_prints_nothing_is_named(html: Path) -> None:
    with pytest.raises(BookError, match="true printed nothing"):
        print_book(html, NAMES, html / "book.pdf", browser="true")


def test_a_page_that_was_not_built_is_named(html: Path) -> None:
    with pytest.raises(BookError, match=r"lost\.html is missing; build the book before printing it"):
        print_book(html, (*NAMES, "lost"), html / "book.pdf", browser="true")
