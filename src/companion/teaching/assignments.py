"""Writes the assignments of the book: for each chapter notebooks without and with solutions, and a grader."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from companion.book.pages import Page, read_pages, read_text
from companion.book.surroundings import surroundings
from companion.experiments import ARTEFACTS, trials_of
from companion.results.store import Store
from companion.teaching.exercises import Exercise, read_exercises
from companion.teaching.master import master
from companion.teaching.prompts import TeachingError

GRADER = "autograder.zip"
"""The archive that grades a submission."""
FENCES = re.compile(r"^(```+|~~~+|:::+).*?^\1$", re.DOTALL | re.MULTILINE)
"""Code cells and other blocks, in which ``#`` begins a comment."""


def assign(
    out: Path,
    *,
    source: Path = Path("book"),
    results: Path = Path("results"),
    chapters: Sequence[str] | None = None,
    wheel: Path | None = None,
) -> list[Path]:
    """Write the assignments of chapters and return the folder of each.

    In it ``student`` is what students get, ``autograder`` holds the notebook with solutions and the archive that
    ``otter run`` or Gradescope takes.

    Args:
        out: where they go; a folder of an assignment that is there already is replaced.
        source: the book's folder.
        results: the results store, of which each assignment gets what its exercises read.
        chapters: names of chapters; None means all with exercises that are graded.
        wheel: the package as a file, for machines that do not have it.

    Raises:
        TeachingError: a chapter does not exist or has nothing to grade, a result is missing, or Otter-Grader is not
            installed.
    """
    found = {page.name: page for page in read_pages(source.resolve()) if page.is_chapter}
    for name in chapters or []:
        if name not in found:
            raise TeachingError(f"{name!r} is no chapter of the book; choose from {', '.join(found)}.")
    graded = {
        name: [exercise for exercise in read_exercises(page.path) if exercise.points]
        for name, page in found.items()
        if chapters is None or name in chapters
    }
    if chapters is not None and (empty := [name for name, exercises in graded.items() if not exercises]):
        raise TeachingError(f"chapter {empty[0]!r} has no exercise that is graded.")
    return [
        _assign(found[name], exercises, out.resolve() / name, results, wheel)
        for name, exercises in graded.items()
        if exercises
    ]


def _assign(page: Page, exercises: list[Exercise], out: Path, results: Path, wheel: Path | None) -> Path:
    import nbformat

    try:
        from otter.assign import main as otter_assign
    except ModuleNotFoundError as error:
        raise TeachingError('assignments need Otter-Grader: pip install "resilinet[teaching]".') from error
    with tempfile.TemporaryDirectory(prefix="resilinet-assignment-") as temporary:
        work = Path(temporary)
        files = _copy_records(exercises, Store(results), work)
        if wheel is not None:
            shutil.copy(wheel, work / wheel.name)
            files.append(wheel.name)
        # Where Gradescope unpacks the files of a grader.
        requirements = [f"/autograder/source/files/{wheel.name}"] if wheel is not None else []
        path = work / f"{page.name}.ipynb"
        nbformat.write(master(title_of(page), exercises, files, requirements), path)
        shutil.rmtree(out, ignore_errors=True)
        otter_assign(str(path), str(out), no_run_tests=True)
    (archive,) = (out / "autograder").glob("*.zip")
    archive.rename(out / "autograder" / GRADER)  # Otter names it after the time of day
    return out


def artefacts_of(exercises: Sequence[Exercise]) -> list[str]:
    """The artefacts that exercises name which read results; a name alone may stand for a printed number."""
    named: set[object] = set()
    for exercise in exercises:
        code = "\n".join((exercise.given, exercise.answer, *exercise.checks))
        nodes = list(ast.walk(ast.parse(code)))
        if any(isinstance(node, ast.Name) and node.id == "results" for node in nodes):
            named |= {node.value for node in nodes if isinstance(node, ast.Constant)}
    return [key for key in ARTEFACTS if key in named]


def _copy_records(exercises: Sequence[Exercise], store: Store, work: Path) -> list[str]:
    """Copies the results that exercises read and returns their paths there."""
    copied = []
    for trial in trials_of("published", *artefacts_of(exercises)):
        if trial.id not in store:
            continue  # an exercise works with what is there, as its chapter does
        target = work / "results" / store.path(trial.id).name
        target.parent.mkdir(exist_ok=True)
        shutil.copy(store.path(trial.id), target)
        copied.append(target.relative_to(work).as_posix())
    return sorted(copied)


def title_of(page: Page) -> str:
    """The title of a chapter.

    Raises:
        TeachingError: it has none.
    """
    heading = re.search(r"^# +(.+)$", FENCES.sub("", read_text(page.path)), re.MULTILINE)
    if heading is None:
        raise TeachingError(f"{page.path} has no title.")
    return heading[1].strip()


def build_wheel(root: Path, out: Path) -> Path:
    """The package as a file in ``out``, which anything that installs Python packages takes.

    Raises:
        TeachingError: it could not be built.
    """
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("resilinet-*.whl"):
        old.unlink()
    command = [sys.executable, "-P", "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    ended = subprocess.run(
        [*command, "--wheel-dir", str(out), str(root)],
        env=surroundings(),
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise TeachingError(f"the package could not be built: {ended.stderr.strip()[-500:]}")
    return next(out.glob("resilinet-*.whl"))
