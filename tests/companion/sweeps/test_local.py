"""A sweep runs what is missing, each trial once, whoever is killed on the way and whoever sweeps beside it."""

import io
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from filelock import FileLock, Timeout
from rich.console import Console
from typer.testing import CliRunner

from companion.cli.commands import app
from companion.experiments import trials_of
from companion.experiments.catalogue import UNKNOWN
from companion.experiments.trial import Record, Trial
from companion.results.store import Store, StoreError
from companion.sweeps import local, progress
from companion.sweeps.local import sweep
from companion.sweeps.progress import watched_sweep
from companion.sweeps.shared import Event, Setup, missing
from resilinet.checkpoints import CheckpointWarning
from resilinet.data import DataError

pytestmark = pytest.mark.usefixtures("_one_thread")

SCRIPT = """
import json, multiprocessing, os, signal, sys, time
from pathlib import Path
from companion.experiments.trial import Trial
from companion.sweeps.local import sweep
from companion.sweeps.shared import Setup

folder, processes, die_at = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])

def tell(event):
    print(event.kind, event.trial, event.epoch, *[p.pid for p in multiprocessing.active_children()], flush=True)
    if event.epoch == die_at:
        os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    # What a shell starts in the background, these tests too, is deaf to it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    trials = [Trial.from_values(values) for values in json.load(sys.stdin)]
    print("ready", flush=True)
    while not (folder / "go").exists():
        time.sleep(0.01)
    sweep(trials, Setup(folder / "results", folder / "runs"), processes=processes, on_event=tell)
"""


def setup(folder: Path, **options: object) -> Setup:
    return Setup(folder / "results", folder / "runs", folder / "data", **options)


def script(
    folder: Path, trials: list[Trial], *, processes: int = 1, die_at: int = -1
) -> subprocess.Popen[str]:
    """Another Python that sweeps the same folder as soon as it finds the file ``go`` there."""
    (folder / "sweep.py").write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, str(folder / "sweep.py"), str(folder), str(processes), str(die_at)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps([trial.values for trial in trials]))
    process.stdin.close()
    process.stdin = None
    return process


def outcome(record: Record) -> tuple[object, ...]:
    """What a trial gives, without when and where."""
    return record.trial, record.counts, record.survival, record.history, record.best_epoch


@pytest.fixture
def trials(tiny_trials: Callable[[int], list[Trial]]) -> list[Trial]:
    return tiny_trials(3)


def test_what_is_missing_is_run_once(trials: list[Trial], tmp_path: Path) -> None:
    told: list[Event] = []
    assert sweep([*trials, trials[0]], setup(tmp_path), on_event=told.append) == []
    assert [event.kind for event in told] == ["started", "epoch", "epoch", "epoch", "finished"] * 3
    assert [event.trial for event in told if event.kind == "finished"] == [trial.id for trial in trials]
    assert {record.trial.seed for record in Store(tmp_path / "results")} == {0, 1, 2}
    assert not list(tmp_path.glob("runs/*/checkpoint.pt"))
    assert len(list(tmp_path.glob("runs/*/weights.pt"))) == 3


def test_a_second_call_does_nothing(trials: list[Trial], tmp_path: Path) -> None:
    sweep(trials[:2], setup(tmp_path))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("results/*")}
    told: list[Event] = []
    assert sweep(trials[:2], setup(tmp_path), on_event=told.append) == []
    assert told == []
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("results/*")} == before
    assert missing(trials, Store(tmp_path / "results")) == trials[2:]


def test_weights_are_kept_only_where_wanted(trials: list[Trial], tmp_path: Path) -> None:
    sweep(trials[:1], setup(tmp_path, keep_weights=False))
    assert not list(tmp_path.glob("runs/*/*.pt"))


def test_a_finished_trial_leaves_nothing_that_is_not_wanted(trials: list[Trial], tmp_path: Path) -> None:
    folder = tmp_path / "runs" / trials[0].id[:16]
    folder.mkdir(parents=True)
    for name in ("checkpoint.pt", "checkpoint.pt.0123.partial", "weights.pt", "statistics.pt", "lock"):
        (folder / name).touch()
    setup(tmp_path).clear(trials[0])
    assert {path.name for path in folder.iterdir()} == {"weights.pt", "statistics.pt", "lock"}
    setup(tmp_path, keep_weights=False).clear(trials[0])
    assert {path.name for path in folder.iterdir()} == {"lock"}


def test_data_sets_that_differ_by_augmentation_alone_are_two(
    trials: list[Trial], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though they have one fingerprint, which covers what is stored."""
    plain, turned = (
        replace(trials[0], data={**trials[0].data, "augmentation": name})
        for name in ("none", "released-code")
    )
    checked, given = [], []

    def load(description: dict[str, object], root: Path) -> dict[str, object]:
        checked.append(description)
        return description

    monkeypatch.setattr("companion.sweeps.shared.load", load)
    monkeypatch.setattr(local, "run", lambda trial, data, *a, **o: given.append((trial.data, data)) or 1 / 0)
    sweep([plain, turned, turned], setup(tmp_path))
    assert given == [(plain.data, plain.data), (turned.data, turned.data)]
    assert checked == [plain.data, turned.data] * 2, "each once before anything runs, and once for its trial"


def test_nothing_to_run_ends_at_once(tmp_path: Path) -> None:
    assert sweep([], setup(tmp_path), processes=2) == []


def test_out_of_time_a_sweep_stops_after_the_epoch_and_the_next_call_goes_on(
    trials: list[Trial], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock on which every epoch takes a second."""
    told: list[Event] = []
    epochs = lambda: float(sum(event.kind == "epoch" for event in told))  # noqa: E731
    monkeypatch.setattr(local, "time", SimpleNamespace(time=epochs))
    assert sweep(trials, setup(tmp_path), time_budget=4.5, on_event=told.append) == []
    assert [event.kind for event in told] == [
        *["started", "epoch", "epoch", "epoch", "finished"],
        *["started", "epoch", "epoch", "stopped"],
    ]
    assert missing(trials, Store(tmp_path / "results")) == trials[1:]
    again: list[Event] = []
    assert sweep(trials, setup(tmp_path), on_event=again.append) == []
    assert [event.epoch for event in again if event.kind == "epoch"] == [3, 1, 2, 3]
    assert missing(trials, Store(tmp_path / "results")) == []
    sweep(trials, setup(tmp_path / "uninterrupted"))
    for trial in trials:
        stopped, straight = (
            Store(folder / "results").read(trial.id) for folder in (tmp_path, tmp_path / "uninterrupted")
        )
        assert outcome(stopped) == outcome(straight)


def test_without_time_nothing_begins(trials: list[Trial], tmp_path: Path) -> None:
    told: list[Event] = []
    assert sweep(trials, setup(tmp_path), time_budget=0, on_event=told.append) == []
    assert told == []


def test_a_trial_that_fails_is_reported_and_the_others_run(trials: list[Trial], tmp_path: Path) -> None:
    wild = replace(trials[0], recipe=replace(trials[0].recipe, learning_rate=1e30))
    odd = replace(trials[0], network=dict(trials[0].network) | {"model": "transformer"})
    failed = sweep([wild, odd, *trials[1:]], setup(tmp_path))
    assert [(event.kind, event.trial) for event in failed] == [("failed", wild.id), ("failed", odd.id)]
    assert "the training loss of epoch 1 is nan" in failed[0].message
    assert "'transformer' is no model of this package" in failed[1].message
    assert {record.trial.seed for record in Store(tmp_path / "results")} == {1, 2}


@pytest.mark.parametrize("content", ["", "{}", None], ids=["empty", "foreign", "another trial"])
def test_a_result_that_cannot_be_trusted_is_refused_before_anything_runs(
    trials: list[Trial], tmp_path: Path, content: str | None
) -> None:
    sweep(trials[:1], setup(tmp_path))
    (path,) = tmp_path.glob("results/*.json")
    if content is None:
        path.rename(path.with_name(f"{trials[1].id[:16]}.json"))
    else:
        path.write_text(content)
    told: list[Event] = []
    with pytest.raises(StoreError, match=r"[0-9a-f]{16}\.json: .*(refused|run the trial again)"):
        sweep(trials, setup(tmp_path), on_event=told.append)
    assert told == []


def test_data_that_are_not_there_are_refused_before_anything_runs(
    trials: list[Trial], tmp_path: Path
) -> None:
    described = dict(trials[0].data) | {"fingerprint": "0" * 64}
    told: list[Event] = []
    with pytest.raises(DataError, match="0000"):
        sweep([trials[0], replace(trials[1], data=described)], setup(tmp_path), on_event=told.append)
    assert told == []


def test_a_trial_that_someone_else_runs_is_left_to_them(trials: list[Trial], tmp_path: Path) -> None:
    folder = tmp_path / "runs" / trials[0].id[:16]
    folder.mkdir(parents=True)
    with FileLock(folder / "lock"):
        assert sweep(trials, setup(tmp_path)) == []
    assert missing(trials, Store(tmp_path / "results")) == trials[:1]
    assert sweep(trials, setup(tmp_path)) == []
    assert missing(trials, Store(tmp_path / "results")) == []


def test_a_trial_that_someone_else_has_finished_meanwhile_is_not_run_again(
    trials: list[Trial], tmp_path: Path
) -> None:
    beside: list[Event] = []
    told: list[Event] = []

    def tell(event: Event) -> None:
        told.append(event)
        if event.kind == "started" and not beside:
            sweep(trials, setup(tmp_path), on_event=beside.append)

    assert sweep(trials, setup(tmp_path), on_event=tell) == []
    assert [event.trial for event in beside if event.kind == "started"] == [trial.id for trial in trials[1:]]
    assert [event.trial for event in told if event.kind == "started"] == [trials[0].id]


def test_threads_are_those_of_the_setup(
    trials: list[Trial], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[int] = []
    monkeypatch.setattr(local, "run", lambda *a, **o: found.append(torch.get_num_threads()) or 1 / 0)
    failed = sweep(trials[:1], setup(tmp_path, threads=2))
    assert found == [2]
    assert "ZeroDivisionError" in failed[0].message


def test_a_sweep_killed_in_a_trial_goes_on_where_it_was(trials: list[Trial], tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    longer = [replace(trial, recipe=replace(trial.recipe, epochs=8)) for trial in trials[:2]]
    with script(tmp_path, longer, die_at=5) as process:
        out, err = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL, err
    assert out.splitlines()[-1] == f"epoch {longer[0].id} 5"
    assert list((tmp_path / "results").glob("*")) == []
    told: list[Event] = []
    assert sweep(longer, setup(tmp_path), on_event=told.append) == []
    assert [event.epoch for event in told if event.kind == "epoch"] == [6, 7, 8, *range(1, 9)]
    sweep(longer[:1], setup(tmp_path / "uninterrupted"))
    killed, straight = (
        Store(folder / "results").read(longer[0].id) for folder in (tmp_path, tmp_path / "uninterrupted")
    )
    assert outcome(killed) == outcome(straight)
    assert (killed.provenance["resumed"], straight.provenance["resumed"]) == (True, False)


def test_two_sweeps_at_once_share_the_trials(
    tiny_trials: Callable[[int], list[Trial]], tmp_path: Path
) -> None:
    trials = [replace(trial, recipe=replace(trial.recipe, epochs=6)) for trial in tiny_trials(12)]
    sweeps = [script(tmp_path, trials) for _ in range(2)]
    for process in sweeps:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    (tmp_path / "go").touch()
    finished: list[list[str]] = []
    for process in sweeps:
        with process:
            out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        finished.append([line.split()[1] for line in out.splitlines() if line.startswith("finished")])
    assert Counter(finished[0] + finished[1]) == Counter(trial.id for trial in trials)
    assert all(finished), "both took part"
    assert {record.id for record in Store(tmp_path / "results")} == {trial.id for trial in trials}
    assert {path.suffix for path in (tmp_path / "results").iterdir()} == {".json"}


def test_a_killed_worker_is_reported_and_the_next_call_goes_on_with_its_trial(
    trials: list[Trial], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = replace(trials[0], recipe=replace(trials[0].recipe, epochs=1_000_000))
    started: dict[str, int] = {}
    killed: list[int] = []
    others = {one.pid for one in multiprocessing.active_children()}  # of other tests

    def kill_who_runs_the_endless_trial(event: Event) -> None:
        if event.kind == "started":
            started[event.trial] = event.worker
        # Not before the other worker has a trial of its own: it would take over this one.
        if event.kind == "epoch" and event.trial == endless.id and len(started) > 1 and not killed:
            workers = sorted(one.pid for one in multiprocessing.active_children() if one.pid not in others)
            os.kill(workers[event.worker], signal.SIGKILL)
            killed.append(event.worker)

    failed = sweep(
        [endless, *trials[1:]], setup(tmp_path), processes=2, on_event=kill_who_runs_the_endless_trial
    )
    (message,) = [event.message for event in failed]
    assert message.startswith(f"worker {killed[0]} was killed, perhaps because memory ran out")
    assert missing([endless, *trials[1:]], Store(tmp_path / "results")) == [endless]
    told: list[Event] = []
    monkeypatch.setattr(local, "time", SimpleNamespace(time=lambda: float(len(told))))
    assert sweep([endless], setup(tmp_path), time_budget=1.5, on_event=told.append) == []
    assert [event.kind for event in told] == ["started", "epoch", "stopped"]
    assert told[1].epoch > 1


@pytest.fixture
def _hears() -> Iterator[None]:
    """What a shell starts in the background, these tests too, is deaf to Ctrl-C."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.signal(signal.SIGINT, former) is signal.default_int_handler, "a sweep leaves it as it was"


@pytest.mark.usefixtures("_hears")
def test_after_ctrl_c_the_running_epoch_is_finished_and_the_next_call_goes_on(
    trials: list[Trial], tmp_path: Path
) -> None:
    told: list[Event] = []

    def tell(event: Event) -> None:
        told.append(event)
        if event.kind == "epoch":
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        sweep(trials, setup(tmp_path), on_event=tell)
    assert [event.kind for event in told] == ["started", "epoch", "stopping", "stopped"]
    again: list[Event] = []
    assert sweep(trials[:1], setup(tmp_path), on_event=again.append) == []
    assert [event.epoch for event in again if event.kind == "epoch"] == [2, 3]


@pytest.mark.usefixtures("_hears")
def test_a_second_ctrl_c_waits_for_nothing(trials: list[Trial], tmp_path: Path) -> None:
    told: list[str] = []

    def tell(event: Event) -> None:
        told.append(event.kind)
        if event.kind == "epoch":
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        sweep(trials, setup(tmp_path), on_event=tell)
    assert told == ["started", "epoch", "stopping"]


@pytest.mark.usefixtures("_hears")
def test_a_second_ctrl_c_ends_the_processes(trials: list[Trial], tmp_path: Path) -> None:
    told: list[str] = []

    def tell(event: Event) -> None:
        told.append(event.kind)
        if event.kind in ("epoch", "stopped"):
            signal.raise_signal(signal.SIGINT)

    others = {*multiprocessing.active_children()}  # of other tests
    with pytest.raises(KeyboardInterrupt):
        sweep(trials, setup(tmp_path), processes=2, on_event=tell)
    heard = [kind for kind in told if kind != "started"]
    assert heard[:2] == ["epoch", "stopping"]
    assert len(heard) == 3
    for process in {*multiprocessing.active_children()} - others:
        process.join(timeout=30)
        assert process.exitcode is not None


def test_a_sweep_in_a_thread_hears_no_signals_and_runs(trials: list[Trial], tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(sweep, trials[:1], setup(tmp_path)).result(timeout=60) == []
    assert missing(trials[:1], Store(tmp_path / "results")) == []


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT])
def test_workers_whose_sweep_was_ended_stop_after_their_epoch(
    trials: list[Trial], tmp_path: Path, by: signal.Signals
) -> None:
    (tmp_path / "go").touch()
    endless = [replace(trial, recipe=replace(trial.recipe, epochs=1_000_000)) for trial in trials[:2]]
    begun: set[str] = set()
    workers: list[str] = []
    with script(tmp_path, endless, processes=2) as process:
        assert process.stdout is not None
        while len(begun) < 2:
            told = process.stdout.readline().split()
            assert told, process.communicate()[1]
            begun |= {told[1]} if told[0] == "epoch" else set()
            workers = told[3:]
        process.send_signal(by)
        try:
            process.communicate(timeout=200)
            assert process.returncode == -by
            for trial in endless:
                with FileLock(tmp_path / "runs" / trial.id[:16] / "lock", timeout=60):
                    pass
        except (Timeout, subprocess.TimeoutExpired):
            for pid in workers:
                os.kill(int(pid), signal.SIGKILL)
            raise
    assert len(workers) == 2
    assert len(list(tmp_path.glob("runs/*/checkpoint.pt"))) == 2
    assert not (tmp_path / "results").exists()


# --- checkpoints that are damaged -----------------------------------------------------------------


@pytest.fixture
def damaged(trials: list[Trial], tmp_path: Path) -> list[str]:
    """The sentences about the checkpoints of all trials, each of which is empty."""
    sentences = []
    for trial in trials:
        path = tmp_path / "runs" / trial.id[:16] / "checkpoint.pt"
        path.parent.mkdir(parents=True)
        path.touch()
        sentences.append(
            f"{path}: not a whole checkpoint (it is empty or cut off, or PyTorch has not written it); training starts "
            "afresh."
        )
    return sentences


@pytest.mark.parametrize("processes", [1, 2])
def test_a_damaged_checkpoint_is_warned_of_in_the_sweeps_own_process(
    trials: list[Trial], tmp_path: Path, damaged: list[str], processes: int
) -> None:
    told: list[Event] = []
    with pytest.warns(CheckpointWarning) as caught:
        assert sweep(trials, setup(tmp_path), processes=processes, on_event=told.append) == []
    assert sorted(str(warning.message) for warning in caught) == sorted(damaged)
    assert {event.kind for event in told} == {"started", "epoch", "finished"}
    assert missing(trials, Store(tmp_path / "results")) == []


@pytest.mark.filterwarnings("always")
def test_whoever_watches_reads_the_sentence_alone(
    trials: list[Trial], tmp_path: Path, damaged: list[str]
) -> None:
    console = Console(record=True, width=80, file=io.StringIO())
    assert watched_sweep(trials, setup(tmp_path), console=console) == []
    shown = console.export_text().splitlines()
    assert [line for line in shown if "finished" not in line] == [f"resilinet: {each}" for each in damaged]


# --- chapters that train ---------------------------------------------------------------------------


def test_a_chapter_that_waits_for_others_does_not_sweep_meanwhile(
    trials: list[Trial], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep loads all data first, which may take longer than the wait."""
    happened: list[str] = []
    folder = tmp_path / "runs" / trials[0].id[:16]
    folder.mkdir(parents=True)
    lock = FileLock(folder / "lock")

    def sleep(seconds: float) -> None:
        happened.append("slept")
        if len(happened) == 3:
            lock.release()

    def swept(*arguments: Any, **options: Any) -> list[Event]:
        happened.append("swept")
        return sweep(*arguments, **options)

    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: 0.0, sleep=sleep))
    monkeypatch.setattr(local, "sweep", swept)
    with lock:
        progress.complete(trials[:1], setup(tmp_path), lambda text: None)
    assert happened == ["slept", "slept", "slept", "swept"]
    assert missing(trials[:1], Store(tmp_path / "results")) == []


def test_the_time_left_leaves_out_epochs_that_a_resumed_trial_has_behind_it(
    trials: list[Trial], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An epoch takes a minute; the first trial goes on with its third of three, the second has three to go."""
    clock, said = iter([0, 60, 120]), list[str]()

    def resumed(waiting: list[Trial], setup: Setup, on_event: Callable[[Event], None]) -> list[Event]:
        on_event(Event("epoch", trials[0].id, 0, 3, 3))
        on_event(Event("epoch", trials[1].id, 0, 1, 3))
        return [Event("failed", trials[1].id, 0)]

    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))
    monkeypatch.setattr(local, "sweep", resumed)
    with pytest.raises(RuntimeError, match="failed"):
        progress.complete(trials[:2], setup(tmp_path), said.append)
    assert said == [f"0 of 2 missing trials run, about {left} min left" for left in (3, 2)]


def test_a_full_chapter_leaves_out_trials_on_data_that_nobody_can_have(
    trials: list[Trial], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = trials_of("full", "figure-2b")
    assert {trial.data["fingerprint"] for trial in unknown} == {UNKNOWN}
    run, said = list[Trial](), list[str]()

    def complete(wanted: list[Trial], setup: Setup, say: Callable[[str], None]) -> None:
        run.extend(wanted)
        say("2 trials run")

    monkeypatch.setattr(progress, "trials_of", lambda *_: [*unknown, *trials[:2]])
    monkeypatch.setattr(progress, "complete", complete)
    monkeypatch.setattr(progress, "ticker", lambda: said.append)
    progress.prepare("full", tmp_path / "results", "any")
    note = f"{len(unknown)} trials left out, on data that this edition does not know"
    assert (run, said) == (trials[:2], [note, f"2 trials run; {note}"])


# --- what the command refuses before it trains ----------------------------------------------------


def refused(*words: object) -> str:
    result = CliRunner().invoke(app, ["sweep", "figure-2a", "--profile", "smoke", *map(str, words)])
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


@pytest.mark.parametrize(
    ("option", "what"), [("--results", "results"), ("--runs", "checkpoints and weights")]
)
def test_a_place_that_cannot_be_written_to_is_refused_before_anything_runs(
    tmp_path: Path, option: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {"--results": tmp_path / "results", "--runs": tmp_path / "runs"}
    monkeypatch.setattr("companion.cli.sweep.train", lambda *_, **__: pytest.fail("it was run"))
    (tmp_path / "file").touch()
    places[option] = tmp_path / "file" / "below"
    message = refused(*(word for pair in places.items() for word in pair))
    reason = f"{tmp_path / 'file'} is a file"
    assert (
        f"{places[option]}: {what} cannot be written there ({reason}); give another folder with {option}."
        in message
    )

    places[option], real = tmp_path / "read-only", tempfile.NamedTemporaryFile
    places[option].mkdir()

    def read_only(*, dir: Path, **how: Any) -> Any:
        if dir == places[option]:
            raise PermissionError(13, "Permission denied")
        return real(dir=dir, **how)

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", read_only)
    message = refused(*(word for pair in places.items() for word in pair))
    assert (
        f"{what} cannot be written there (Permission denied); give another folder with {option}." in message
    )


def test_a_file_is_no_folder_of_data(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert f"{tmp_path / 'file'}: a file, not a folder of prepared data" in refused(
        "--data", tmp_path / "file"
    )


def test_a_store_with_every_result_need_not_be_writable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("companion.sweeps.shared.missing", lambda *_: [])
    places = ["--results", str(tmp_path / "results"), "--runs", str(tmp_path / "runs")]
    result = CliRunner().invoke(app, ["sweep", "figure-2a", "--profile", "smoke", *places])
    assert result.exit_code == 0, result.output
    assert list(tmp_path.iterdir()) == []


def test_a_device_without_numbers_is_refused_before_anything_runs() -> None:
    assert "device 'meta' cannot be used here" in refused("--device", "meta")
