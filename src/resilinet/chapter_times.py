"""Measures how long the chapters take, and how much memory; :mod:`resilinet.book.times` keeps what was measured."""

from __future__ import annotations

import multiprocessing
import os
import platform
import resource
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from resilinet.book.chapters import Order, Workshop, run_orders
from resilinet.book.engine import Profile
from resilinet.book.pages import Page, read_pages
from resilinet.book.times import ChapterTime


def measured(source: Path, profile: str, chapters: Sequence[str] = ()) -> Iterator[ChapterTime]:
    """Run chapters one after the other, as a first build does, and yield what each took.

    Under ``smoke`` they begin with an empty store and share it, so that a chapter trains what those before it in
    the book did not. Nothing that was built is used or touched.

    Args:
        source: the folder of chapters; the results lie beside it.
        profile: ``published`` or ``smoke``; ``full`` would train for days.
        chapters: only these.

    Raises:
        ValueError: a chapter does not exist, or the profile is another one.
        BookError: a chapter failed.
    """
    if profile not in (Profile.PUBLISHED, Profile.SMOKE):
        raise ValueError(f"{profile!r} cannot be timed; choose published or smoke.")
    pages = [page for page in read_pages(source.resolve()) if page.is_chapter]
    for name in chapters:
        if name not in {page.name for page in pages}:
            raise ValueError(f"{name!r} is no chapter; choose from {', '.join(page.name for page in pages)}.")
    with tempfile.TemporaryDirectory(prefix="resilinet-times-") as folder:
        smoke = Path(folder) / "smoke-results"
        results = smoke if profile == Profile.SMOKE else source.resolve().parent / "results"
        for page in pages:
            if not chapters or page.name in chapters:
                yield _apart(page, profile, results, Path(folder) / "work")


def _apart(page: Page, profile: str, results: Path, work: Path) -> ChapterTime:
    """Run a chapter in a process of its own, whose children are the chapter's and nobody else's."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_timed, page, profile, results, work).result()


def _timed(page: Page, profile: str, results: Path, work: Path) -> ChapterTime:
    load = os.getloadavg()[0]
    workshop = Workshop(page.path.parent.parent, work, "")
    (outcome,) = run_orders(workshop, [Order(page, {"profile": profile}, results, anew=True)], 1)
    if outcome.error is not None:
        raise outcome.error
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    unit = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes, Linux KiB
    return ChapterTime(
        chapter=page.name,
        profile=profile,
        wall=round(outcome.seconds, 1),
        cpu=round(used.ru_utime + used.ru_stime, 1),
        memory=round(used.ru_maxrss / unit),
        cores=os.cpu_count() or 1,
        load=round(load, 1),
        machine=f"{platform.machine()}, {platform.system()}",
        date=datetime.now(UTC).date().isoformat(),
    )
