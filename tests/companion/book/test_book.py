"""The book engine, on a tiny book of two chapters and one text page under the project's own settings."""

from __future__ import annotations

import codecs
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pandas as pd
import psutil
import pytest

from companion.book import BookError, BookRequestError, Profile
from companion.book import build as engine
from companion.book.checks import foreign_requests
from companion.book.digests import contents, digest
from companion.book.pages import read_pages
from companion.book.surroundings import kill
from companion.results import frame
from resilinet.atomic_files import PARTIAL
from tiny_book import FIRST, SECOND, TinyBook

ROOT = Path(__file__).parents[3]

BROKEN_CELL = dedent("""\

    ```{code-cell} python
    ratio = 1
    ratio / 0
    ```
    """)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> TinyBook:
    # Brackets and marks of byte order change nothing of what is shown.
    tiny = TinyBook(tmp_path_factory.mktemp("[red]tiny[node][0]"))
    intro = tiny.source / "intro.md"
    intro.write_bytes(codecs.BOM_UTF8 + intro.read_bytes().replace(b"\n", b"\r\n"))
    tiny.build()
    return tiny


@pytest.fixture
def restored(book: TinyBook) -> Iterator[TinyBook]:
    """The built book, for a test that changes its sources; they are put back afterwards."""
    yield book
    book.write("first.md", FIRST)
    book.write("part/second.md", SECOND)


def page(book: TinyBook, name: str, profile: str = "published") -> str:
    return (book.out / profile / "html" / f"{name}.html").read_text(encoding="utf-8")


def test_pages_show_what_the_chapters_computed(book: TinyBook) -> None:
    assert "profile published value 1" in page(book, "first")
    assert "answer 42" in page(book, "part/second")


def test_what_a_chapter_offers_to_download_is_what_papermill_wrote(book: TinyBook) -> None:
    assert 'href="../_sources/part/second.ipynb"' in page(book, "part/second")
    offered = book.out / "published" / "html" / "_sources" / "part" / "second.ipynb"
    assert offered.read_bytes() == (book.out / "published/notebooks/part/second.ipynb").read_bytes()
    outputs = [cell.get("outputs", []) for cell in json.loads(offered.read_text(encoding="utf-8"))["cells"]]
    assert any("answer 42" in output.get("text", [""])[0] for cell in outputs for output in cell)


def test_every_accuracy_of_every_published_run_comes_with_the_book_as_one_table(book: TinyBook) -> None:
    runs = pd.read_csv(book.out / "published" / "html" / "results.csv")
    expected = frame(book.root / "results")
    pd.testing.assert_frame_equal(runs, expected, check_dtype=False)
    assert set(runs["trial"]) == {path.stem for path in (book.root / "results").glob("*.json")} != set()


def test_a_notebook_opened_elsewhere_says_what_it_needs(book: TinyBook) -> None:
    needing, plain = (
        json.loads((book.out / "published/notebooks" / name).read_text(encoding="utf-8"))["cells"]
        for name in ("part/second.ipynb", "first.ipynb")
    )
    said = "".join(needing[1]["source"])
    assert "pip install" in said
    exec(said, {})  # here the packages are, and nothing happens
    with pytest.raises(SystemExit, match="pip install"):
        exec(said.replace("companion", "no_such_package"), {})
    assert not any("pip install" in "".join(cell["source"]) for cell in plain)
    assert "pip install" not in page(book, "part/second")


def test_the_foot_of_each_page_names_the_version(book: TinyBook) -> None:
    assert all("<p>Version " in page(book, name) for name in ("intro", "first", "part/second"))


def test_injected_parameters_and_machine_paths_are_not_published(book: TinyBook) -> None:
    assert "Parameters" not in re.sub(r"<script.*?</script>", "", page(book, "first"), flags=re.DOTALL)
    html = book.out / "published" / "html"
    for path in [*html.rglob("*.html"), *html.rglob("*.ipynb"), html / "searchindex.js"]:
        assert str(book.root) not in path.read_text(encoding="utf-8"), path


def test_no_page_asks_another_host(book: TinyBook) -> None:
    html = book.out / "published" / "html"
    assert list(foreign_requests(html)) == []
    sources = re.findall(r'<script[^>]*src="([^"?]+)', page(book, "first"))
    assert "_static/mathjax/tex-svg.js" in sources
    for source in sources:
        assert (html / source).is_file(), source


def test_foreign_hosts_are_found_where_a_browser_asks_them(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<a href="https://x.org">a link is not fetched</a><link rel="canonical" href="https://x.org">'
        '<script src="https://cdn.x.org/a.js"></script><link rel="stylesheet" href="//x.org/a.css">'
        '<img srcset="a.png 1x, http://x.org/b.png 2x"><style>@import "https://x.org/f.css";</style>',
        encoding="utf-8",
    )
    (tmp_path / "a.css").write_text("p { background: url(https://x.org/i.png) }", encoding="utf-8")
    assert [address.split()[0] for _, address in foreign_requests(tmp_path)] == [
        "https://cdn.x.org/a.js",
        "//x.org/a.css",
        "http://x.org/b.png",
        "https://x.org/f.css",
        "https://x.org/i.png",
    ]


def test_search_covers_text_pages_and_chapters(book: TinyBook) -> None:
    index = (book.out / "published" / "html" / "searchindex.js").read_text(encoding="utf-8")
    terms = json.loads(index.removeprefix("Search.setIndex(").removesuffix(")"))["terms"]
    assert {"resili", "mass", "answer"} <= set(terms)


def test_unchanged_book_is_left_alone(book: TinyBook) -> None:
    before = book.times()
    book.build()
    assert book.changed_since(before) == set()


def test_only_a_changed_chapter_runs_again(restored: TinyBook) -> None:
    before = restored.times()
    restored.write("part/second.md", SECOND.replace("6 * 7", "6 * 8"))
    restored.build()
    assert restored.changed_since(before) == {"second", "index"}
    assert "answer 48" in page(restored, "part/second")


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> TinyBook:
    """A book of one chapter that does nothing, in which the package and its results lie beside it."""
    bare = TinyBook(tmp_path_factory.mktemp("bare"))
    bare.write("_toc.yml", "format: jb-book\nroot: intro\nchapters:\n- file: first\n")
    bare.write("first.md", FIRST[: FIRST.index("The mass")])
    (bare.root / "src" / "__pycache__").mkdir(parents=True)
    for name in ("src/one.py", "requirements.lock", "book/data/one.csv"):
        (bare.root / name).parent.mkdir(exist_ok=True)
        (bare.root / name).write_text("1", encoding="utf-8")
    return bare


def digest_of_first(book: TinyBook, profile: Profile = Profile.PUBLISHED) -> str:
    base = engine._base(book.source, book.root)
    (job, *_) = engine._jobs(read_pages(book.source), profile, book.root, book.out, base, None)
    return job.digest


PLACES = ["src", "results", "book", "book/data"]


@pytest.mark.parametrize("place", PLACES)
def test_a_file_that_comes_changes_or_goes_runs_chapters_again(bare: TinyBook, place: str) -> None:
    first, path = digest_of_first(bare), bare.root / place / "new.dat"
    path.write_text("a", encoding="utf-8")
    came = digest_of_first(bare)
    path.write_text("b", encoding="utf-8")
    changed = digest_of_first(bare)
    path.rename(path.with_name("other.dat"))
    renamed = digest_of_first(bare)
    path.with_name("other.dat").unlink()
    assert len({first, came, changed, renamed}) == 4
    assert digest_of_first(bare) == first


@pytest.mark.parametrize("name", ["book/first.md", "requirements.lock", "src/one.py", "book/data/one.csv"])
def test_text_lock_package_and_data_run_a_chapter_again(bare: TinyBook, name: str) -> None:
    path = bare.root / name
    first, text = digest_of_first(bare), path.read_text(encoding="utf-8")
    path.write_text(f"{text}\n", encoding="utf-8")
    assert digest_of_first(bare) != first
    path.write_text(text, encoding="utf-8")
    assert digest_of_first(bare) == first


def test_parameters_are_part_of_what_a_chapter_is_made_from(bare: TinyBook) -> None:
    assert len({digest_of_first(bare, profile) for profile in Profile}) == 3


@pytest.mark.parametrize(
    "name",
    [
        "src/__pycache__/one.cpython-311.pyc",
        f"results/two.json.0123{PARTIAL}",
        "book/.second.md.swp",
        "book/second.md",
        "book/_assets/more.css",
        "book/first.ipynb",
    ],
)
def test_what_no_chapter_is_made_from_runs_none_again(bare: TinyBook, name: str) -> None:
    first, path = digest_of_first(bare), bare.root / name
    path.write_text("b", encoding="utf-8")
    assert digest_of_first(bare) == first
    path.unlink()


def test_folders_behind_links_count_once_and_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "near").mkdir()
    (tmp_path / "near/link").symlink_to("../far")
    (tmp_path / "far/circle").symlink_to("../near")
    first = digest(*contents([tmp_path / "near"], tmp_path))
    (tmp_path / "far/new.csv").write_text("1", encoding="utf-8")
    assert digest(*contents([tmp_path / "near"], tmp_path)) != first
    assert list(contents([tmp_path / "near"], tmp_path)) == ["near/link/new.csv", b"1"]


def test_digests_of_other_lists_differ() -> None:
    assert len({digest("a", "bc"), digest("ab", "c"), digest("abc"), digest("abc", "")}) == 4


def test_a_changed_result_is_shown(restored: TinyBook) -> None:
    restored.build()
    before = restored.times()
    (restored.root / "results" / "one.txt").write_text("2", encoding="utf-8")
    restored.build()
    assert "first" in restored.changed_since(before)
    assert "value 2" in page(restored, "first")
    (restored.root / "results" / "one.txt").write_text("1", encoding="utf-8")


def started(book: TinyBook) -> subprocess.Popen[bytes]:
    """A build in a process of its own, by the command line."""
    command = [sys.executable, "-c", "from companion.cli import main; main()", "book"]
    command += ["--source", str(book.source), "--out", str(book.out)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_until(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 200
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.1)


WAYS = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_build_that_is_ended_leaves_no_process_and_no_notebook(tmp_path: Path, way: signal.Signals) -> None:
    tiny, note = TinyBook(tmp_path), tmp_path / "pids"
    # A kernel that never lets go of the interpreter, and a process that it has started.
    cell = f"""\
import os, subprocess
child = subprocess.Popen(["sleep", "600"])
open({str(note)!r}, "w").write(f"{{os.getpid()}} {{os.getppid()}} {{child.pid}}")
sum(range(10**13))"""
    tiny.write("first.md", f"{FIRST}\n```{{code-cell}} python\n{cell}\n```\n")
    build = started(tiny)
    try:
        wait_until(lambda: note.is_file() and len(note.read_text().split()) == 3, "the chapter did not begin")
        pids = [int(pid) for pid in note.read_text().split()]
        assert all(is_running(pid) for pid in pids)
        build.send_signal(way)
        assert build.wait(60) in {signal.SIGKILL: [-9], signal.SIGINT: [1, 130]}.get(way, [128 + way])
        wait_until(lambda: not any(is_running(pid) for pid in pids), "a process went on")
    finally:
        kill(build.pid)
        build.wait()
    assert list(tiny.out.rglob("*.ipynb")) == []


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_two_builds_at_once_run_each_chapter_once(tmp_path: Path) -> None:
    tiny, note = TinyBook(tmp_path), tmp_path / "runs"
    cell = f"with open({str(note)!r}, 'a') as file:\n    file.write('run ')"
    tiny.write("first.md", f"{FIRST}\n```{{code-cell}} python\n{cell}\n```\n")
    builds = [started(tiny), started(tiny)]
    assert [build.wait(200) for build in builds] == [0, 0]
    assert note.read_text() == "run "
    assert "profile published value 1" in page(tiny, "first")


def test_a_failing_cell_is_named_and_nothing_partial_is_published(restored: TinyBook) -> None:
    restored.build()
    before = restored.times()
    restored.write("part/second.md", SECOND + BROKEN_CELL)
    with pytest.raises(BookError) as caught:
        restored.build()
    message = str(caught.value)
    line = SECOND.count("\n") + 3
    assert f"second.md:{line + 1}: cell [" in message
    assert "    ratio = 1\n--> ratio / 0\nZeroDivisionError: division by zero" in message
    assert restored.changed_since(before) == set()


def test_a_warning_in_a_cell_is_refused_in_the_published_book(restored: TinyBook) -> None:
    cell = '\n```{code-cell} python\nimport warnings\nwarnings.warn("rounded")\n```\n'
    restored.write("part/second.md", SECOND + cell)
    with pytest.raises(BookError, match=r"second\.md:\d+: cell \[\d\] wrote to standard error\n.*rounded"):
        restored.build()


def test_chapters_run_in_this_interpreter_whatever_kernels_a_user_has(
    book: TinyBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = tmp_path / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps({"argv": ["false"], "display_name": "x", "language": "python"}))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    book.build(chapters=["part/second"])


def test_a_chapter_that_declares_no_profile_is_refused(restored: TinyBook) -> None:
    restored.write("part/second.md", SECOND.replace("profile =", "seeds ="))
    with pytest.raises(BookError, match=r"second\.md has no parameter profile \(it declares seeds\)"):
        restored.build(chapters=["part/second"])


def test_smoke_gets_results_of_its_own(book: TinyBook) -> None:
    smoke = book.out / "smoke-results"
    smoke.mkdir(parents=True, exist_ok=True)
    (smoke / "one.txt").write_text("tiny", encoding="utf-8")
    book.build(profile="smoke")
    assert "profile smoke value tiny" in page(book, "first", "smoke")
    assert "profile published value 1" in page(book, "first")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"profile": "quick"}, "'quick' is no profile; choose one of published, smoke, full"),
        ({"chapters": ["third"]}, "'third' is no chapter; choose from first, part/second"),
    ],
)
def test_unknown_names_are_refused(book: TinyBook, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(BookRequestError, match=message):
        book.build(**arguments)


def test_a_warning_fails_the_build_each_time(restored: TinyBook) -> None:
    restored.write("intro.md", "# A tiny book\n\n[nowhere](missing.md)\n\n```{bibliography}\n```\n")
    for _ in range(2):
        with pytest.raises(BookError, match=r"intro\.md:3: WARNING"):
            restored.build()
    restored.write("intro.md", "# A tiny book\n\nWords: resilience.\n\n```{bibliography}\n```\n")


def test_a_listed_page_must_exist(tmp_path: Path) -> None:
    (tmp_path / "_toc.yml").write_text("root: intro\nchapters: [{file: lost}]", encoding="utf-8")
    (tmp_path / "intro.md").write_text("# Hello\n", encoding="utf-8")
    with pytest.raises(BookError, match=r"lists lost, but there is no file .*lost\.md"):
        read_pages(tmp_path)


def test_every_page_of_the_book_is_in_its_contents() -> None:
    source = ROOT / "book"
    listed = {page.path for page in read_pages(source)}
    assert listed == {path for path in source.rglob("*.md") if "_build" not in path.parts}
