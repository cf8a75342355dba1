"""Plans in files are read whole, and refused where they say what no plan does."""

from __future__ import annotations

from pathlib import Path

import pytest

from companion.live.plan_file import read_plan
from resilinet.live import Plan, PlanError


def test_a_plan_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text('network = "a.pt"\nbatch = 8\n[nodes]\nn1 = "10.0.0.7:5001"\n', encoding="utf-8")
    assert read_plan(path) == (tmp_path / "a.pt", Plan({"n1": "10.0.0.7:5001"}, batch=8))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("network = ", "not a plan in TOML"),
        ('network = "a.pt"', "a plan has a network, the path of its file, and a table nodes"),
        ('network = 1\n[nodes]\nn1 = "a:1"', "a plan has a network"),
        (
            'network = "a.pt"\nrate = 3\n[nodes]\nn1 = "a:1"',
            "'rate' is no part of a plan; besides these there are batch",
        ),
        ('network = "a.pt"\n[nodes]\nn1 = "a:1"\nn2 = "a:1"', "have one address"),
    ],
)
def test_files_that_are_no_plans_are_refused(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match=problem):
        read_plan(path)
    with pytest.raises(PlanError, match=r"missing\.toml: there is no such file\."):
        read_plan(tmp_path / "missing.toml")
