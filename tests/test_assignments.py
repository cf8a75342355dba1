"""Facts about assignments: no answer reaches students; an answered notebook gets all points, an open one none."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from resilinet.book.pages import read_pages
from resilinet.store import Store
from resilinet.teaching import TeachingError, read_exercises
from resilinet.teaching.assignments import GRADER, artefacts_of, assign, title_of
from resilinet.teaching.master import master

ROOT = Path(__file__).parents[1]
CHAPTERS = {page.name: page for page in read_pages(ROOT / "book") if page.is_chapter}
# Of the grader and of what it is made of, not ours to mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Traits should be given as instances:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.drop"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:Exception ignored:pytest.PytestUnraisableExceptionWarning"),
]


def sources(path: Path) -> str:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return "\n".join("".join(cell["source"]) for cell in notebook["cells"])


def stripped(code: str) -> list[str]:
    return [line.strip() for line in code.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The assignments of one chapter that reads results and of one that reads none."""
    names = ["health-results", "settings"]
    out = tmp_path_factory.mktemp("assignments")
    folders = assign(out, source=ROOT / "book", results=ROOT / "results", chapters=names)
    return {folder.name: folder for folder in folders}


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


def test_every_chapter_with_graded_exercises_has_a_title_and_a_master() -> None:
    for page in CHAPTERS.values():
        exercises = [one for one in read_exercises(page.path) if one.points]
        if exercises:
            text = "\n".join(cell.source for cell in master(title_of(page), exercises).cells)
            assert text.count("# BEGIN QUESTION") == text.count("# END QUESTION") == len(exercises)
            assert text.count("# HIDDEN") == sum(one.points - 1 for one in exercises)
            assert f"{len(exercises)} exercises, {sum(one.points for one in exercises)} points" in text


@pytest.mark.slow
def test_the_solution_gets_all_points_and_what_is_left_open_none(
    written: dict[str, Path],
) -> None:
    from otter.api import grade_submission

    folder = written["settings"]
    points = sum(exercise.points for exercise in read_exercises(CHAPTERS["settings"].path))
    for kind, expected in (("autograder", points), ("student", 0)):
        graded = grade_submission(
            str(folder / kind / "settings.ipynb"), str(folder / "autograder" / GRADER), quiet=True
        )
        assert (graded.total, graded.possible) == (expected, points), graded.summary()


def test_a_chapter_without_exercises_or_none_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TeachingError, match="'nowhere' is no chapter of the book; choose from intro, "):
        assign(tmp_path, source=ROOT / "book", chapters=["nowhere"])
    with pytest.raises(TeachingError, match="chapter 'environment' has no exercise that is graded"):
        assign(tmp_path, source=ROOT / "book", chapters=["environment"])
    assert list(tmp_path.iterdir()) == []
