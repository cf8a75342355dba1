"""Prints the assembled book with a browser, twice."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pypdf import PdfReader, PdfWriter
from pypdf.generic import Destination, Fit

from resilinet.book.errors import BookError
from resilinet.book.pdf.assembly import Assembly, assemble

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-pdf-header-footer",
    # Milliseconds for the formulas, of the page's own time: its clock stands still while a script works.
    "--virtual-time-budget=20000",
)
PATIENCE = 900
"""Seconds after which a browser is given up."""


def find_browser() -> str:
    """Returns the Chromium or Chrome of this machine.

    Raises:
        BookError: there is none.
    """
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise BookError("A PDF is printed with Chromium or Chrome, and neither is installed here.")
    return found


def print_book(
    html: Path, names: Sequence[str], target: Path, about: Sequence[str] = (), browser: str | None = None
) -> Path:
    """Prints pages of a built book as one PDF and returns where it lies.

    Args:
        html: the built pages.
        names: which pages, in reading order.
        target: the file to write.
        about: lines below the title on the cover, the first of which names the authors.
        browser: the program to print with; None looks for one.

    Raises:
        BookError: there is no browser, a page is missing, or the browser printed nothing.
    """
    browser = browser or find_browser()
    book = assemble(html, names, about)
    with tempfile.TemporaryDirectory(prefix="resilinet-print-") as folder:
        work = Path(folder)
        for one in html.iterdir():
            if one.is_dir():
                (work / one.name).symlink_to(one.resolve())
        draft = PdfReader(_print(browser, book.page({}), work / "draft.pdf"))
        final = PdfReader(_print(browser, book.page(page_numbers(draft)), work / "final.pdf"))
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part")
        _finish(final, book, part)
    part.replace(target)
    return target


def page_numbers(pdf: PdfReader) -> dict[str, int]:
    """Returns the page, counted from 1, on which each anchor falls that a link leads to."""
    return {name: (pdf.get_destination_page_number(place) or 0) + 1 for name, place in _places(pdf).items()}


def _places(pdf: PdfReader) -> dict[str, Destination]:
    return {name.removeprefix("/"): place for name, place in pdf.named_destinations.items()}


def _print(browser: str, page: str, target: Path) -> Path:
    source = target.with_suffix(".html")
    source.write_text(page, encoding="utf-8")
    profile = target.with_name("profile")
    command = [browser, *OPTIONS, f"--user-data-dir={profile}", f"--print-to-pdf={target}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--no-sandbox")  # which Chromium refuses to the superuser
    try:
        ended = subprocess.run(
            [*command, source.as_uri()],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BookError(f"{browser} could not print the book: {error}") from None
    if not target.is_file():
        raise BookError(f"{browser} printed nothing:\n{ended.stderr.strip()[-2000:]}")
    return target


def _finish(printed: PdfReader, book: Assembly, target: Path) -> None:
    """Writes a PDF that says what it is, and has an outline with which it opens."""
    writer = PdfWriter(clone_from=printed)
    writer.add_metadata({"/Title": book.title, "/Author": book.about[0] if book.about else ""})
    numbers, places, chapter = page_numbers(printed), _places(printed), None
    for one in book.headings:
        if one.anchor in places:
            fit = Fit.xyz(left=0, top=float(places[one.anchor].top or 0))
            parent = chapter if one.level > 1 else None
            item = writer.add_outline_item(
                title=one.title, page_number=numbers[one.anchor] - 1, parent=parent, fit=fit
            )
            chapter = item if one.level == 1 else chapter
    writer.page_mode = "/UseOutlines"
    writer.write(target)
