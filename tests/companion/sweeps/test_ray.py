"""On a cluster every trial ends exactly once, whichever node is lost on the way, and as it would have ended here."""

import os
import re
import signal
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from filelock import FileLock
from packaging.requirements import Requirement
from rich.console import Console
from rich.progress import Progress, TaskID
from typer.testing import CliRunner

from cluster_nodes import be_patient, node_options
from companion.cli.commands import app
from companion.experiments.trial import Record, Trial
from companion.results.store import Store
from companion.sweeps import ray as ray_module
from companion.sweeps.local import sweep
from companion.sweeps.progress import watched_sweep
from companion.sweeps.ray import Cluster, ClusterError, sweep_on_cluster
from companion.sweeps.shared import Event, Setup, missing
from resilinet.data import DataError

ROOT = Path(__file__).parents[3]

pytestmark = [
    pytest.mark.usefixtures("_one_thread"),
    # A cluster is eight processes, and on a busy machine they start slowly.
    pytest.mark.timeout(1500),
]


def setup(folder: Path, **options: Any) -> Setup:
    return Setup(folder / "results", folder / "runs", folder / "data", **options)


def outcome(record: Record) -> tuple[object, ...]:
    """What a trial gives, without when and where."""
    return record.trial, record.counts, record.survival, record.history, record.best_epoch


def lasting(trial: Trial, epochs: int = 1_000_000) -> Trial:
    """The trial with short epochs, by default without end."""
    return replace(trial, recipe=replace(trial.recipe, epochs=epochs, batch_size=1024))


@pytest.fixture
def trials(tiny_trials: Callable[[int], list[Trial]]) -> list[Trial]:
    return tiny_trials(4)


@pytest.fixture(scope="module")
def nodes() -> Iterator[Any]:
    """A cluster on this machine; its first node has one CPU and says that it has a GPU."""
    with pytest.MonkeyPatch.context() as patch:
        be_patient(patch)
        from ray.cluster_utils import Cluster as Nodes

        nodes = Nodes(initialize_head=True, head_node_args=node_options(num_cpus=1, num_gpus=1))
        yield nodes
        nodes.shutdown()


@pytest.fixture(scope="module")
def ray(nodes: Any) -> Iterator[Any]:
    """A connection to it that sweeps share, and with it the worker processes that have imported all."""
    import ray

    ray.init(address=nodes.address, include_dashboard=False, log_to_driver=False)
    yield ray
    ray.shutdown()


def test_a_node_is_killed_in_the_middle_and_every_trial_ends_exactly_once(
    nodes: Any, trials: list[Trial], tmp_path: Path
) -> None:
    second = nodes.add_node(**node_options(num_cpus=1))
    trials = [lasting(trial, 100) for trial in trials[:2]] + trials[2:]
    told: list[Event] = []
    killed: list[int] = []

    def tell(event: Event) -> None:
        told.append(event)
        running = {event.trial for event in told if event.kind == "epoch"}
        if len(running) == 2 and not killed:  # one on each node
            assert not any(event.kind == "finished" for event in told)
            killed.append(len(told))
            raylet = psutil.Process(second.all_processes["raylet"][0].process.pid)
            for process in [raylet, *raylet.children(recursive=True)]:
                process.kill()
            nodes.remove_node(second, allow_graceful=False)

    assert sweep_on_cluster(trials, setup(tmp_path), Cluster(nodes.address), on_event=tell) == []
    started = Counter(event.trial for event in told if event.kind == "started")
    assert sorted(started.values()) == [1, 1, 1, 2]
    ((again, _),) = started.most_common(1)
    assert again in {trial.id for trial in trials[:2]}
    assert Counter(e.trial for e in told if e.kind == "finished") == Counter(t.id for t in trials)
    assert {path.name for path in tmp_path.glob("results/*")} == {f"{t.id[:16]}.json" for t in trials}
    sweep(trials, setup(tmp_path / "here"))
    for trial in trials:
        there, here = (Store(folder / "results").read(trial.id) for folder in (tmp_path, tmp_path / "here"))
        assert outcome(there) == outcome(here)
        assert there.provenance["resumed"] == (trial.id == again), "the folder of checkpoints was shared"
    assert not list(tmp_path.glob("runs/*/checkpoint.pt"))
    assert len(list(tmp_path.glob("runs/*/weights.pt"))) == 4


def test_what_is_there_is_not_run_again_and_what_someone_else_runs_is_left_to_them(
    ray: Any, trials: list[Trial], tmp_path: Path
) -> None:
    sweep(trials[:1], setup(tmp_path))
    told: list[Event] = []
    folder = tmp_path / "runs" / trials[1].id[:16]
    folder.mkdir(parents=True)
    with FileLock(folder / "lock"):
        assert sweep_on_cluster(trials, setup(tmp_path), Cluster(), on_event=told.append) == []
    assert {event.trial for event in told} == {trial.id for trial in trials[2:]}
    for trial in trials[2:]:  # on two cores they run side by side
        kinds = [event.kind for event in told if event.trial == trial.id]
        assert kinds == ["started", "epoch", "epoch", "epoch", "finished"]
    assert missing(trials, Store(tmp_path / "results")) == trials[1:2]


def test_out_of_time_a_trial_stops_after_its_epoch_and_can_go_on_anywhere(
    ray: Any, trials: list[Trial], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock on which every epoch takes a second; one trial runs, one waits, one was never handed out."""
    endless = [lasting(trial) for trial in trials[:3]]
    told: list[Event] = []
    assert sweep_on_cluster(endless, setup(tmp_path), Cluster(), time_budget=0, on_event=told.append) == []
    assert told == [], "without time nothing begins"
    clock = SimpleNamespace(time=lambda: float(sum(event.kind == "epoch" for event in told)))
    monkeypatch.setattr(ray_module, "time", clock)
    assert sweep_on_cluster(endless, setup(tmp_path), Cluster(), time_budget=1.5, on_event=told.append) == []
    assert {event.trial for event in told} == {endless[0].id}
    assert [event.kind for event in told if event.kind != "epoch"] == ["started", "stopped"]
    assert missing(endless, Store(tmp_path / "results")) == endless
    assert len(list(tmp_path.glob("runs/*/checkpoint.pt"))) == 1
    before = max(event.epoch for event in told)
    again: list[Event] = []
    clock = SimpleNamespace(time=lambda: float(len(again)))
    monkeypatch.setattr("companion.sweeps.local.time", clock)
    assert sweep(endless[:1], setup(tmp_path), time_budget=1.5, on_event=again.append) == []
    assert [event.epoch for event in again if event.kind == "epoch"] == [before + 1]


def test_after_ctrl_c_nothing_runs_on_and_a_trial_had_its_share_of_the_gpu(
    ray: Any, trials: list[Trial], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    # What a shell starts in the background, these tests too, is deaf to it.
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, former))
    told: list[Event] = []
    free: list[float] = []

    def tell(event: Event) -> None:
        told.append(event)
        if event.kind == "epoch" and 0.75 not in free:
            free.append(ray.available_resources()["GPU"])
            if free[-1] == 0.75:
                signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        sweep_on_cluster([lasting(trials[0])], setup(tmp_path), Cluster(gpus=0.25), on_event=tell)
    assert told[-1].kind == "stopped"
    (checkpoint,) = tmp_path.glob("runs/*/checkpoint.pt")
    kept = checkpoint.stat().st_mtime_ns
    with FileLock(checkpoint.with_name("lock"), timeout=0):
        pass
    while ray.available_resources().get("CPU") != 1:  # until the time limit of the test
        pass
    assert checkpoint.stat().st_mtime_ns == kept
    assert not list(tmp_path.glob("results/*"))


def test_trials_that_fail_are_reported_and_the_others_run(
    ray: Any, trials: list[Trial], tmp_path: Path
) -> None:
    wild = replace(trials[0], recipe=replace(trials[0].recipe, learning_rate=1e30))
    failed = sweep_on_cluster([wild, trials[1]], setup(tmp_path, device="abacus"), Cluster())
    assert [event.trial for event in failed] == [wild.id, trials[1].id]
    assert all("device 'abacus' cannot be used here" in event.message for event in failed)
    failed = sweep_on_cluster([wild, trials[1]], setup(tmp_path), Cluster())
    assert [(event.kind, event.trial) for event in failed] == [("failed", wild.id)]
    assert re.match(r"on node \S+, ArithmeticError: the training loss of epoch 1 is nan", failed[0].message)
    assert missing([wild, trials[1]], Store(tmp_path / "results")) == [wild]


def test_a_trial_that_kills_every_worker_is_given_up(ray: Any, trials: list[Trial], tmp_path: Path) -> None:
    deadly = replace(lasting(trials[0]), seed=os.getpid())  # nobody else's on this machine

    def kill(event: Event) -> None:
        if event.kind == "epoch" and event.epoch == 1 and event.trial == deadly.id:
            for process in psutil.process_iter(["cmdline"]):
                if f"ray::trial {deadly.id[:16]}" in " ".join(process.info["cmdline"] or []):
                    process.kill()

    failed = sweep_on_cluster([deadly, trials[1]], setup(tmp_path), Cluster(retries=0), on_event=kill)
    assert [event.trial for event in failed] == [deadly.id]
    assert failed[0].message.startswith("its worker was lost, WorkerCrashedError: ")
    assert missing([deadly, trials[1]], Store(tmp_path / "results")) == [deadly]


def test_what_no_node_can_run_is_refused_before_anything_runs(
    ray: Any, trials: list[Trial], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Event] = []
    elsewhere = replace(trials[1], data=dict(trials[1].data) | {"fingerprint": "0" * 64})
    with pytest.raises(DataError, match="0000"):
        sweep_on_cluster([trials[0], elsewhere], setup(tmp_path), Cluster(), on_event=told.append)
    with pytest.raises(ClusterError, match="no node has 2 CPUs and 0 GPUs for a trial"):
        sweep_on_cluster(trials, setup(tmp_path, threads=2), Cluster(), on_event=told.append)
    with pytest.raises(ClusterError, match="no node has 1 CPUs and 2 GPUs for a trial"):
        sweep_on_cluster(trials, setup(tmp_path), Cluster(gpus=2), on_event=told.append)
    assert told == []
    monkeypatch.setattr(
        ray_module, "check_data", lambda *_: None
    )  # as if they were here, and not on the node
    with pytest.raises(DataError, match=r"^on node \S+: .*0000"):
        sweep_on_cluster([elsewhere], setup(tmp_path), Cluster())


@pytest.mark.parametrize(
    ("gpus", "threads", "resources", "room"),
    [
        (0, 4, {"CPU": 7, "GPU": 1}, 1),
        (0.1, 1, {"CPU": 64, "GPU": 1}, 10),
        (1, 1, {"CPU": 2, "GPU": 4}, 2),
        (2, 1, {"CPU": 8, "GPU": 3}, 1),
    ],
)
def test_room(gpus: float, threads: int, resources: dict[str, float], room: int) -> None:
    assert Cluster(gpus=gpus).room(resources, threads) == room


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gpus": -0.5}, "-0.5 GPUs a trial"),
        ({"gpus": 1.5}, "1.5 GPUs a trial; give a share of one or a whole number."),
        ({"gpus": float("inf")}, "inf GPUs a trial"),
        ({"gpus": float("nan")}, "nan GPUs a trial"),
        ({"address": "ray://10.0.0.1:10001"}, "is a client's address"),
    ],
)
def test_what_no_cluster_can_give_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ClusterError, match=re.escape(message)):
        Cluster(**options)


def test_without_ray_one_sentence_says_how_to_get_it(
    trials: list[Trial], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ClusterError, match=r'needs Ray: pip install "resilinet\[cluster\]"\.$'):
        sweep_on_cluster(trials, setup(tmp_path), Cluster())


@pytest.mark.parametrize("port", [0, 99999])
def test_an_address_where_nobody_answers_is_refused_at_once(
    port: int, trials: list[Trial], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ray.is_initialized", lambda: False)  # the connection that the tests above share
    with pytest.raises(ClusterError, match=rf"^no Ray cluster answers at 127\.0\.0\.1:{port} \("):
        sweep_on_cluster(trials, setup(tmp_path), Cluster(f"127.0.0.1:{port}"))


def test_a_node_with_another_version_of_the_package_runs_nothing(
    ray: Any, trials: list[Trial], tmp_path: Path
) -> None:
    board = ray.remote(num_cpus=0)(ray_module._Board).remote()
    task = ray.remote(ray_module._train).remote(trials[0], "0" * 64, setup(tmp_path), board)
    ended, record = ray.get(task)
    assert (ended.kind, record) == ("failed", None)
    assert "another version of the package" in ended.message
    assert not (tmp_path / "runs").exists()


def test_a_checkpoint_lies_until_the_record_is_written(
    ray: Any, trials: list[Trial], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Store, "write", full)
        with pytest.raises(OSError, match="disk is full"):
            sweep_on_cluster(trials[:1], setup(tmp_path), Cluster())
    assert len(list(tmp_path.glob("runs/*/checkpoint.pt"))) == 1
    told: list[Event] = []
    assert sweep_on_cluster(trials[:1], setup(tmp_path), Cluster(), on_event=told.append) == []
    assert [event.kind for event in told] == ["started", "finished"], "nothing is trained again"
    assert not list(tmp_path.glob("runs/*/checkpoint.pt"))
    assert missing(trials[:1], Store(tmp_path / "results")) == []


def full(*arguments: object) -> None:
    raise OSError("the disk is full")


def test_the_display_counts_the_epochs_of_a_trial_that_is_begun_again_once(
    trials: list[Trial], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, cluster = trials[0].id, Cluster("auto")
    advanced: list[float] = []

    def lose_a_node(*arguments: Any, on_event: Callable[[Event], None], **options: Any) -> list[Event]:
        assert arguments[2] == cluster
        for epochs in ([1, 2], [1, 2, 3]):
            on_event(Event("started", name, 0, epochs=3))
            for epoch in epochs:
                on_event(Event("epoch", name, 0, epoch, 3))
        on_event(Event("finished", name, 0, 3, 3))
        return []

    def advance(self: Progress, task: TaskID, epochs: float = 1) -> None:
        advanced.append(epochs)

    monkeypatch.setattr(ray_module, "sweep_on_cluster", lose_a_node)
    monkeypatch.setattr(Progress, "advance", advance)
    with (tmp_path / "log").open("w") as log:
        watched_sweep(trials[:1], setup(tmp_path), cluster=cluster, console=Console(file=log, width=120))
    assert advanced == [1, 1, 0, 0, 1]
    lines = (tmp_path / "log").read_text().splitlines()
    label = f"resilinet, seed 0 ({name[:16]})"
    assert lines == [f"started again: {label}", f"finished: {label}"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--executor", "slurm"], "'slurm' is no executor; choose local or ray."),
        (["--address", "auto"], "--address and --gpus-per-trial are for a cluster; say --executor ray, too."),
        (["--gpus-per-trial", "1"], "--address and --gpus-per-trial are for a cluster"),
        (["--executor", "ray", "--processes", "2"], "--processes is for this machine"),
        (["--executor", "ray", "--gpus-per-trial", "1.5"], "1.5 GPUs a trial; give a share"),
        (["--executor", "ray", "--device", "cuda"], "on 'cuda' a trial takes GPUs"),
    ],
)
def test_the_command_refuses_what_does_not_go_together(
    options: list[str], message: str, tmp_path: Path
) -> None:
    places = ["--results", str(tmp_path / "results"), "--runs", str(tmp_path / "runs")]
    ended = CliRunner().invoke(
        app, ["sweep", "table-1-health", "--profile", "smoke", *places, *options], env={"COLUMNS": "200"}
    )
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"resilinet: {message}")
    assert not list(tmp_path.iterdir())


def test_ray_is_an_extra_and_nothing_else_needs_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = [Requirement(line) for line in project["optional-dependencies"]["cluster"]]
    (extra,) = (one for one in listed if one.name != "resilinet")
    locked = re.search(
        r"^ray==(\S+)$", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert extra.name == "ray"
    assert locked is not None
    assert extra.specifier.contains(locked[1])
    assert not [line for line in project["dependencies"] if line.startswith("ray")]
    for path in sorted((ROOT / "src").rglob("*.py")):
        eager = re.findall(r"^(?:import|from) ray\b", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert not eager, path
