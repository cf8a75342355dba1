"""Builds the whole book under a profile."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from filelock import FileLock
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from resilinet.book.address import Address
from resilinet.book.chapters import Order, Workshop, run_orders
from resilinet.book.draft import Draft
from resilinet.book.edition import Edition
from resilinet.book.errors import BookError, BookRequestError
from resilinet.book.pages import Page, read_pages
from resilinet.book.settings import write_settings
from resilinet.book.stamps import digest_bytes, digest_file, digest_tree
from resilinet.book.steps import STEPS
from resilinet.book.typeset import lay_out, typeset


class Profile(StrEnum):
    """What the chapters are run for.

    ``PUBLISHED`` shows the committed results, ``SMOKE`` trains every trial tiny on synthetic data, and
    ``FULL`` trains what is missing at full size on the real data.
    """

    PUBLISHED = "published"
    SMOKE = "smoke"
    FULL = "full"


def build(
    profile: Profile | str = Profile.PUBLISHED,
    source: Path = Path("book"),
    out: Path = Path("build"),
    chapters: Sequence[str] | None = None,
    jobs: int = 1,
    console: Console | None = None,
) -> Path:
    """Executes the chapters that need it, sets the book and returns the path of its ``index.html``.

    Args:
        profile: what the chapters are run for; handed to each as its parameter ``profile``.
        source: the folder with ``_toc.yml`` and the pages; ``_config.yml`` lies there or one above.
        out: where all that is built goes, a folder for each profile. Under smoke results go there too, to
            ``smoke-results``, so that a tiny trial never lies among the real ones, which are beside ``source``.
        chapters: run only these under ``profile``, and in any case; the others are those of the published
            book. None: all, where something they depend on has changed.
        jobs: how many chapters run at a time.
        console: where progress is shown; by default standard error.

    Raises:
        BookRequestError: the profile or a chapter is unknown, or there is no book.
        BookError: a cell failed, or Jupyter Book found fault with a page. The message names the chapter and the cell.
    """
    profile = _profile(profile)
    if jobs < 1:
        raise BookRequestError(f"jobs must be at least 1, not {jobs}")
    source, out = source.resolve(), out.resolve()
    pages = read_pages(source)
    config = _config(source)
    root = config.parent
    orders = _orders(pages, profile, _results(profile, root, out), root / "results", chapters)
    work = out / profile
    work.mkdir(parents=True, exist_ok=True)
    with FileLock(work / "build.lock"):
        workshop = Workshop(root, work, _base(root))
        console = console or Console(stderr=True)
        _run(workshop, orders, jobs, console)
        address = Address.of(root)
        footer = Edition.of(root).footer(address)
        key = _typeset_key(workshop, orders, source, config, footer, repr(address))
        stamp, html = work / "html.stamp", work / "html" / "index.html"
        if html.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == key:
            return html
        stamp.unlink(missing_ok=True)
        sheet = work / "source"
        with console.status("Setting the pages"):
            notebooks = {order.page.name: workshop.notebook(order.page) for order in orders}
            lay_out(source, notebooks, sheet)
            settings = work / "_config.yml"
            write_settings(config, settings, footer, address)

            def finish(html: Path) -> None:
                draft = Draft(html, sheet, source, root, tuple(pages), notebooks, address)
                for step in STEPS:
                    step(draft)

            html = typeset(sheet, source, settings, work, finish)
        stamp.write_text(key, encoding="utf-8")
    return html


def _profile(name: str) -> Profile:
    try:
        return Profile(name)
    except ValueError:
        raise BookRequestError(f"{name!r} is no profile; choose one of {', '.join(Profile)}.") from None


def _config(source: Path) -> Path:
    for folder in (source, source.parent):
        if (folder / "_config.yml").is_file():
            return folder / "_config.yml"
    raise BookRequestError(f"there is no _config.yml in {source} nor in {source.parent}")


def _results(profile: Profile, root: Path, out: Path) -> Path:
    """Returns the folder of results that is handed to the chapters run under a profile."""
    return (out / "smoke-results" if profile is Profile.SMOKE else root / "results").resolve()


def _base(root: Path) -> str:
    """Returns the digest of what every chapter depends on."""
    package = digest_tree(Path(__file__).resolve().parents[1])
    lock = digest_file(root / "requirements.lock") or ""
    return digest_bytes(package.encode(), lock.encode(), sys.version.encode())


def _orders(
    pages: list[Page],
    profile: Profile,
    results: Path,
    committed: Path,
    names: Sequence[str] | None,
) -> list[Order]:
    """Returns what to run for each chapter; refuses names that are no chapter of the book."""
    chapters = [page for page in pages if page.is_chapter]
    chosen = {page.name for page in chapters} if names is None else set(names)
    for name in sorted(chosen - {page.name for page in chapters}):
        known = ", ".join(page.name for page in chapters)
        raise BookRequestError(f"{name!r} is no chapter; choose from {known}.")
    return [
        Order(page, {"profile": str(profile)}, results, anew=names is not None)
        if page.name in chosen
        else Order(page, {"profile": str(Profile.PUBLISHED)}, committed)
        for page in chapters
    ]


def _run(workshop: Workshop, orders: list[Order], jobs: int, console: Console) -> None:
    """Runs the chapters, showing progress; raises one error for all that failed."""
    columns = (TextColumn("Chapters"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    errors: list[BookError] = []
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("chapters", total=len(orders))
        for outcome in run_orders(workshop, orders, jobs):
            progress.advance(task)
            if outcome.error is not None:
                errors.append(outcome.error)
                console.print(f"  {outcome.page.name}: failed", highlight=False)
            elif outcome.seconds:
                console.print(f"  {outcome.page.name}: {outcome.seconds:.1f} s", highlight=False)
    if errors:
        raise BookError("\n\n".join(str(error) for error in errors))


def _typeset_key(workshop: Workshop, orders: list[Order], source: Path, config: Path, *said: str) -> str:
    """Returns the digest of all that the typeset pages are made from."""
    files = [digest_file(workshop.notebook(order.page)) or "" for order in orders]
    parts = [workshop.base, digest_tree(source), digest_file(config) or "", *said, *files]
    return digest_bytes(*(part.encode() for part in parts))
