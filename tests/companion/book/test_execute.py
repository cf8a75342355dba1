"""How a chapter is run: in which surroundings, again when what it has read changes, and what is said when it fails."""

from __future__ import annotations

import json
import os
import py_compile
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from companion.book.errors import BookError
from companion.book.execute import Job, run_chapter, run_jobs
from tiny_book import HEADER

PARAMETERS = '# A chapter\n\n```{code-cell} python\n:tags: [parameters]\nprofile = "published"\n```\n'


@dataclass
class Chapter:
    """A chapter that is run without the rest of a book."""

    folder: Path

    @property
    def job(self) -> Job:
        path, target = self.folder / "book/one.md", self.folder / "build/one.ipynb"
        return Job("one", path, target, {"profile": "published"}, self.folder / "results", "of all else")

    def write(self, *cells: str) -> None:
        self.job.chapter.parent.mkdir(exist_ok=True)
        fenced = "".join(f"\n```{{code-cell}} python\n{cell}\n```\n" for cell in cells)
        self.job.chapter.write_text(HEADER + PARAMETERS + fenced, encoding="utf-8")

    def run(self, *cells: str) -> BookError | None:
        if cells:
            self.write(*cells)
        ((_, _, error),) = run_jobs([self.job], 1)
        return error

    def said(self) -> str:
        """What its cells have printed."""
        cells = json.loads(self.job.target.read_text(encoding="utf-8"))["cells"]
        found = [one for cell in cells for one in cell.get("outputs", [])]
        return "".join("".join(one.get("text", [])) for one in found)

    def line(self, text: str) -> int:
        """The line of the chapter that is this text."""
        return self.job.chapter.read_text(encoding="utf-8").splitlines().index(text) + 1


@pytest.fixture
def chapter(tmp_path: Path) -> Chapter:
    return Chapter(tmp_path)


PLAIN = """\
import os, random, sys
import matplotlib
import matplotlib.pyplot as plt
print("width", matplotlib.rcParams["lines.linewidth"], "inline", "inline" in matplotlib.get_backend())
print("threads", os.environ["OMP_NUM_THREADS"], "draw", random.Random(0).random() < 1)
print("user", [name for name in ("mine", "style") if name in globals()])
print("asserts", __debug__, "warnings", sys.warnoptions, "keep", os.environ["CUDA_VISIBLE_DEVICES"])"""
CORES = os.cpu_count() or 1


@pytest.mark.parametrize("threads", ["4,2", "", "none"])
def test_a_chapter_sees_paths_and_devices_of_a_user_but_no_settings(
    chapter: Chapter, monkeypatch: pytest.MonkeyPatch, threads: str
) -> None:
    home = chapter.folder / "home"
    startup = home / ".ipython/profile_default/startup/00-mine.py"
    startup.parent.mkdir(parents=True)
    startup.write_text("mine = 1", encoding="utf-8")
    (home / "python-startup.py").write_text("style = 1", encoding="utf-8")
    (home / "matplotlibrc").write_text("lines.linewidth: 9\nbackend: svg\n", encoding="utf-8")
    (home / "random.py").write_text("raise RuntimeError('a file of the user was run')", encoding="utf-8")
    monkeypatch.chdir(home)
    settings = {
        "MPLBACKEND": "Agg",
        "MATPLOTLIBRC": str(home / "matplotlibrc"),
        "IPYTHONDIR": str(home / ".ipython"),
        "PYTHONSTARTUP": str(home / "python-startup.py"),
        "PYTHONWARNINGS": "error",
        "PYTHONOPTIMIZE": "1",
        "PYTHONPATH": os.pathsep.join(["", *filter(None, [os.environ.get("PYTHONPATH")])]),
        "OMP_NUM_THREADS": threads,
        "CUDA_VISIBLE_DEVICES": "7",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert chapter.run(PLAIN) is None
    count = min(4, CORES) if threads == "4,2" else CORES
    assert chapter.said().splitlines() == [
        "width 1.5 inline True",
        f"threads {count} draw True",
        "user []",
        "asserts True warnings [] keep 7",
    ]


def test_what_libraries_note_of_the_machine_goes_to_the_log(chapter: Chapter) -> None:
    cell = """\
import logging, os, sys
os.write(2, b"libgomp: Invalid value for environment variable\\n")
logging.getLogger("somelib.fonts").warning("building the font cache")
os.write(1, b"C wrote this\\n")
print("Python wrote this")"""
    assert chapter.run(cell) is None
    assert "C wrote this" in chapter.said()
    assert "Python wrote this" in chapter.said()
    log = chapter.job.target.with_suffix(".log").read_text(encoding="utf-8")
    assert "libgomp: Invalid value" in log
    assert "building the font cache" in log


def test_what_a_chapter_writes_to_standard_error_is_refused(chapter: Chapter) -> None:
    error = chapter.run("import sys\nprint('rounded', file=sys.stderr)")
    assert f"one.md:{chapter.line('import sys')}: cell [3] wrote to standard error\n    rounded" in str(error)


READS = """\
import sys
from importlib.metadata import version
version("papermill")
from pathlib import Path
sys.path.insert(0, "../elsewhere")
from helper import VALUE
import beside, other
print(VALUE, Path("../notes.txt").read_text(), sorted(path.name for path in Path("../tables").glob("*.csv")))
print(Path("link.txt").read_text(), Path("page.md").read_text())"""


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Chapter:
    """A chapter that has been run and has read this and that; what it imports has bytecode of its own."""
    reader = Chapter(tmp_path_factory.mktemp("reader"))
    reader.write(READS)
    for name, text in {
        "elsewhere/helper.py": "VALUE = 'one'",
        "elsewhere/other.py": "",
        "book/beside.py": "",
        "book/random.py": "raise RuntimeError",
        "notes.txt": "a",
        "tables/one.csv": "1",
        "first.txt": "first",
        "second.txt": "later",
        "book/page.md": "# A page",
        "results/one.json": "1",
    }.items():
        (reader.folder / name).parent.mkdir(exist_ok=True)
        (reader.folder / name).write_text(text, encoding="utf-8")
    (reader.folder / "book/link.txt").symlink_to("../first.txt")
    compiled(reader.folder / "elsewhere/helper.py")
    assert reader.run() is None
    assert reader.job.is_current
    return reader


def compiled(path: Path) -> None:
    os.utime(path, (1e9, 1e9))
    py_compile.compile(str(path), doraise=True)


def relinked(path: Path) -> None:
    path.unlink()
    path.symlink_to("../second.txt")


def put(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("elsewhere/helper.py", put("VALUE = 'two'")),
        ("elsewhere/other.py", put("a = 1")),
        ("book/beside.py", put("a = 1")),
        ("notes.txt", put("b")),
        ("notes.txt", Path.unlink),
        ("tables/two.csv", put("2")),
        ("tables/one.csv", Path.unlink),
        ("first.txt", put("First")),
        ("book/link.txt", relinked),
        ("book/page.md", put("# The page")),
    ],
)
def test_what_a_chapter_has_read_imported_or_listed_runs_it_again(
    reader: Chapter, name: str, change: Callable[[Path], object]
) -> None:
    path = reader.folder / name
    before = path.read_text(encoding="utf-8") if path.exists() else None
    link = path.readlink() if path.is_symlink() else None
    change(path)
    assert not reader.job.is_current
    path.unlink(missing_ok=True)
    if link is not None:
        path.symlink_to(link)
    elif before is not None:
        path.write_text(before, encoding="utf-8")
    assert reader.job.is_current


@pytest.mark.parametrize(
    "name", ["elsewhere/third.py", "book/another.md", "tables/.one.csv.swp", "results/two.json"]
)
def test_what_it_has_not_read_does_not(reader: Chapter, name: str) -> None:
    path = reader.folder / name
    path.write_text("x", encoding="utf-8")
    assert reader.job.is_current
    path.unlink()


def test_cached_bytecode_of_an_earlier_text_is_not_run(reader: Chapter) -> None:
    # As long as the one before and of the same second, so that Python takes the bytecode for that of this text.
    helper = reader.folder / "elsewhere/helper.py"
    helper.write_text("VALUE = 'two'", encoding="utf-8")
    os.utime(helper, (1e9, 1e9))
    assert not reader.job.is_current
    assert reader.run() is None
    assert reader.said().startswith("two a ['one.csv']\nfirst # A page")


FAILS = """\
def share(part, whole):
    return part / whole


counts = {"a": [3], "b": [0]}
print("counts are", counts)
for name in counts:
    for other in counts:
        share(counts[name][0], counts[other][0])
print("never")"""


def test_a_failed_cell_shows_the_line_what_it_wrote_and_where_the_notebook_is(chapter: Chapter) -> None:
    # Twice the same text, of which the second fails.
    error = str(chapter.run("whole = 1", "print(1 / whole)", "whole = 0", "print(1 / whole)"))
    second = max(
        i for i, line in enumerate(chapter.job.chapter.read_text().splitlines(), 1) if "1 / whole" in line
    )
    assert error.startswith(
        f"{chapter.job.chapter}:{second}: cell [6] failed\n--> print(1 / whole)\nZeroDivision"
    )
    error = str(chapter.run(FAILS))
    failed = chapter.folder / "build/one.failed.ipynb"
    line = chapter.line("        share(counts[name][0], counts[other][0])")
    assert error.splitlines() == [
        f"{chapter.job.chapter}:{line}: cell [3] failed",
        '    counts = {"a": [3], "b": [0]}',
        '    print("counts are", counts)',
        "    for name in counts:",
        "        for other in counts:",
        "-->         share(counts[name][0], counts[other][0])",
        "    Cell In[3], line 2, in share(part, whole): return part / whole",
        "ZeroDivisionError: division by zero",
        "it had written:",
        "    counts are {'a': [3], 'b': [0]}",
        f"the notebook as far as it ran: {failed}",
    ]
    cells: list[dict[str, Any]] = json.loads(failed.read_text(encoding="utf-8"))["cells"]
    assert any(one["output_type"] == "error" for cell in cells for one in cell.get("outputs", []))
    assert not chapter.job.target.exists()
    assert chapter.run("print('mended')") is None
    assert not failed.exists()


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (
            "import sys\nsys.exit(0)",
            r"one\.md:\d+: cell \[3\] failed\n    import sys\n    sys\.exit\(0\)\nSystemExit: 0",
        ),
        (
            "import os\nos.kill(os.getpid(), 9)",
            r"one\.md:\d+: cell \[.\] failed\n    import os\n.*\nthe kernel ended",
        ),
        ("values = [1,\nprint(", r"one\.md:\d+: cell \[3\] failed\n(    .*\n)*--> .*\nSyntaxError: "),
    ],
)
def test_a_cell_that_leaves_kills_or_cannot_be_read_is_named(
    chapter: Chapter, cell: str, message: str
) -> None:
    error = str(chapter.run(cell, "print('later')"))
    assert re.search(message, error), error
    assert chapter.job.failed.is_file()
    assert not chapter.job.target.exists()


def test_a_full_disk_is_told_with_the_place(chapter: Chapter, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("companion.book.execute._execute", full)
    with pytest.raises(BookError) as caught:
        run_chapter(chapter.job)
    place = chapter.job.target.parent
    assert str(caught.value).startswith(f"{chapter.job.chapter}: No space left on device: {place} or ")
