"""Brings the executed chapters up to date, several at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resilinet.book.errors import BookError
from resilinet.book.execution import REFUSED, ChapterJob
from resilinet.book.pages import Page
from resilinet.book.stamps import Stamp, digest_bytes


@dataclass(frozen=True)
class Workshop:
    """Where chapters are run and what they share.

    Attributes:
        root: the project's folder; of the files below it, those that a chapter reads are noted.
        work: the build folder of this profile.
        base: digest of what every chapter depends on: package, lock, interpreter.
    """

    root: Path
    work: Path
    base: str

    def notebook(self, page: Page) -> Path:
        """Returns where the executed notebook of a chapter lies."""
        return self.work / "notebooks" / f"{page.name}.ipynb"

    def record(self, page: Page, suffix: str) -> Path:
        """Returns where a record about a chapter lies (its stamp, its job, its notes)."""
        return self.work / "stamps" / f"{page.name.replace('/', '--')}.{suffix}"


@dataclass(frozen=True)
class Order:
    """A chapter with the parameters it is to have.

    Attributes:
        page: the chapter.
        parameters: those that it must declare, ``profile`` among them.
        results: the results folder, given to a chapter that declares ``results``.
        anew: run it even where nothing has changed.
    """

    page: Page
    parameters: Mapping[str, Any]
    results: Path
    anew: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of a chapter: the seconds it took (0 where it was current), or why it failed."""

    page: Page
    seconds: float
    error: BookError | None = None


def run_orders(workshop: Workshop, orders: Iterable[Order], jobs: int) -> Iterator[Outcome]:
    """Yields the outcome of each chapter as it ends, running at most ``jobs`` at a time."""
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        futures: list[Future[Outcome]] = []
        try:
            futures.extend(pool.submit(_run, workshop, order, jobs) for order in orders)
            for future in as_completed(futures):
                yield future.result()
        finally:
            for future in futures:
                future.cancel()


def _run(workshop: Workshop, order: Order, jobs: int) -> Outcome:
    page = order.page
    key = _key(workshop, order)
    stamp_path = workshop.record(page, "stamp.json")
    target = workshop.notebook(page)
    stamp = Stamp.load(stamp_path)
    if not order.anew and target.is_file() and stamp and stamp.holds(key, order.results):
        return Outcome(page, 0.0)
    stamp_path.unlink(missing_ok=True)
    begin = time.monotonic()
    job = ChapterJob(
        chapter=str(page.path),
        target=str(target),
        notes=str(workshop.record(page, "reads.txt")),
        watched=[str(workshop.root), str(order.results)],
        required=order.parameters,
        # Relative, as a chapter may print it, and no reader has our folders.
        optional={"results": os.path.relpath(order.results, page.path.parent)},
    )
    try:
        _execute(workshop, page, job, threads=max(1, (os.cpu_count() or 1) // jobs))
    except BookError as error:
        return Outcome(page, time.monotonic() - begin, error)
    reads = _reads(workshop, Path(job.notes), order.results)
    looks = _declares_results(page) or any(_within(read, order.results) for read in reads)
    Stamp.of(key, reads, order.results if looks else None).save(stamp_path)
    return Outcome(page, time.monotonic() - begin)


def _key(workshop: Workshop, order: Order) -> str:
    parameters = json.dumps(dict(order.parameters), sort_keys=True).encode()
    text = order.page.path.read_bytes()
    return digest_bytes(workshop.base.encode(), text, parameters, str(order.results).encode())


def _execute(workshop: Workshop, page: Page, job: ChapterJob, threads: int) -> None:
    path = workshop.record(page, "job.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(job.dump(), encoding="utf-8")
    environment = {
        # Chapters that run beside each other share the cores instead of fighting for them.
        "OMP_NUM_THREADS": str(threads),
        # The debugger in ipykernel else complains about Python's own frozen modules.
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        **os.environ,
    }
    start = "import sys; from resilinet.book.execution import main; sys.exit(main())"
    command = [sys.executable, "-c", start, str(path)]
    ended = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode == REFUSED:
        # Warnings of the notebook libraries may stand before the message, which begins with the chapter.
        begin = max(ended.stderr.find(job.chapter), 0)
        raise BookError(ended.stderr[begin:].strip())
    if ended.returncode:
        raise BookError(f"{page.path}: could not be run\n{ended.stderr.strip()[-2000:]}")


def _reads(workshop: Workshop, notes: Path, results: Path) -> set[str]:
    """Returns the noted files, less those that the key covers or that no chapter depends on."""
    if not notes.is_file():
        return set()
    apart = [workshop.root / name for name in (".venv", ".git", "src")] + [Path(sys.prefix)]
    apart.append(workshop.work.parent)
    return {
        line
        for line in notes.read_text(encoding="utf-8").splitlines()
        if not line.endswith((".pyc", ".lock"))
        and not Path(line).is_dir()
        and (_within(line, results) or not any(_within(line, folder) for folder in apart))
    }


def _within(path: str, folder: Path) -> bool:
    return Path(path).is_relative_to(folder)


def _declares_results(page: Page) -> bool:
    """Tells whether a line of the chapter assigns the parameter ``results``."""
    lines = page.path.read_text(encoding="utf-8").splitlines()
    return any(line.replace(" ", "").startswith("results=") for line in lines)
