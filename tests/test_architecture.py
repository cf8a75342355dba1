"""The drawing of the package's parts says what the imports say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import networkx as nx
import pytest

from resilinet.architecture import PARTS, SOURCE, Part, describe, modules, part_of, rows, uses
from resilinet.architecture_drawing import lay_out, show

IMPORTS = modules()
GRAPH = uses(IMPORTS)


def test_every_module_has_a_part_and_every_part_a_module() -> None:
    lost = sorted(name for name in IMPORTS if part_of(name) is None)
    assert not lost, f"say in PARTS of resilinet/architecture.py which part {', '.join(lost)} belongs to"
    assert {part_of(name) for name in IMPORTS} == {part.name for part in PARTS}


@pytest.mark.parametrize(
    "part", [part for part in PARTS if "PyTorch" in part.purpose], ids=lambda part: part.name
)
def test_what_a_part_says_of_pytorch_is_true(part: Part) -> None:
    said = re.search(r"; (?:no|only (`.+`) loads?) PyTorch$", part.purpose)
    assert said, "say '; no PyTorch' or '; only `module` loads PyTorch', at the end"
    without = [name for name in IMPORTS if part_of(name) == part.name]
    for name in re.findall(r"`(\w+)`", said[1] or ""):
        without.remove(name)
        assert re.search(r"^import torch$", (SOURCE / f"{name}.py").read_text(encoding="utf-8"), re.MULTILINE)
    code = f"import sys, {', '.join(f'resilinet.{name}' for name in without)}; print('torch' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "False\n"


def test_nothing_is_held_twice_or_held_without_existing() -> None:
    held = [name for part in PARTS for name in part.holds]
    assert len(held) == len(set(held))
    assert set(held) <= set(IMPORTS)


def test_imports_are_read_wherever_they_stand_unless_only_a_type_checker_sees_them(tmp_path: Path) -> None:
    package = tmp_path / "pack"
    (package / "inner").mkdir(parents=True)
    for name in ("__init__", "one", "two", "three", "inner/__init__", "inner/deep"):
        (package / f"{name}.py").touch()
    (package / "one.py").write_text(
        "from typing import TYPE_CHECKING\nimport os\nfrom pack.inner import deep\nfrom pack.inner.deep import x\n"
        "def late():\n    from pack.two import thing\n"
        "if TYPE_CHECKING:\n    from pack import three\n",
        encoding="utf-8",
    )
    (package / "two.py").write_text("import pack.inner\nfrom pack import three, nothing\n", encoding="utf-8")
    found = modules(package)
    assert found["one"] == {"inner.deep", "two"}
    assert found["two"] == {"inner", "three"}
    assert found["inner.deep"] == set()


def test_a_circle_of_parts_is_refused_by_its_names() -> None:
    with pytest.raises(ValueError, match="but Paper uses Sweeps uses Paper"):
        uses({"paper": {"sweeps"}, "sweeps": {"paper.ledger"}, "paper.ledger": set()})


def test_the_longer_name_decides_between_two_parts() -> None:
    assert (part_of("paper.ledger"), part_of("paper.page")) == ("Paper", "Tables and figures")
    assert part_of("nowhere.at.all") is None


def test_every_part_stands_above_all_that_it_uses_and_every_use_can_be_followed() -> None:
    layout = lay_out(GRAPH)
    assert len(set(layout.boxes.values())) == len(layout.boxes) == len(GRAPH)
    drawn = nx.DiGraph()
    drawn.add_nodes_from(layout.boxes.values())
    for arrow in layout.arrows:
        drawn.add_edge(arrow[0], arrow[-1])
        assert [y for _, y in arrow] == sorted((y for _, y in arrow), reverse=True)
        assert not set(arrow[1:-1]) & set(layout.boxes.values())
    for above, below in GRAPH.edges:
        assert layout.boxes[above][1] > layout.boxes[below][1]
        assert nx.has_path(drawn, layout.boxes[above], layout.boxes[below])
    assert [len(row) for row in rows(GRAPH)] == [
        sum(y == height for _, y in layout.boxes.values())
        for height in sorted({y for _, y in layout.boxes.values()})
    ]


def test_the_description_names_the_arrows_that_are_drawn_from_the_top_down() -> None:
    two = nx.DiGraph([("Book", "Data"), ("Book", "Machine"), ("Data", "Machine"), ("Book", "Paper")])
    assert describe(two) == (
        "The parts of the package, each above those that it uses. Book uses Data and Paper. "
        "Data uses Machine. Machine uses no other. Paper uses no other."
    )


def test_the_drawing_takes_its_colours_from_the_page_and_is_told_in_words() -> None:
    text = str(show(GRAPH).data)
    assert 'role="img"' in text
    assert f'aria-label="{describe(GRAPH)}"' in text
    assert "currentColor" in text
    assert set(re.findall(r"(?:fill|stroke): (#\w+)", text)) <= {"#ffffff"}
