"""Builds the whole book under a profile."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from filelock import FileLock
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import companion
import resilinet
from companion.book.digests import contents, digest
from companion.book.edition import Edition
from companion.book.errors import BookError, BookRequestError
from companion.book.execute import Job, run_jobs
from companion.book.pages import Page, read_pages
from companion.book.reports import reason
from companion.book.typeset import settings, typeset


class Profile(StrEnum):
    """What the chapters are run for.

    ``PUBLISHED`` shows the committed results, ``SMOKE`` trains every trial tiny on synthetic data, and
    ``FULL`` trains what is missing at full size on the real data.
    """

    PUBLISHED = "published"
    SMOKE = "smoke"
    FULL = "full"


def build_book(
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
    try:
        profile = Profile(profile)
    except ValueError:
        known = ", ".join(Profile)
        raise BookRequestError(f"{profile!r} is no profile; choose one of {known}.") from None
    if jobs < 1:
        raise BookRequestError(f"jobs must be at least 1, not {jobs}")
    source, out = source.resolve(), out.resolve()
    pages = read_pages(source)
    config = _config(source)
    console = console or Console(stderr=True, markup=False, emoji=False)
    work = out / profile
    try:
        work.mkdir(parents=True, exist_ok=True)
        with FileLock(work / "build.lock"):  # a second build waits: no two write one file
            base = _base(source, config.parent)
            made = _jobs(pages, profile, config.parent, out, base, chapters)
            _run([job for job in made if job.name in (chapters or ()) or not job.is_current], jobs, console)
            return _pages(source, {job.name: job.target for job in made}, config, base, work, console)
    except OSError as error:
        raise BookError(reason(error, work)) from None


def _pages(
    source: Path, notebooks: dict[str, Path], config: Path, base: str, work: Path, console: Console
) -> Path:
    """Sets the pages, unless what they are made from is as it was."""
    told, results = settings(config, Edition.of(config.parent)), config.parent / "results"
    written = [*contents([source], source, "*.ipynb"), *contents([results], results)]
    key = digest(base, told, *written, *(path.read_bytes() for path in notebooks.values()))
    stamp, html = work / "html.digest", work / "html" / "index.html"
    if not (html.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == key):
        stamp.unlink(missing_ok=True)
        with console.status("Setting the pages"):
            html = typeset(source, notebooks, told, work, results)
        stamp.write_text(key, encoding="utf-8")
    return html


def _base(source: Path, root: Path) -> str:
    """Returns the digest of what every chapter and page depends on, save results and other pages.

    That is the code, wherever it lies, the lock, the project's own description, the data files beside the chapters,
    the interpreter, and the versions of what is installed.
    """
    installed = sorted(path.name for place in sys.path for path in Path(place).glob("*.dist-info"))
    packages = [Path(str(package.__file__)).resolve().parent for package in (resilinet, companion)]
    code = [root / "src", *packages, root / "requirements.lock", root / "pyproject.toml"]
    data = contents([source], source, "*.md", "*.ipynb", "*.bib", "_assets")
    return digest(sys.version, *installed, *contents(code, root), *data)


def _jobs(
    pages: list[Page], profile: Profile, root: Path, out: Path, base: str, names: Sequence[str] | None
) -> list[Job]:
    """Returns how each chapter is to be run; refuses names that are no chapter of the book.

    The results enter the digest as they are before chapters run. Under smoke and full these add to them, and then the
    next build runs once more what may show more of them.
    """
    chapters = [page for page in pages if page.is_chapter]
    known = [page.name for page in chapters]
    chosen = set(known if names is None else names)
    for name in sorted(chosen - set(known)):
        raise BookRequestError(f"{name!r} is no chapter; choose from {', '.join(known)}.")
    committed = root / "results"
    given = out / "smoke-results" if profile is Profile.SMOKE else committed
    state = {folder: digest(*contents([folder], folder)) for folder in {given, committed}}
    jobs = []
    for page in chapters:
        used, results = (profile, given) if page.name in chosen else (Profile.PUBLISHED, committed)
        key = digest(base, used, str(results), state[results], *contents([page.path], page.path.parent))
        target = out / profile / "notebooks" / f"{page.name}.ipynb"
        jobs.append(Job(page.name, page.path, target, {"profile": str(used)}, results, key))
    return jobs


def _config(source: Path) -> Path:
    for folder in (source, source.parent):
        if (folder / "_config.yml").is_file():
            return folder / "_config.yml"
    raise BookRequestError(f"there is no _config.yml in {source} nor in {source.parent}")


def _run(jobs: list[Job], at_once: int, console: Console) -> None:
    """Runs chapters, showing progress; raises one error for all that failed."""
    columns = (TextColumn("Chapters"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    errors: list[BookError] = []
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("chapters", total=len(jobs))
        for job, seconds, error in run_jobs(jobs, at_once):
            progress.advance(task)
            console.print(f"  {job.name}: {'failed' if error else f'{seconds:.1f} s'}", highlight=False)
            errors += [error] if error else []
    if errors:
        raise BookError("\n\n".join(str(error) for error in errors))
