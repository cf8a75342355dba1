"""Trials that are run again: what may differ, by how much, and what the command says of it."""

from __future__ import annotations

import json
import statistics
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from companion.cli.commands import app
from companion.cli.reproduce import length
from companion.experiments import artefact_of
from companion.experiments.trial import Record, Trial
from companion.results import Rerun, accuracies, chosen, compare, conclusion, identical, seconds
from companion.results.store import Store
from companion.sweeps.local import sweep
from companion.sweeps.shared import Setup
from made_up import made_up

ROWS = artefact_of("table-1-health").rows("published")
TRIALS = ROWS["resilinet"]


def noisy(trial: Trial, rng: np.random.Generator, shift: float = 0.0) -> Record:
    """Accuracies around 90 %, one standard deviation of 1 point, independent in every scenario."""
    return made_up(trial, lambda trial, key: 90 + shift + rng.normal())


def stored(folder: Path, trials: list[Trial], rng: np.random.Generator) -> Store:
    store = Store(folder)
    for trial in trials:
        store.write(noisy(trial, rng))
    return store


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def store(tmp_path: Path, rng: np.random.Generator) -> Store:
    return stored(tmp_path / "results", TRIALS[:5], rng)


def run(store: Store, *words: str, code: int = 0) -> str:
    into = store.folder.parent / "again"
    command = ["reproduce", "table-1-health", "--results", str(store.folder), "--into", str(into), *words]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def put(store: Store, record: Record) -> None:
    """Let the command find the new result, so that nothing is left to train."""
    Store(store.folder.parent / "again" / "results").write(record)


def test_the_same_counts_are_bit_for_bit_the_same(store: Store) -> None:
    (rerun,) = chosen("table-1-health", store, seed=0)
    assert rerun.before is not None
    found = compare([rerun], {rerun.trial.id: rerun.before})
    assert all(one.inside and one.difference == 0 and one.same is not False for one in found)
    other = replace(rerun.before, counts={**rerun.before.counts, "n1": 0})
    assert identical(rerun.before, rerun.before)
    assert not identical(rerun.before, other)
    assert not identical(rerun.before, replace(rerun.before, survival={}))


def test_margins_are_those_of_the_formulas(store: Store, rng: np.random.Generator) -> None:
    (rerun,) = chosen("table-1-health", store, seed=3)
    new = noisy(rerun.trial, rng)
    values = [100 * record.counts["n1"] / record.total for record in rerun.stored]  # type: ignore[operator]
    conditions = accuracies(new)
    guesses = sum(count is None for count in new.counts.values())
    # From a table of Student's t with 4 degrees of freedom, two-sided at 5 % over the number of accuracies that vary.
    assert len(conditions) - guesses == 9
    t = 5.437
    (one,) = (one for one in compare([rerun], {new.id: new}) if one.condition == "n1")
    assert one.stored == pytest.approx(values[3])
    assert one.margin == pytest.approx(t * statistics.stdev(values) * 2**0.5, rel=1e-3)
    further = replace(rerun, trial=replace(rerun.trial, seed=77))
    new = replace(new, trial=further.trial)
    (one,) = (one for one in compare([further], {new.id: new}) if one.condition == "n1")
    assert (one.stored, one.same) == (None, None)
    assert one.expected == pytest.approx(statistics.fmean(values))
    assert one.margin == pytest.approx(t * statistics.stdev(values) * (1 + 1 / 5) ** 0.5, rel=1e-3)


@pytest.mark.parametrize("seed", [0, 77])
def test_what_is_right_falls_inside_and_what_is_wrong_outside(seed: int, rng: np.random.Generator) -> None:
    trial, inside, caught, tries = replace(TRIALS[0], seed=seed), 0, 0, 40
    for _ in range(tries):
        records = tuple(noisy(trial, rng) for trial in TRIALS[:5])
        rerun = Rerun("resilinet", artefact_of("table-1-health").experiment, trial, records)
        for shift in (0.0, 20.0):
            found = compare([rerun], {trial.id: noisy(trial, rng, -shift)})
            all_inside = all(one.inside for one in found)
            inside += all_inside and not shift
            caught += not all_inside and bool(shift)
    # 95 % of 40 are 38, with a standard deviation of 1.4.
    assert inside >= 34
    assert caught >= 38


def test_a_margin_that_no_accuracy_can_leave_judges_nothing() -> None:
    trial, records = (
        TRIALS[0],
        tuple(made_up(trial, lambda trial, key: 80 + 5 * trial.seed) for trial in TRIALS[:2]),
    )
    rerun = Rerun("resilinet", artefact_of("table-1-health").experiment, trial, records)
    new = made_up(trial, lambda trial, key: 20)
    found = {one.condition: one for one in compare([rerun], {trial.id: new})}
    # Student's t with one degree of freedom and nine comparisons is 115, times a deviation of 3.5 points and sqrt(2).
    assert found["none"].margin is None
    assert found["none"].inside is None
    as_stated, sentence = conclusion(list(found.values()), 0, 1)
    assert as_stated is None
    assert "the few stored seeds cannot say" in sentence


def test_new_results_do_not_go_among_the_stored_ones(store: Store) -> None:
    for into in (store.folder, store.folder / "again"):
        command = ["reproduce", "table-1-health", "--results", str(store.folder), "--into", str(into)]
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 2
        assert "would put new results among the stored ones" in " ".join(result.output.split())


def test_a_guess_leaves_no_room(store: Store) -> None:
    (rerun,) = chosen("table-1-health", store, seed=0)
    assert rerun.before is not None
    silent = next(key for key, count in rerun.before.counts.items() if count is None)
    new = replace(rerun.before, counts={**rerun.before.counts, silent: rerun.before.total // 2})
    found = {one.condition: one for one in compare([rerun], {new.id: new})}
    assert found[silent].same is False
    assert found[silent].inside is False


def test_what_is_run_again(store: Store) -> None:
    assert [r.trial for r in chosen("table-1-health", store)] == TRIALS[:5]
    assert [r.trial.seed for r in chosen("table-1-health", store, row="resilinet")] == [0, 1, 2, 3, 4]
    assert [r.trial.seed for r in chosen("table-1-health", store, scheme="resilinet", seed=77)] == [77]
    for wrong in ({"row": "dfg"}, {"seed": 9}, {"row": "dfg", "seed": 77}):
        with pytest.raises(ValueError, match="`resilinet sweep table-1-health"):
            chosen("table-1-health", store, **wrong)  # type: ignore[arg-type]


def test_time_is_that_of_the_trial_or_else_of_its_row() -> None:
    def timed(trial: Trial, wall: float, resumed: bool = False) -> Record:
        return replace(made_up(trial, lambda *_: 90.0), provenance={"wall_seconds": wall, "resumed": resumed})

    experiment = artefact_of("table-1-health").experiment
    records = (timed(TRIALS[0], 100.0), timed(TRIALS[1], 200.0), timed(TRIALS[2], 3.0, resumed=True))
    trials = (*TRIALS[:3], replace(TRIALS[0], seed=77))
    assert [seconds(Rerun("", experiment, trial, records)) for trial in trials] == [
        100.0,
        200.0,
        150.0,
        150.0,
    ]
    assert seconds(Rerun("", experiment, TRIALS[0], (made_up(TRIALS[0], lambda *_: 90.0),))) is None


def test_lengths_of_time_are_told_in_the_unit_that_fits() -> None:
    assert [length(s) for s in (0.2, 90, 200, 1200, 9000)] == [
        "1 seconds",
        "90 seconds",
        "3.3 minutes",
        "20 minutes",
        "2.5 hours",
    ]


def test_the_command_tells_what_came_out(store: Store, rng: np.random.Generator) -> None:
    before = store.read(TRIALS[0].id)
    put(store, before)
    assert "gave the stored counts bit for bit" in run(store, "--seed", "0")
    put(store, noisy(TRIALS[1], rng))
    assert "0 of 1 stored trials came out bit for bit the same; all 12" in run(store, "--seed", "1")
    put(store, noisy(TRIALS[2], rng, shift=-50))
    assert "Not reproduced" in run(store, "--seed", "2", code=1)
    put(store, noisy(replace(TRIALS[0], seed=77), rng))
    assert "These seeds are new; all 12 accuracies lie within" in run(store, "--seed", "77")


def test_one_stored_seed_states_nothing(tmp_path: Path, rng: np.random.Generator) -> None:
    store = stored(tmp_path / "results", TRIALS[:1], rng)
    put(store, noisy(TRIALS[0], rng))
    assert "the few stored seeds cannot say how far a run may differ" in run(store, code=3)
    put(store, store.read(TRIALS[0].id))
    assert "bit for bit" in run(store)


def test_many_trials_take_a_line_each_and_json_has_everything(store: Store, rng: np.random.Generator) -> None:
    for trial in TRIALS[:5]:
        put(store, noisy(trial, rng))
    told = json.loads(run(store, "--json").split("run. ", 1)[1])
    assert len(told["accuracies"]) == 5 * 12
    assert told["as stated"] is True
    assert "0 of 5 stored trials came out bit for bit the same" in run(store)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--row", "config 1"], "is no row of table-1-health"),
        (["--scheme", "plan"], "is no scheme of these rows"),
        (["--seed", "9"], "resilinet sweep table-1-health"),
        (["--into", "RESULTS"], "would put new results among the stored ones"),
    ],
)
def test_what_cannot_be_reproduced_is_refused(store: Store, words: list[str], message: str) -> None:
    there = [str(store.folder.parent / "x") if word == "RESULTS" else word for word in words]
    if "RESULTS" in words:
        (store.folder.parent / "x").mkdir()
        (store.folder.parent / "x" / "results").symlink_to(store.folder)
    assert message in run(store, *there, code=2)


def test_no_time_is_promised_where_the_data_are_missing(store: Store) -> None:
    for data in (store.folder.parent / "nowhere", store.path(TRIALS[0].id)):
        text = run(store, "--data", str(data), code=2)
        assert text.startswith(f"resilinet: {data}/health/released-code/manifest.json: ")
        assert "Running" not in text
    file = store.folder.parent / "file"
    file.touch()
    text = run(store, "--into", str(file), code=2)
    assert "new results cannot be written there" in text


def test_a_tiny_trial_is_reproduced_bit_for_bit(tmp_path: Path) -> None:
    trials = artefact_of("table-1-health").rows("smoke")["resilinet"]
    store = Store(tmp_path / "results")
    sweep(trials, Setup(store.folder, tmp_path / "runs", tmp_path / "data"))
    files = {path: path.read_bytes() for path in store.folder.iterdir()}
    text = run(store, "--profile", "smoke", "--row", "resilinet", "--seed", "1")
    assert "Running 1 trial again: about" in text
    assert "gave the stored counts bit for bit" in text
    assert "Nothing is left to run" in run(store, "--profile", "smoke", "--row", "resilinet", "--seed", "1")
    assert files == {path: path.read_bytes() for path in store.folder.iterdir()}


def test_a_conclusion_needs_every_accuracy_inside(store: Store, rng: np.random.Generator) -> None:
    (rerun,) = chosen("table-1-health", store, seed=0)
    found = compare([rerun], {rerun.trial.id: noisy(rerun.trial, rng)})
    assert conclusion(found, 0, 1)[0] is True
    assert conclusion([*found[:-1], replace(found[-1], new=0.0)], 0, 1)[0] is False
    assert conclusion([replace(found[0], margin=None)], 0, 1)[0] is None
