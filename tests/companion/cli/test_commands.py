"""The command line: what it prints, what it refuses, and that it teaches."""

import errno
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import typer
from rich.table import Table
from typer.testing import CliRunner

from companion.cli import common
from companion.cli.commands import app
from companion.cli.common import plain_errors
from companion.cli.sweep import as_seconds, that_can_be_run, train
from companion.cli.verify import ledger_table
from companion.experiments import ARTEFACTS, all_trials
from companion.paper import verify
from companion.results.store import Store
from companion.sweeps.shared import Setup
from made_up import made_up
from resilinet.schemes import SCHEMES

BOOK = str(Path(__file__).parents[3] / "book")
COMMANDS = (
    "data",
    "sweep",
    "status",
    "reproduce",
    "networks",
    "evaluate",
    "live",
    "bandwidth",
    "verify",
    "book",
)


def run(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("swept")
    run("sweep", "table-1-health", "--profile", "smoke", "--time-budget", "10m", *places(folder))
    return folder


def places(folder: Path) -> list[str]:
    return ["--results", str(folder / "results"), "--runs", str(folder / "runs")]


def test_help_names_every_command() -> None:
    text = run("--help")
    assert all(command in text for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    assert len(run(command, "--help")) > 300


def test_status_counts_what_the_sweep_did(swept: Path) -> None:
    rows = json.loads(run("status", "--profile", "smoke", "--json", "--results", str(swept / "results")))
    by_row = {(row["artefact"], row["row"]): row for row in rows}
    assert by_row["table-1-health", "dfg"]["done"] == [0, 1]
    assert by_row["figure-6-health", "dfg"]["missing"] == [0, 1]
    assert {row["artefact"] for row in rows} == set(ARTEFACTS)


def test_a_second_sweep_has_nothing_to_do(swept: Path) -> None:
    files = {path: path.stat().st_mtime_ns for path in (swept / "results").iterdir()}
    text = run("sweep", "table-1-health", "--profile", "smoke", *places(swept))
    assert "8 of 8 trials" in text
    assert files == {path: path.stat().st_mtime_ns for path in (swept / "results").iterdir()}


def test_smoke_results_are_no_results_of_the_paper(swept: Path) -> None:
    rows = json.loads(run("status", "--json", "--results", str(swept / "results")))
    assert not any(row["done"] for row in rows)


@pytest.fixture(scope="module")
def network(swept: Path) -> Path:
    run("networks", "--profile", "smoke", "--runs", str(swept / "runs"), "--out", str(swept / "networks"))
    assert {path.stem for path in (swept / "networks").iterdir()} == set(SCHEMES)
    return swept / "networks" / "resilinet.pt"


def test_evaluate_agrees_with_the_stored_counts(swept: Path, network: Path) -> None:
    answer = json.loads(run("evaluate", str(network), "--json"))
    record = Store(swept / "results").read(answer["trial"])
    for key, count in record.counts.items():
        if count is not None:  # weights rounded to float16 may turn a few examples
            assert answer["accuracy"][key] == pytest.approx(count / record.total, abs=0.02)
    assert answer["no information flow"] == [key for key, count in record.counts.items() if count is None]


def test_evaluate_under_an_own_setting(network: Path) -> None:
    answer = json.loads(run("evaluate", str(network), "--json", "--probability", "n1=1"))
    assert answer["expected accuracy"]["your own"] == pytest.approx(answer["accuracy"]["n1"])


def test_evaluate_one_scenario(network: Path) -> None:
    answer = json.loads(run("evaluate", str(network), "--json", "--failed", "n1", "--failed", "n3"))
    assert list(answer["accuracy"]) == ["n1+n3"]


def test_bandwidth_prints_every_row_of_table_4() -> None:
    rows = {(row["experiment"], row["geometry"]): row for row in json.loads(run("bandwidth", "--json"))}
    assert len({experiment for experiment, _ in rows}) == 4
    assert rows["Health, MLP", "ten layers of 250"]["saving"] == pytest.approx(100 * 523 / 1296)
    residual = {name: row for (experiment, name), row in rows.items() if experiment == "CIFAR-10, ResNet-18"}
    assert [round(row["saving"], 2) for row in residual.values()] == [49.28, 44.44, 40.36, 47.62]
    assert {row["note"] for row in residual.values()} == {
        "the printed number belongs to no geometry of this network"
    }
    assert "Health" in run("bandwidth")


def test_verify_keeps_apart_what_is_printed_what_is_ours_and_the_released_codes(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for name in ("table-1-health", "figure-2c"):
        for trial in ARTEFACTS[name].trials("published"):
            store.write(made_up(trial, lambda trial, _: 90.0 + trial.seed % 2))
    ledger = json.loads(run("verify", "--json", "--no-check", "--results", str(tmp_path)))
    found = {entry["address"]: entry for entry in ledger["entries"]}
    assert len(found) == len(ledger["entries"])
    health, resnet = found["table-1-health-n1-dfg"], found["figure-2c-poor-dfg"]
    assert health["printed"] == {"value": 64.42, "text": "64.42"}
    assert health["ours_at_paper_size"]["running"]["mean"] == pytest.approx(90.5)
    assert (health["ours_at_paper_size"]["per_route"], health["ours_at_laptop_size"]) == (None, None)
    assert resnet["ours_at_paper_size"] is None
    assert {"running", "per_route"} == {kind for kind, one in resnet["ours_at_laptop_size"].items() if one}
    assert found["table-1-health-n1-vanilla"]["released_code"] == pytest.approx(100 / 12 * 11 / 12, abs=0.01)
    assert "ILSVRC" in found["figure-2b-normal-dfg"]["why_not_attempted"]
    assert found["table-1-health-n1-probability"]["computed"] == pytest.approx(7.6032)
    for kind in ("running", "per_route"):
        numbers = ledger["totals"][kind]["numbers"]
        assert sum(sum(of.values()) for of in numbers.values()) == sum(
            entry["statement"] is None for entry in ledger["entries"]
        )


def test_verify_fails_when_a_result_no_longer_supports_its_verdict(tmp_path: Path) -> None:
    store = Store(tmp_path)
    trials = ARTEFACTS["figure-6-health"].trials("published")
    for trial in trials:
        store.write(made_up(trial, lambda trial, _: 90.0 + trial.seed % 2))
    words = ("verify", "figure-6-health", "--results", str(tmp_path))
    assert "--accept" in run(*words, code=2)
    assert "verdicts accepted in" in run("verify", "--accept", "--results", str(tmp_path))
    run("verify", "--accept", *words[1:], code=2)
    assert "accepted verdicts are supported" in run(*words)
    other = tmp_path / "other"
    for trial in trials:
        Store(other).write(made_up(trial, lambda trial, _: 90.0 + trial.seed % 2))
    for against in (tmp_path, tmp_path / "verdicts" / "published-train-frequency.json"):
        assert "are supported" in run(*words[:2], "--results", str(other), "--against", str(against))
    store.write(made_up(trials[0], lambda *_: 40.0))
    assert "no longer supported" in run(*words, code=1)
    own = tmp_path / "verdicts" / "published-train-frequency.json"
    own.write_text("{")
    assert "not a whole file" in " ".join(run(*words, code=2).split())
    store.path(trials[0].id).write_text("{")
    assert trials[0].id[:16] in run(*words, "--no-check", code=2)


def test_verify_needs_accepted_verdicts_but_not_of_every_artefact(tmp_path: Path) -> None:
    run("verify", "--accept", "--results", str(tmp_path))
    own = tmp_path / "verdicts" / "published-train-frequency.json"
    assert "All 4 accepted verdicts are supported." in run("verify", "table-4", "--results", str(tmp_path))
    # Nothing is trained here, so that no verdict of it can have been accepted.
    assert "No verdict of what was named" in run("verify", "figure-2a", "--results", str(tmp_path))
    for none in ([], {}):
        own.write_text(json.dumps({"schema": 1, "verdicts": none}))
        for artefact in ([], ["table-4"], ["figure-2a"]):
            text = run("verify", *artefact, "--results", str(tmp_path), code=2)
            assert own.name in text.replace("\n", "")


def test_verify_counts_verdicts_in_words(tmp_path: Path) -> None:
    run("verify", "--accept", "--results", str(tmp_path))
    own = tmp_path / "verdicts" / "published-train-frequency.json"
    content = json.loads(own.read_text())
    first, *others = [line for line in content["verdicts"] if line["artefact"] == "table-4"]
    words = ("verify", "table-4", "--results", str(tmp_path))
    own.write_text(json.dumps({"schema": 1, "verdicts": others}))
    text = run(*words)
    assert "1 verdict is new; `resilinet verify --accept` writes it down." in text
    assert "All 3 accepted verdicts are supported." in text
    own.write_text(json.dumps({"schema": 1, "verdicts": [first]}))
    text = run(*words)
    assert "3 verdicts are new" in text
    assert "The 1 accepted verdict is supported." in text
    own.write_text(json.dumps({"schema": 1, "verdicts": [first | {"ours": 1.0}, *others]}))
    assert "1 of 4 accepted verdicts is no longer supported." in run(*words, code=1)
    own.write_text(json.dumps({"schema": 1, "verdicts": [first | {"ours": "x"}, *others]}))
    assert "not a whole file of accepted verdicts" in run(*words, code=2)


def test_verify_says_why_a_verdict_is_lost_that_has_all_its_seeds(tmp_path: Path) -> None:
    store, rows = Store(tmp_path), ARTEFACTS["table-1-health"].rows("published")
    for trials in rows.values():
        for trial in trials:
            # Far from what is printed, in the printed order: trend only.
            rank = list(rows)[::-1].index(trial.scheme)
            store.write(made_up(trial, lambda trial, _, rank=rank: 20.0 + 5 * rank + 0.1 * trial.seed))
    words = ("verify", "table-1-health", "--results", str(tmp_path))
    run("verify", "--accept", "--results", str(tmp_path))
    run(*words)
    store.path(rows["resilinet"][0].id).unlink()
    text = run(*words, code=1)
    assert "incomplete now. What it is compared with has not been trained for all seeds." in text
    assert "incomplete now. 9 of 10 seeds." in text
    assert "(10 of 10 seeds)" not in text


def test_the_ledger_shows_ours_with_the_decimals_of_the_paper(tmp_path: Path) -> None:
    (entry,) = (e for e in verify(Store(tmp_path)) if e.key == "probability/n1+n2+n3")
    _, _, paper, ours, *_ = (next(column.cells) for column in ledger_table([entry]).columns)
    assert (paper, ours) == ("0.003", "0.003")


def test_a_missing_folder_of_results_is_told_and_counts_as_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in (["status"], ["verify", "table-4", "--no-check"]):
        for how in ([], ["--json"]):
            done = CliRunner().invoke(app, [*words, *how, "--results", "typo"])
            assert done.exit_code == 0
            assert done.stderr.startswith("resilinet: typo: there is no such folder of results (the current")
            assert str(tmp_path) in done.stderr
            assert done.stderr.count("\n") == 1
            assert done.stdout
    (tmp_path / "typo").mkdir()
    assert "no such folder" not in run("status", "--results", "typo")


# --- what is printed ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "surroundings",
    [{}, {"COLUMNS": "30"}, {"FORCE_COLOR": "1"}, {"NO_COLOR": "1"}, {"PYTHONIOENCODING": "ascii"}],
    ids=str,
)
def test_nothing_is_cut_in_a_file(tmp_path: Path, surroundings: dict[str, str]) -> None:
    folder = tmp_path / ("[long] names/" + 40 * "ab ")
    folder.mkdir(parents=True)
    words = [sys.executable, "-c", "from companion.cli import main; main()", "status", "--results", folder]
    text = subprocess.run(words, env=os.environ | surroundings, capture_output=True, check=True).stdout
    assert "…" not in text.decode("utf-8")
    lines = re.sub("\x1b\\[[0-9;]*m", "", text.decode("utf-8")).splitlines()
    assert lines[0] == f"Trials with results in {folder} (profile published)"
    for artefact in ARTEFACTS.values():
        for row, trials in artefact.rows("published").items():
            seeds = ", ".join(str(trial.seed) for trial in trials)
            assert any(artefact.key in line and row in line and seeds in line for line in lines), artefact.key


def test_in_a_narrow_terminal_long_words_go_on_in_the_next_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    table = Table("artefact", title="A title that is wider than such a terminal")
    table.add_row("a-name-that-is-wider-than-such-a-terminal")
    screen = Terminal()
    for name, value in (("COLUMNS", "20"), ("TERM", "xterm")):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", screen)
    # The command line's own may have met another width when it was made.
    monkeypatch.setattr(common, "out", common.WholeConsole())
    common.show(table)
    title, *rest = re.sub("\x1b\\[[0-9;]*m", "", screen.getvalue()).splitlines()
    assert title == "A title that is wider than such a terminal"
    assert max(map(len, rest)) <= 20
    assert "a-name-that-is-wider-than-such-a-terminal" in re.sub(
        r"\W", "", "".join(rest).replace("-", "_")
    ).replace("_", "-")


def test_who_has_read_enough_ends_the_command_quietly() -> None:
    words = [sys.executable, "-c", "from companion.cli import main; main()", "status", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


def test_brackets_in_a_path_are_shown_as_they_are(tmp_path: Path) -> None:
    for name in ("data [1]", "data [/red]", "data :smile:"):
        text = run("data", "camera", str(tmp_path / name), "--data", str(tmp_path / "data"), code=2)
        assert f"{tmp_path / name}: there is no such file or folder" in text.replace("\n", "")


@pytest.mark.parametrize("name", ["health", "cifar10", "imagenet", "imagenette160", "camera"])
def test_a_place_for_data_that_is_none_is_told_before_anything_is_read(tmp_path: Path, name: str) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.touch()
    link.symlink_to(tmp_path / "nowhere")
    for place, reason in (
        (file, "it is a file"),
        (file / "data", f"{file} is a file"),
        (link, "No such file"),
    ):
        text = run("data", name, str(tmp_path / "absent"), "--data", str(place), code=2)
        assert f"{place}: prepared data cannot be written there ({reason}" in text.replace("\n", "")


def test_what_the_system_refuses_is_told_with_the_path_first(capsys: pytest.CaptureFixture[str]) -> None:
    @plain_errors
    def refused(*error: object) -> None:
        raise OSError(*error)

    for error, said in (
        ((errno.EACCES, "Permission denied", "/some/file"), "/some/file: Permission denied."),
        ((errno.ENOSPC, "No space left on device"), "the output: No space left on device."),
        (("a sentence",), "a sentence"),
    ):
        with pytest.raises(typer.Exit):
            refused(*error)
        assert capsys.readouterr().err == f"resilinet: {said}\n"


def test_nothing_is_accepted_where_there_are_no_results(tmp_path: Path) -> None:
    folder = tmp_path / "typo"
    assert "typo: there is no such folder of results." in run(
        "verify", "--accept", "--results", str(folder), code=2
    ).replace("\n", " ")
    assert not folder.exists()


def test_a_result_that_lacks_a_scenario_is_refused_by_name(tmp_path: Path) -> None:
    store, trial = Store(tmp_path), ARTEFACTS["figure-6-health"].trials("published")[0]
    path = store.write(made_up(trial, lambda *_: 90.0))
    for damage, message in (
        ({"counts": {"none": 100}}, "counts lacks the scenario 'n1'; it is refused."),
        ({"labels": {}}, "labels is {}, not examples of each class in train and test; it is refused."),
    ):
        path.write_text(json.dumps(json.loads(path.read_text()) | damage))
        text = run("verify", "figure-6-health", "--no-check", "--results", str(tmp_path), code=2)
        assert f"{path.name}: {message}" in " ".join(text.split())
        path = store.write(made_up(trial, lambda *_: 90.0))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["status", "--results", __file__], "a file, not a folder of results"),
        (["verify", "--results", __file__], "a file, not a folder of results"),
        (["sweep", "table-9"], "'table-9' is no artefact"),
        (["sweep"], "name the artefacts to run, or say --all"),
        (["sweep", "figure-2a", "--all"], "only one of these"),
        (["sweep", "figure-2a", "--profile", "tiny"], "'tiny' is no profile"),
        (
            ["sweep", "figure-2b", "--profile", "full"],
            "this edition does not know the fingerprint of imagenet",
        ),
        (["sweep", "figure-2a", "--time-budget", "soon"], "'soon' is no length of time"),
        (["status", "--profile", "tiny"], "'tiny' is no profile"),
        (["networks", "--runs", "nowhere"], "run the trial first"),
        (["networks", "--seed", "77"], "seed 77 is not among"),
        (["evaluate", "nothing.pt"], "there is no such file"),
        (["evaluate", __file__], "not a trained network"),
        (["data", "health", "nothing.log"], "nothing.log"),
        (["verify", "table-9", "--no-check"], "'table-9' is no artefact"),
        (["verify", "--accept", "--no-check"], "choose one of"),
        (["verify", "--results", "nowhere"], "there are no accepted verdicts"),
        (["book", "--source", BOOK, "--chapter", "nowhere"], "'nowhere' is no chapter"),
        (["book", "--source", BOOK, "--profile", "tiny"], "'tiny' is no profile"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(words: list[str], message: str) -> None:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
    assert "Traceback" not in result.output


def test_a_sweep_of_everything_leaves_out_what_cannot_be_run(capsys: pytest.CaptureFixture[str]) -> None:
    everything = all_trials("full")
    known = that_can_be_run(everything, every=True)
    left_out = [trial for trial in everything if trial not in known]
    assert {trial.data["name"] for trial in left_out} == {"imagenet"}
    assert f"{len(left_out)} trials are left out" in capsys.readouterr().err
    assert that_can_be_run(known, every=False) == known
    assert capsys.readouterr().err == ""


def test_too_little_memory_is_a_sentence_and_other_errors_keep_their_traceback() -> None:
    def wants(size: int) -> None:
        torch.empty(size)

    with pytest.raises(typer.Exit) as ended:
        plain_errors(wants)(2**60)
    assert ended.value.exit_code == 1
    with pytest.raises(RuntimeError, match="negative dimension"):
        plain_errors(wants)(-1)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--failed", "n4", "cannot fail"),
        ("--probability", "n1", "NODE=P"),
        ("--probability", "n1=2", "no probability"),
    ],
)
def test_nonsense_about_a_network_is_refused(network: Path, option: str, value: str, message: str) -> None:
    assert message in " ".join(run("evaluate", str(network), option, value, code=2).split())


def test_a_damaged_result_is_named(swept: Path, tmp_path: Path) -> None:
    source = next(iter(sorted((swept / "results").iterdir())))
    (tmp_path / source.name).write_text(source.read_text()[:200])
    text = run("status", "--profile", "smoke", "--results", str(tmp_path), code=2)
    assert source.name in text.replace("\n", "")


@pytest.mark.parametrize(("text", "value"), [("90s", 90), ("9m", 540), ("1h30m", 5400), ("45", 45)])
def test_lengths_of_time(text: str, value: float) -> None:
    assert as_seconds(text) == value


@pytest.mark.parametrize("text", ["", "soon", "-3m", "0", "3x", "m", "1h30", "2m 5"])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(ValueError, match="no length of time"):
        as_seconds(text)


@pytest.mark.parametrize("able", [True, False])
def test_a_processor_without_bfloat16_is_told_what_it_falls_back_to(
    able: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("companion.sweeps.run.has_bfloat16", lambda device: able)
    monkeypatch.setattr("companion.sweeps.progress.watched_sweep", lambda trials, setup, **how: [])
    trials = ARTEFACTS["figure-2c"].trials("full")
    assert {trial.recipe.precision for trial in trials} == {"autocast"}
    train(trials, Setup())
    assert ("falls back to float32" in " ".join(capsys.readouterr().err.split())) != able
