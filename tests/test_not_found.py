"""The page for addresses that lead nowhere, served as a host serves it: below a prefix, at any depth."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser import PATIENCE, chromium
from resilinet.book.links import broken_links
from resilinet.book.not_found import MARK, write_not_found


class Host(SimpleHTTPRequestHandler):
    """Answers with the book's 404 page, as GitHub Pages does, where there is no file."""

    def send_error(self, code: int, *rest: object) -> None:
        body = (Path(self.directory) / "book" / "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *rest: object) -> None:
        pass


@pytest.fixture
def root(tmp_path: Path) -> Path:
    book = tmp_path / "book"
    (book / "part").mkdir(parents=True)
    (book / MARK).write_text("", encoding="utf-8")
    for name, title in (("intro", "Hello"), ("part/two", "Two &amp; more"), ("search", "Search")):
        page = f"<html><head><title>{title} &#8212; A book</title></head></html>"
        (book / f"{name}.html").write_text(page, encoding="utf-8")
    write_not_found(book, ["intro", "part/two"])
    return tmp_path


@pytest.fixture
def host(root: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("localhost", 0), partial(Host, directory=str(root))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_it_lists_the_pages_and_all_its_links_lead_somewhere(root: Path) -> None:
    page = (root / "book" / "404.html").read_text(encoding="utf-8")
    assert '<a href="intro.html">Hello</a>' in page
    assert '<a href="part/two.html">Two &amp; more</a>' in page
    assert list(broken_links(root / "book")) == []


@pytest.mark.slow
def test_its_links_lead_into_the_book_from_any_depth(host: str) -> None:
    with chromium() as browser:
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        for lost in ("book/lost.html", "book/part/lost.html", "book/a/b/c/"):
            answer = page.goto(f"{host}/{lost}")
            assert answer is not None
            assert answer.status == 404
            expect(page.locator("base")).to_have_attribute("href", "/book/")
            found = page.get_by_role("link", name="Two & more").evaluate("link => link.href")
            assert found == f"{host}/book/part/two.html"
