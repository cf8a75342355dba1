"""What CONTRIBUTING.md tells newcomers to write works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jupytext
import pytest
import yaml

from companion.book.pages import read_pages

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def blocks(language: str, text: str = TEXT) -> dict[str, str]:
    """The fenced blocks of a language by the section that they stand in; blocks of one section are joined."""
    found: dict[str, str] = {}
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        for fence, body in re.findall(rf"^(`{{3,}}){language}\n(.*?)^\1$", section, re.MULTILINE | re.DOTALL):
            assert fence
            title = section.partition("\n")[0]
            found[title] = found.get(title, "") + body
    return found


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """What all Python of the document, run from top to bottom, leaves behind."""
    found: dict[str, Any] = {}
    for title, program in blocks("python").items():
        exec(compile(program, title, "exec"), found)
    return found


def test_there_is_a_recipe_for_what_people_add() -> None:
    assert list(blocks("python")) == ["Add a topology", "Add a model", "Add a data set"]
    assert list(blocks("markdown")) == ["Add a chapter"]


def test_topology_model_and_data_set_go_together(
    names: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    network, data = names["network"], names["data"]
    assert network.topology.failable == ("edge", "fog")
    assert network.input_shape == tuple(data.train.x.shape[1:])
    assert set(data.train.y.tolist()) == set(range(data.classes))
    counts = names["correct_counts"](network, data.test.x, data.test.y)
    assert set(counts) == {"none", "edge", "fog", "edge+fog"}
    assert counts["edge+fog"] is None
    assert counts["edge"] is not None


def test_the_chapter_is_one_and_does_what_it_says(tmp_path: Path) -> None:
    (text,) = blocks("markdown").values()
    (tmp_path / "loneliness.md").write_text(text, encoding="utf-8")
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: loneliness\n", encoding="utf-8")
    (page,) = read_pages(tmp_path)
    assert page.is_chapter
    first, second = (cell for cell in jupytext.reads(text, fmt="md:myst").cells if cell.cell_type == "code")
    assert "parameters" in first.metadata["tags"]
    found: dict[str, Any] = {}
    exec(first.source, found)
    exec(second.source.replace("glue(", "(lambda *shown, **how: None)("), found)
    assert (found["profile"], found["found"]) == ("published", 2**3)


def test_every_file_and_command_that_is_named_exists() -> None:
    prose = re.sub(r"^(`{3,})\w+\n.*?^\1$", "", TEXT, flags=re.MULTILINE | re.DOTALL)
    for path in re.findall(r"`((?:src|book|tests|tools|data_prep|\.ci)/[^` ]*)`", prose):
        assert path == "book/loneliness.md" or (ROOT / path).exists(), path
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.findall(r"^make ([a-z-]+)", TEXT, re.MULTILINE)) <= set(targets)


def test_the_workflows_that_are_told_of_are_those_that_there_are() -> None:
    section = TEXT.partition("## What runs on its own")[2].partition("\n## ")[0]
    told = re.findall(r"^\| (\w+) \|", section, re.MULTILINE)[1:]
    files = (ROOT / ".github" / "workflows").glob("*.yml")
    assert sorted(told) == sorted(yaml.safe_load(path.read_text(encoding="utf-8"))["name"] for path in files)
