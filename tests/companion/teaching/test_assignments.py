"""Facts about assignments: no answer reaches students; an answered notebook gets all points, an open one none."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from companion.book.pages import Page, read_pages
from companion.results.store import Store
from companion.teaching import Exercise, TeachingError, read_exercises
from companion.teaching.assignments import GRADER, artefacts_of, assign, title_of
from companion.teaching.master import master
from companion.teaching.prompts import prompt

ROOT = Path(__file__).parents[3]
CHAPTERS = {page.name: page for page in read_pages(ROOT / "book") if page.is_chapter}
GRADED = [name for name, page in CHAPTERS.items() if any(one.points for one in read_exercises(page.path))]
# Of what the grader is made of, not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore:Traits should be given as instances:DeprecationWarning")


def sources(path: Path) -> str:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return "\n".join("".join(cell["source"]) for cell in notebook["cells"])


def stripped(code: str) -> list[str]:
    return [line.strip() for line in code.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The assignments of all chapters."""
    folders = assign(tmp_path_factory.mktemp("assignments"), source=ROOT / "book", results=ROOT / "results")
    return {folder.name: folder for folder in folders}


def passed(folder: Path, exercise: Exercise, code: str) -> list[bool]:
    """Which checks of the grader some code passes, beside the results that students get, without a kernel."""
    from otter.test_files.ok_test import OKTestFile

    scope: dict[str, Any] = {"profile": "published", "results": str(folder / "student" / "results")}
    exec(f"{exercise.given}\n{code}", scope)
    with zipfile.ZipFile(folder / "autograder" / GRADER) as archive:
        path = Path(archive.extract(f"tests/{exercise.name}.py", folder))
    checks = OKTestFile.from_file(str(path))
    checks.run(scope)
    return [result.passed for result in checks.test_case_results]


@pytest.mark.parametrize("name", ["health-results", "settings"])
def test_students_get_what_is_asked_and_nothing_that_answers(written: dict[str, Path], name: str) -> None:
    text = sources(written[name] / "student" / f"{name}.ipynb")
    for exercise in read_exercises(CHAPTERS[name].path):
        assert exercise.statement in text
        assert exercise.given in text
        assert exercise.explanation == "" or exercise.explanation not in text
        asked = stripped(text)
        body = [line for line in stripped(exercise.answer) if re.match(r"return|\w+ \+?= |for ", line)]
        assert body
        assert not set(body) & set(asked), exercise.label
        for check in exercise.checks[1:]:
            assert check not in (written[name] / "student" / f"{name}.ipynb").read_text(encoding="utf-8")


def test_students_get_the_results_that_exercises_read_and_no_others(written: dict[str, Path]) -> None:
    lie = {path.name for path in (written["health-results"] / "student" / "results").iterdir()}
    exercises = read_exercises(CHAPTERS["health-results"].path)
    assert artefacts_of(exercises) == ["table-1-health"]
    records = list(Store(written["health-results"] / "student" / "results"))
    assert len(records) == len(lie) > 0
    assert {record.trial.scheme for record in records} == {"vanilla", "dfg", "resilinet", "resilinet-plus"}
    assert not (written["settings"] / "student" / "results").exists()


def test_the_title_of_a_chapter_is_its_heading_and_no_comment_before_it(tmp_path: Path) -> None:
    page = Page("one", tmp_path / "one.md", is_chapter=True)
    cell = "```{code-cell} python\n# a comment\n```\n"
    page.path.write_text(f"{cell}\n# A title \n", encoding="utf-8")
    assert title_of(page) == "A title"
    page.path.write_text(cell, encoding="utf-8")
    with pytest.raises(TeachingError, match=r"one\.md has no title"):
        title_of(page)


def test_every_chapter_with_graded_exercises_has_a_title_and_a_master() -> None:
    for page in CHAPTERS.values():
        exercises = [one for one in read_exercises(page.path) if one.points]
        if exercises:
            text = "\n".join(cell.source for cell in master(title_of(page), exercises).cells)
            assert text.count("# BEGIN QUESTION") == text.count("# END QUESTION") == len(exercises)
            assert text.count("# HIDDEN") == sum(one.points - 1 for one in exercises)
            assert f"{len(exercises)} exercises, {sum(one.points for one in exercises)} points" in text


@pytest.mark.parametrize("name", GRADED)
def test_each_check_passes_the_answer_and_not_what_is_left_open(written: dict[str, Path], name: str) -> None:
    for exercise in read_exercises(CHAPTERS[name].path):
        if exercise.points:
            assert passed(written[name], exercise, exercise.answer) == [True] * exercise.points, (
                exercise.label
            )
            left_open = passed(written[name], exercise, prompt(exercise.answer))
            assert left_open == [False] * exercise.points, exercise.label


@pytest.mark.slow
def test_the_solution_gets_all_points_and_what_is_left_open_none(
    written: dict[str, Path], tmp_path: Path
) -> None:
    folder = written["settings"]
    points = sum(exercise.points for exercise in read_exercises(CHAPTERS["settings"].path))
    for kind, expected in (("autograder", points), ("student", 0)):
        # As the page for instructors says it, in a process of its own: the grader leaves sockets open.
        command = ["-m", "otter", "run", "-a", str(folder / "autograder" / GRADER), "-o", str(tmp_path)]
        notebook = str(folder / kind / "settings.ipynb")
        ended = subprocess.run(
            [sys.executable, *command, notebook], capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
        tests = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["tests"]
        graded = [test for test in tests if test.get("max_score")]
        assert sum(test["max_score"] for test in graded) == points
        assert sum(test["score"] for test in graded) == expected, kind


def test_a_chapter_without_exercises_or_none_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TeachingError, match="'nowhere' is no chapter of the book; choose from intro, "):
        assign(tmp_path, source=ROOT / "book", chapters=["nowhere"])
    with pytest.raises(TeachingError, match="chapter 'environment' has no exercise that is graded"):
        assign(tmp_path, source=ROOT / "book", chapters=["environment"])
    assert list(tmp_path.iterdir()) == []
