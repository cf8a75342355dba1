"""All runs in one table, held against the stored files as they lie."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from companion.experiments import ARTEFACTS
from companion.paper import Measured
from companion.results import frame
from companion.results.frame import COLUMN_TYPES, write_csv
from companion.results.store import Store

RESULTS = Path(__file__).parents[3] / "results"
STORE = Store(RESULTS)


@pytest.fixture(scope="module")
def runs() -> pd.DataFrame:
    return frame(STORE)


def cell(runs: pd.DataFrame, **where: Any) -> pd.Series[Any]:
    """The one row of which all of this is true."""
    found = runs
    for column, value in where.items():
        found = found[found[column] == value]
    assert len(found) == 1
    return found.iloc[0]


def read(run: pd.Series[Any]) -> dict[str, Any]:
    """The file that a row names, as it lies."""
    content: dict[str, Any] = json.loads((RESULTS / f"{run.trial}.json").read_text(encoding="utf-8"))
    return content


def test_there_is_a_row_for_every_accuracy_of_every_stored_run(runs: pd.DataFrame) -> None:
    assert list(runs) == list(COLUMN_TYPES)
    expected = 0
    for artefact in ARTEFACTS.values():
        for row, trial in ((row, one) for row, found in artefact.rows("published").items() for one in found):
            path = RESULTS / f"{trial.id[:16]}.json"
            if path.exists():
                content = json.loads(path.read_text(encoding="utf-8"))
                kinds = 2 if content.get("per_route") else 1
                # Table 2 has four failure settings, for the nodes of the paper's networks.
                expected += kinds * (len(content["counts"]) + 4 * (row not in ("stage-drop", "early-exit")))
    assert len(runs) == expected > 0
    key = ["artefact", "row", "seed", "statistics", "kind", "name"]
    assert not runs.duplicated(key).any()
    assert not runs.isna().any(axis=None)


@pytest.mark.parametrize(("statistics", "field"), [("running", "counts"), ("per-route", "per_route")])
def test_a_scenario_is_counted(runs: pd.DataFrame, statistics: str, field: str) -> None:
    run = cell(
        runs, artefact="figure-2c", row="resilinet", seed=0, statistics=statistics, kind="scenario", name="z1"
    )
    content = read(run)
    assert run.accuracy == pytest.approx(100 * content[field]["z1"] / content["total"], rel=1e-12)
    assert not run.guess
    assert (content["trial"]["scheme"], content["trial"]["seed"]) == (run.scheme, run.seed)
    assert content["trial"]["recipe"]["epochs"] == run.epochs
    size = ARTEFACTS["figure-2c"].size("published")
    assert (run["size"], run.label) == (size.name, size.label)
    assert content["trial"]["network"] == size.network


def test_a_guess_says_so_and_is_right_as_often_as_the_labels_agree(runs: pd.DataFrame) -> None:
    run = cell(runs, artefact="table-1-health", row="vanilla", seed=4, kind="scenario", name="n2")
    labels = read(run)["labels"]
    train, test = labels["train"], labels["test"]
    agree = sum(a * b for a, b in zip(train, test, strict=True)) / sum(train) / sum(test)
    assert run.guess
    assert run.accuracy == pytest.approx(100 * agree, rel=1e-12)
    told = cell(
        frame(STORE, artefacts=["table-1-health"], guess="released-code"),
        row="vanilla",
        seed=4,
        kind="scenario",
        name="n2",
    )
    assert told.accuracy != run.accuracy


def test_a_setting_is_the_expectation_over_every_scenario(runs: pd.DataFrame) -> None:
    run = cell(runs, artefact="figure-2a", row="dfg", seed=7, kind="setting", name="hazardous")
    content = read(run)
    guess = cell(runs, artefact="figure-2a", row="dfg", seed=7, kind="scenario", name="n1+n2+n3").accuracy
    probability = {"n1": 0.22, "n2": 0.20, "n3": 0.15}  # Table 2
    expected = 0.0
    for fails in product((False, True), repeat=3):
        failed = [node for node, one in zip(probability, fails, strict=True) if one]
        count = content["counts"]["+".join(failed) or "none"]
        likely = math.prod(p if node in failed else 1 - p for node, p in probability.items())
        expected += likely * (guess if count is None else 100 * count / content["total"])
    assert run.accuracy == pytest.approx(expected, rel=1e-12)
    assert not run.guess


def test_the_book_shows_the_same(runs: pd.DataFrame) -> None:
    for statistics in ("running", "per-route"):
        measured = Measured(STORE, statistics=statistics)
        ours = runs[
            (runs.artefact == "table-1-mobilenet") & (runs.row == "dfg") & (runs.statistics == statistics)
        ]
        for kind, measure in (("scenario", measured.scenario), ("setting", measured.average)):
            for name, rows in ours[ours.kind == kind].groupby("name"):
                sample = measure("table-1-mobilenet", "dfg", str(name))
                assert dict(zip(rows.seed, rows.accuracy, strict=True)) == sample.values


def test_what_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'draft' is no profile; choose one of published, smoke, full"):
        frame(Store(tmp_path), "draft")
    with pytest.raises(ValueError, match="'figure-9' is no artefact"):
        frame(Store(tmp_path), artefacts=["figure-9"])
    with pytest.raises(ValueError, match="'luck' is no guess policy"):
        frame(STORE, guess="luck")


def test_without_runs_the_table_has_its_columns_and_no_rows(tmp_path: Path) -> None:
    empty = frame(Store(tmp_path))
    assert (list(empty), len(empty)) == (list(COLUMN_TYPES), 0)
    assert empty.dtypes.to_dict() == frame(STORE, artefacts=["figure-4a"]).dtypes.to_dict()


def test_the_file_gives_the_table_back(runs: pd.DataFrame, tmp_path: Path) -> None:
    write_csv(RESULTS, tmp_path / "new" / "results.csv")
    back = pd.read_csv(
        tmp_path / "new" / "results.csv",
        dtype={"trial": str, "accuracy": str},  # whose digits Python itself reads exactly
        keep_default_na=False,
    )
    pd.testing.assert_frame_equal(back.astype(COLUMN_TYPES), runs, check_exact=True)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["results.csv"]


@pytest.mark.parametrize("first", ["import companion.results.frame", "import companion.results"])
def test_reading_results_loads_neither_pytorch_nor_pandas(first: str) -> None:
    """Whichever is imported first, the package offers the function and not the module of its name."""
    code = (
        f"{first}; import sys; assert callable(companion.results.frame); "
        "print([name for name in ('torch', 'pandas', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
