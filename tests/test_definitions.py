"""Definitions of the glossary's terms on the pages that use them: in the text, and under pointer and keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser import PATIENCE, chromium
from resilinet.book.definitions import define_terms, read_definitions

ASSETS = Path(__file__).parents[1] / "book" / "_assets"
GLOSSARY = """<html><body><dl>
<dt id="term-Route">Route<a class="headerlink" href="#term-Route">#</a></dt>
<dt id="term-Way">Way</dt><dd><p>How data reach a <em>node</em>, &amp; where
<code><span class="pre">is_active</span></code> holds.</p>
</dd>
<dt id="term-Scheme">Scheme</dt><dd><p>One with a
<a class="reference internal" href="#term-Route"><span class="xref std std-term">route</span></a>.</p></dd>
</dl></body></html>"""
MEANING = "How data reach a node, & where is_active holds."


def link(folder: str, term: str) -> str:
    address = f"{folder}glossary.html#term-{term}"
    return f'<a class="reference internal" href="{address}"><span class="xref std std-term">{term}</span></a>'


@pytest.fixture
def html(tmp_path: Path) -> Path:
    (tmp_path / "part").mkdir()
    (tmp_path / "glossary.html").write_text(GLOSSARY, encoding="utf-8")
    style = f'<link rel="stylesheet" href="{(ASSETS / "book.css").as_uri()}">'
    script = f'<script defer src="{(ASSETS / "definitions.js").as_uri()}"></script>'
    text = f"<p>{link('../', 'Route')}, {link('../', 'Way')} and {link('../', 'Route')} again.</p>"
    space = '<p style="height: 20rem"></p>'  # no definition reaches down to the button
    page = f"<html><head>{style}{script}</head><body>{text}{space}<button>next</button></body></html>"
    (tmp_path / "part" / "a.html").write_text(page, encoding="utf-8")
    (tmp_path / "plain.html").write_text("<html><body>Nothing.</body></html>", encoding="utf-8")
    define_terms(tmp_path)
    return tmp_path


def test_terms_that_share_a_definition_have_it_as_plain_text(html: Path) -> None:
    found = read_definitions(html / "glossary.html")
    assert found == {"term-Route": MEANING, "term-Way": MEANING, "term-Scheme": "One with a route."}


def test_each_use_is_described_and_each_definition_stands_on_a_page_once(html: Path) -> None:
    page = (html / "part" / "a.html").read_text(encoding="utf-8")
    assert page.count('aria-describedby="definition-Route"') == 2
    assert page.count('<div hidden id="definition-Route">') == 1
    assert "definition-Scheme" not in page
    assert "definition-" not in (html / "plain.html").read_text(encoding="utf-8")


def test_terms_within_the_glossary_are_described_as_well(html: Path) -> None:
    assert 'aria-describedby="definition-Route"' in (html / "glossary.html").read_text(encoding="utf-8")


def test_a_book_without_a_glossary_is_left_alone(tmp_path: Path) -> None:
    page = f"<html><body>{link('', 'Route')}</body></html>"
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    define_terms(tmp_path)
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == page


@pytest.mark.slow
def test_a_definition_is_shown_to_pointer_and_keyboard_and_goes_on_escape(html: Path) -> None:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 360, "height": 600})
        page.set_default_timeout(PATIENCE)
        page.goto((html / "part" / "a.html").as_uri())
        shown = page.locator(".definition")
        expect(shown).to_have_count(0)
        page.keyboard.press("Tab")
        expect(shown).to_have_text(MEANING)
        _within_the_window(page)
        page.keyboard.press("Escape")
        expect(shown).to_have_count(0)
        page.locator("a").nth(1).hover()
        expect(shown).to_have_text(MEANING)
        shown.hover()  # the pointer may rest on it
        page.wait_for_timeout(400)
        expect(shown).to_be_visible()
        page.locator("button").hover()
        expect(shown).to_have_count(0)


def _within_the_window(page: Page) -> None:
    box = page.locator(".definition").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
