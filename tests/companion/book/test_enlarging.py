"""Enlarging a figure by click and keyboard, from a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser import PATIENCE, chromium

ASSETS = Path(__file__).parents[3] / "book" / "_assets"
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"><rect width="200" height="100"/></svg>'
)

pytestmark = pytest.mark.slow


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    (tmp_path / "drawing.svg").write_text(SVG, encoding="utf-8")
    (tmp_path / "page.html").write_text(
        f"""<html><head><link rel="stylesheet" href="{(ASSETS / "book.css").as_uri()}">
        <script defer src="{(ASSETS / "figures.js").as_uri()}"></script></head><body><article class="bd-article">
        <figure><img src="drawing.svg" alt="A black box."><figcaption><p><span class="caption-number">Fig. 3 </span>
        <span class="caption-text">What is hidden.</span><a class="headerlink" href="#x">#</a></p></figcaption></figure>
        <p><img src="photo.png" alt="Not drawn."></p></article></body></html>""",
        encoding="utf-8",
    )
    with chromium() as browser:
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto((tmp_path / "page.html").as_uri())
        yield page


def test_keys_open_enlarge_and_close_and_give_the_focus_back(page: Page) -> None:
    opener = page.get_by_role("button", name="Enlarge Fig. 3")
    expect(page.get_by_role("button")).to_have_count(1)  # drawings only
    page.keyboard.press("Tab")
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Fig. 3 What is hidden.")
    expect(dialog.get_by_role("img", name="A black box.")).to_be_visible()
    before = _width(page)
    page.keyboard.press("+")
    assert _width(page) == pytest.approx(1.5 * before, rel=0.01)
    page.keyboard.press("-")
    page.keyboard.press("-")
    assert _width(page) == pytest.approx(before, rel=0.01)
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    expect(opener).to_be_focused()


def test_a_click_opens_and_one_beside_closes(page: Page) -> None:
    page.get_by_role("img", name="A black box.").click()
    expect(page.locator("dialog")).to_be_visible()
    assert _width(page) > 600  # of a drawing 200 wide
    page.mouse.click(1, 1)
    expect(page.locator("dialog")).to_be_hidden()


def _width(page: Page) -> float:
    box = page.locator("dialog img").bounding_box()
    assert box is not None
    return box["width"]
