"""The built book as a reader's browser shows it, opened as files: nothing fails, asks a host or shuts anyone out.

The book in ``build/published`` is looked at where it is newer than what it is set from, as after ``make book``;
else a tiny one of the same theme and settings, which has every kind of page but not every page.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from browser import PATIENCE, chromium
from tiny_book import TinyBook

ROOT = Path(__file__).parents[3]
WHOLE = ROOT / "build" / "published"
ASSETS = ROOT / "book" / "_assets"
SET_FROM = ("_config.yml", "book", "src/companion/book")

# The rules of axe-core that shut readers out; it calls the others moderate or minor.
GRAVE = ("serious", "critical")
ALL_RULES = {"resultTypes": ["violations"], "preload": False}
PHONE = {"width": 360, "height": 800}
DESK = {"width": 1300, "height": 900}
TALLEST = 8000
"""Pixels of a page to be read on a desk; lists to look things up in are longer."""
LISTS = {"api.html", "genindex.html", "reviewing.html"}
PAPER = {"width": 672, "height": 980}  # A4 less the margins of print.css, in CSS pixels
COLOURS = {**ALL_RULES, "runOnly": ["color-contrast"]}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@dataclass(frozen=True)
class Site:
    """A built book: its folder, and whether it is the whole one."""

    html: Path
    whole: bool

    def address(self, page: str) -> str:
        return (self.html / page).as_uri()

    @property
    def pages(self) -> list[str]:
        paths = (path.relative_to(self.html) for path in self.html.rglob("*.html"))
        return sorted(path.as_posix() for path in paths if "_static" not in path.parts)


@dataclass(frozen=True)
class Seen:
    """What a browser makes of a page: complaints, foreign requests, formulas left, barriers by theme, and its size."""

    complaints: list[str]
    asked: list[str]
    formulas: tuple[int, int]
    barriers: dict[str, list[str]]
    width: int
    height: int


def is_current(book: Path) -> bool:
    """Tells whether a built book is newer than all that it is set from."""
    stamp = book / "html.digest"
    if not (book / "html" / "index.html").is_file() or not stamp.is_file():
        return False
    places = [ROOT / name for name in SET_FROM]
    assert all(place.exists() for place in places), SET_FROM
    files = [path for place in places for path in (place, *place.rglob("*")) if path.is_file()]
    sources = (path for path in files if "__pycache__" not in path.parts)
    return stamp.stat().st_mtime >= max(path.stat().st_mtime for path in sources)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    if is_current(WHOLE):
        return Site(WHOLE / "html", whole=True)
    tiny = TinyBook(tmp_path_factory.mktemp("browser"))
    tiny.build()
    return Site(tiny.out / "published" / "html", whole=False)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def opened(browser: Browser, address: str) -> tuple[Page, list[str], list[str]]:
    """Opens a page in daylight; returns it with the lists of complaints and of foreign requests, which grow."""
    page = browser.new_page(color_scheme="light", reduced_motion="reduce")
    page.set_default_timeout(PATIENCE)
    complaints: list[str] = []
    asked: list[str] = []
    page.on(
        "console", lambda told: complaints.append(told.text) if told.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(f"{request.url}: {request.failure}"))
    page.on(
        "request", lambda one: asked.append(one.url) if not one.url.startswith(("file:", "data:")) else None
    )
    page.goto(address)
    return page, complaints, asked


def barriers(page: Page, rules: dict[str, Any]) -> list[str]:
    """Returns the grave violations of axe-core's rules, each with the first elements that it concerns."""
    found = Axe().run(page, options=rules).response["violations"]
    return [
        f"{one['id']}: {[node['html'][:150] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in GRAVE
    ]


def look(browser: Browser, address: str) -> Seen:
    page, complaints, asked = opened(browser, address)
    page.evaluate("window.MathJax?.startup?.promise")
    formulas = page.locator(".bd-article .math").count(), page.locator(".math > mjx-container").count()
    wrong = page.locator("[data-mjx-error], mjx-merror").all_text_contents()
    found = {"light": barriers(page, ALL_RULES)}
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    found["dark"] = barriers(page, COLOURS)
    page.set_viewport_size(DESK)
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size(PHONE)
    width = page.evaluate("document.documentElement.scrollWidth")
    seen = Seen(complaints + wrong, list(asked), formulas, found, width, height)
    page.close()  # after the lists are copied: what a page still asks for when it is left is no complaint of it
    return seen


@pytest.fixture(scope="module")
def seen(site: Site, browser: Browser) -> dict[str, Seen]:
    """Every page but the first address, which only sends a reader on, and the one that hosts show for others."""
    apart = {"index.html", "404.html"}
    return {name: look(browser, site.address(name)) for name in site.pages if name not in apart}


def test_no_page_complains(seen: dict[str, Seen]) -> None:
    assert {name: one.complaints for name, one in seen.items() if one.complaints} == {}


def test_no_page_asks_a_host(seen: dict[str, Seen]) -> None:
    assert {name: one.asked for name, one in seen.items() if one.asked} == {}


def test_formulas_are_set_on_a_page_that_is_a_file(seen: dict[str, Seen]) -> None:
    assert sum(one.formulas[0] for one in seen.values()) > 0
    assert {name: one.formulas for name, one in seen.items() if one.formulas[0] != one.formulas[1]} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_shuts_a_reader_out(seen: dict[str, Seen], theme: str) -> None:
    assert {name: one.barriers[theme] for name, one in seen.items() if one.barriers[theme]} == {}


def test_no_page_is_wider_than_a_phone(seen: dict[str, Seen]) -> None:
    assert {name: one.width for name, one in seen.items() if one.width > PHONE["width"]} == {}


def test_no_page_is_too_long_to_read(seen: dict[str, Seen]) -> None:
    long = {name: one.height for name, one in seen.items() if one.height > TALLEST}
    assert {name: height for name, height in long.items() if name not in LISTS} == {}


def test_a_barrier_and_a_complaint_are_found_where_they_are(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "bad.html"
    path.write_text(
        '<!doctype html><html lang="en"><title>x</title><main><h1 style="color: #eee">pale</h1>'
        '<img src="none.png"></main><script>addEventListener("x", f)</script></html>',
        encoding="utf-8",
    )
    page, complaints, _ = opened(browser, path.as_uri())
    assert {one.split(":")[0] for one in barriers(page, ALL_RULES)} == {"color-contrast", "image-alt"}
    assert any("f is not defined" in one for one in complaints)
    assert any("none.png" in one for one in complaints)
    page.close()


def test_paper_shows_what_is_read_and_not_what_is_clicked(browser: Browser, tmp_path: Path) -> None:
    sheets = "".join(
        f'<link rel="stylesheet" href="{(ASSETS / name).as_uri()}" media="{media}">'
        for name, media in (("book.css", "all"), ("print.css", "print"))
    )
    wide = "".join(f"<td>column{number}</td>" for number in range(40))
    (tmp_path / "page.html").write_text(
        f"""<html><head>{sheets}<script src="{(ASSETS / "settle.js").as_uri()}"></script></head>
        <body><div class="bd-sidebar-primary">contents</div>
        <article class="bd-article"><h1><b>Title</b><a class="headerlink">#</a></h1>
        <details class="hide"><summary>Show code</summary>code</details>
        <details class="ledger"><summary>Ledger</summary><p>numbers</p></details>
        <div class="cell_output"><div class="output"><table class="dataframe"><tr>{wide}</tr></table></div></div>
        <div class="resilinet-explorer"><div class="rx-stage">buttons</div>
        <details class="rx-numbers"><summary>All</summary><p>every scenario</p></details></div>
        </article></body></html>""",
        encoding="utf-8",
    )
    page, _, _ = opened(browser, (tmp_path / "page.html").as_uri())
    page.emulate_media(media="print")
    page.set_viewport_size(PAPER)
    for shown in ("Title", "Ledger", "numbers", "every scenario", "column39"):
        assert page.get_by_text(shown, exact=True).is_visible(), shown
    for hidden in ("contents", "#", "Show code", "code", "buttons"):
        assert not page.get_by_text(hidden, exact=True).is_visible(), hidden
    # Nothing scrolls on paper, so that what is wider would be cut. The browser announces that it prints.
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER["width"]
    page.close()


class Host(SimpleHTTPRequestHandler):
    """Answers with the book's 404 page, as GitHub Pages does, where there is no file."""

    def send_error(self, code: int, *rest: object) -> None:
        body = (Path(self.directory) / "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *rest: object) -> None:
        pass


def test_an_address_that_leads_nowhere_leads_back_at_any_depth(site: Site, browser: Browser) -> None:
    with ThreadingHTTPServer(("localhost", 0), partial(Host, directory=str(site.html))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        root = f"http://localhost:{server.server_address[1]}"
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        refused: list[str] = []
        page.on("response", lambda got: refused.append(got.url) if got.status != 200 else None)
        page.goto(f"{root}/deep/down/none.html")
        assert page.get_by_role("heading", name="There is no such page here").is_visible()
        first = page.locator(".bd-sidebar-primary a[href$='.html']").nth(1)
        address = page.evaluate("link => link.href", first.element_handle())
        page.goto(address)
        assert "no such page" not in page.content()
        assert refused == [f"{root}/deep/down/none.html"]
        page.close()
        server.shutdown()  # a thread that waits on a closed socket would take a whole core
        server.shutdown()


def test_search_finds_what_the_book_is_about(site: Site, browser: Browser) -> None:
    word, target = ("failout", "failout.html") if site.whole else ("resilience", "intro.html")
    page, complaints, asked = opened(browser, f"{site.address('search.html')}?q={word}")
    results = page.locator("#search-results ul.search a")
    results.first.wait_for()
    page.wait_for_function("Search.status !== null && !document.querySelector('#search-progress .dots')")
    named = [
        address.partition("?")[0].partition("#")[0]
        for address in (one.get_attribute("href") or "" for one in results.all())
    ]
    assert named[0] == target if site.whole else target in named
    assert (complaints, asked) == ([], [])
    page.close()


def test_a_reader_takes_the_numbers_of_a_table_away(site: Site, browser: Browser) -> None:
    name, file = ("bandwidth", None) if site.whole else ("part/second", "a-third.csv")
    page, complaints, _ = opened(browser, site.address(f"{name}.html"))
    with page.expect_download() as download:
        page.locator(".exhibit-links a[download]").first.click()
    assert file in (None, download.value.suggested_filename)
    assert "," in download.value.path().read_text(encoding="utf-8").splitlines()[0]
    assert complaints == []
    page.close()


def test_solutions_are_hidden_until_a_reader_asks(site: Site, browser: Browser) -> None:
    if not site.whole:
        pytest.skip("exercises are in the whole book, newer than its sources: make book")
    page, _, _ = opened(browser, site.address("settings.html"))
    solutions = page.locator(".solution.dropdown")
    assert solutions.count() >= 2
    inner = solutions.first.locator(".highlight").first
    assert not inner.is_visible()
    solutions.first.locator(".toggle-button").click()
    assert inner.is_visible()
    page.close()


def test_a_reader_fails_nodes_by_keys_and_by_mouse(site: Site, browser: Browser) -> None:
    if not site.whole:
        pytest.skip("the explorer needs the whole book, newer than its sources: make book")
    page, complaints, _ = opened(browser, site.address("explorer.html"))
    node = page.locator('.resilinet-explorer [data-node="n1"][aria-pressed]:visible').first
    states = [node.get_attribute("aria-pressed")]
    node.focus()
    for key in ("Enter", "Space"):
        page.keyboard.press(key)
        states.append(node.get_attribute("aria-pressed"))
    node.click()
    states.append(node.get_attribute("aria-pressed"))
    assert states == ["false", "true", "false", "true"]
    assert complaints == []
    page.close()
