"""Trained networks as small files: what is rounded, what is kept, and what is refused."""

import errno
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from companion.cli.commands import app
from companion.experiments import EXPERIMENTS
from companion.experiments.networks import build_network
from companion.experiments.trial import Trial
from companion.results.network_files import NetworkError, load_network, load_run, save_network
from companion.results.statistics_files import flat
from damage import altered
from resilinet import checkpoints
from resilinet.batch_statistics import estimate_batch_statistics
from resilinet.schemes import RESILINET


@pytest.fixture(scope="module")
def trial() -> Trial:
    experiment = EXPERIMENTS["resnet"]
    smoke = experiment.size("smoke")
    return experiment.trial(replace(smoke, network={**smoke.network, "width": 0.0625}), RESILINET, 0)


def images() -> torch.Tensor:
    return torch.randint(
        0, 256, (12, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(1)
    )


def test_weights_are_rounded_and_statistics_are_not(trial: Trial, tmp_path: Path) -> None:
    network = build_network(trial).eval()
    for name, buffer in network.named_buffers():
        if name.endswith("running_var"):
            buffer.fill_(123456.7)  # more than float16 can say
    network.route_statistics = estimate_batch_statistics(network, images())
    save_network(network, trial, tmp_path / "network.pt")
    again, same_trial = load_network(tmp_path / "network.pt")
    assert same_trial == trial
    assert not again.training
    for name, parameter in network.named_parameters():
        assert torch.equal(dict(again.named_parameters())[name], parameter.half().float())
    for name, buffer in network.named_buffers():
        assert torch.equal(dict(again.named_buffers())[name], buffer)
    kept = flat(again.route_statistics)
    assert kept.keys() == flat(network.route_statistics).keys()
    assert all(torch.equal(kept[name], tensor) for name, tensor in flat(network.route_statistics).items())


def test_a_run_is_read_with_its_statistics(trial: Trial, tmp_path: Path) -> None:
    network = build_network(trial).eval()
    folder = tmp_path / trial.id[:16]
    with pytest.raises(NetworkError, match="run the trial first"):
        load_run(trial, tmp_path)
    checkpoints.save(network.state_dict(), folder / "weights.pt")
    with pytest.raises(NetworkError, match=r"statistics\.pt: the statistics of trial .* run the trial first"):
        load_run(trial, tmp_path)
    network.route_statistics = estimate_batch_statistics(network, images())
    checkpoints.save(flat(network.route_statistics), folder / "statistics.pt")
    x = images()[:2].float() / 255
    for alive in (None, network.topology.everyone - {"z1"}):
        with torch.no_grad():
            assert torch.equal(load_run(trial, tmp_path)(x, alive), network(x, alive))


def test_a_run_without_batch_normalisation_needs_no_statistics(tiny: Trial, tmp_path: Path) -> None:
    checkpoints.save(build_network(tiny).state_dict(), tmp_path / tiny.id[:16] / "weights.pt")
    assert load_run(tiny, tmp_path).route_statistics == {}


def test_what_is_no_network_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match=r"none\.pt: there is no such file"):
        load_network(tmp_path / "none.pt")
    (tmp_path / "text.pt").write_text("no network")
    with pytest.raises(NetworkError, match=r"text\.pt: not a trained network of this package"):
        load_network(tmp_path / "text.pt")


# --- damage ---------------------------------------------------------------------------------------


def test_an_altered_network_is_refused(trial: Trial, tmp_path: Path) -> None:
    path = tmp_path / "network.pt"
    save_network(build_network(trial), trial, path)
    load_network(path)
    path.write_bytes(altered(path.read_bytes()))
    assert torch.load(path, weights_only=True), "PyTorch reads it all the same"
    with pytest.raises(
        NetworkError,
        match=r"network\.pt: not a trained network of this package \('data/\d+' in it does not agree with its "
        r"checksum\)\.$",
    ):
        load_network(path)


@pytest.mark.parametrize("kind", ["trial", "weights", "statistics"])
def test_the_sha256_covers_all_that_the_answer_depends_on(trial: Trial, tmp_path: Path, kind: str) -> None:
    path, network = tmp_path / "network.pt", build_network(trial).eval()
    network.route_statistics = estimate_batch_statistics(network, images())
    save_network(network, trial, path)
    content: dict[str, Any] = torch.load(path, weights_only=True)
    if kind == "trial":
        content["trial"] = content["trial"].replace('"seed": 0', '"seed": 1')
    else:
        name = next(name for name, tensor in content[kind].items() if tensor.is_floating_point())
        content[kind][name] = content[kind][name] * 2 + 1
    torch.save(content, path)
    with pytest.raises(NetworkError, match="it has been altered"):
        load_network(path)


def test_a_file_without_a_sha256_is_read_and_its_numbers_must_be_finite(trial: Trial, tmp_path: Path) -> None:
    path = tmp_path / "network.pt"
    save_network(build_network(trial), trial, path)
    content: dict[str, Any] = torch.load(path, weights_only=True)
    del content["sha256"]
    torch.save(content, path)
    assert load_network(path)[1] == trial
    name = next(iter(content["weights"]))
    content["weights"][name].view(-1)[0] = float("nan")
    torch.save(content, path)
    with pytest.raises(NetworkError, match=rf"network\.pt: '{name}' among its weights is not finite"):
        load_network(path)


def test_the_committed_networks_are_read() -> None:
    paths = sorted((Path(__file__).parents[3] / "results" / "networks").glob("*.pt"))
    assert len(paths) == 4
    assert all(load_network(path)[1].scheme == path.stem for path in paths)


def test_weights_that_float16_cannot_say_are_not_written(trial: Trial, tmp_path: Path) -> None:
    network = build_network(trial)
    with torch.no_grad():
        next(network.parameters()).fill_(1e6)
    with pytest.raises(NetworkError, match="among its weights is not finite"):
        save_network(network, trial, tmp_path / "network.pt")
    assert list(tmp_path.iterdir()) == []


class Full:
    """A file on a full disk."""

    def write(self, content: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_named_with_the_file_that_has_no_room(
    trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyTorch itself complains of where it is in the archive, with a line of its source code."""
    real = torch.save
    monkeypatch.setattr(torch, "save", lambda content, file: real(content, Full()))
    with pytest.raises(NetworkError, match=r"network\.pt: cannot be written \(No space left on device\)"):
        save_network(build_network(trial), trial, tmp_path / "network.pt")
    with pytest.raises(OSError, match=rf"No space left on device: '{tmp_path}/weights\.pt'"):
        checkpoints.save({"one": torch.ones(3)}, tmp_path / "weights.pt")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("code", [errno.EACCES, errno.EMFILE, errno.EIO])
def test_what_the_system_refuses_to_read_is_not_called_damaged(
    trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    path = tmp_path / trial.id[:16] / "weights.pt"
    save_network(build_network(trial), trial, path)

    def refuse(file: object, *_: object) -> None:
        raise OSError(code, os.strerror(code), str(file))

    monkeypatch.setattr(zipfile, "ZipFile", refuse)
    said = rf"weights\.pt: cannot be read \({os.strerror(code)}\)\.$"
    with pytest.raises(NetworkError, match=said):
        load_network(path)
    with pytest.raises(NetworkError, match=said):
        load_run(trial, tmp_path)


@pytest.mark.parametrize("what", ["weights", "statistics"])
@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda path: path.write_bytes(b""), "it is empty or cut off"),
        (lambda path: path.write_text("nothing of the kind"), "it is empty or cut off"),
        (lambda path: path.write_bytes(path.read_bytes()[:-10]), "it is empty or cut off"),
        (lambda path: checkpoints.save({"odd": torch.ones(3)}, path), "they are "),
        (lambda path: checkpoints.save({"z1|i->z1|odd": torch.ones(3)}, path), "they are another network's"),
    ],
    ids=["empty", "text", "cut", "foreign", "of another network"],
)
def test_a_damaged_run_is_named_with_its_trial(
    trial: Trial, tmp_path: Path, what: str, damage: Callable[[Path], object], reason: str
) -> None:
    network, folder = build_network(trial), tmp_path / trial.id[:16]
    checkpoints.save(network.state_dict(), folder / "weights.pt")
    checkpoints.save(flat(estimate_batch_statistics(network, images())), folder / "statistics.pt")
    load_run(trial, tmp_path)
    damage(folder / f"{what}.pt")
    with pytest.raises(
        NetworkError,
        match=rf"/{what}\.pt: not the whole {what} of trial {trial.id[:16]} \({reason}.*\); run it again\.$",
    ):
        load_run(trial, tmp_path)


def test_a_run_whose_weights_are_not_finite_is_refused(trial: Trial, tmp_path: Path) -> None:
    weights = build_network(trial).state_dict()
    next(iter(weights.values())).fill_(float("inf"))
    checkpoints.save(weights, tmp_path / trial.id[:16] / "weights.pt")
    with pytest.raises(NetworkError, match=r"weights\.pt: '.*' among its weights is not finite"):
        load_run(trial, tmp_path)


# --- the commands ---------------------------------------------------------------------------------


def refused(*words: object) -> str:
    """What a command says that refuses in one sentence."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


@pytest.fixture(scope="module")
def file(trial: Trial, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("networks") / "network.pt"
    save_network(build_network(trial), trial, path)
    return path


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--failed", "z1", "--probability", "z2=0.1"], "give one of the two"),
        (
            ["--probability", "z1=0.1", "--probability", "z1=0.9"],
            "--probability of 'z1' is given 2 times (0.1, 0.9); give it once.",
        ),
        (["--failed", "z1,z2"], "can fail are z1, z2; for several, say --failed z1 --failed z2."),
        (["--failed", "nope"], "there is no node 'nope'; the nodes that can fail are z1, z2."),
        (["--failed", "z3"], "'z3' cannot fail; the nodes that can fail are z1, z2."),
    ],
)
def test_evaluate_refuses_what_contradicts_itself_or_the_network(
    file: Path, words: list[str], message: str
) -> None:
    assert message in refused("evaluate", file, *words)


def test_evaluate_tells_of_one_scenario_and_of_what_it_leaves_out_then() -> None:
    text = " ".join(CliRunner().invoke(app, ["evaluate", "--help"]).output.split())
    assert "--failed n1 --failed n3" in text
    assert "expected accuracies are left out" in text


def test_networks_names_a_command_that_makes_the_weights(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    message = refused("networks", "figure-2c", "--profile", "smoke", "--runs", runs, "--out", tmp_path / "to")
    assert "run the trial first, for example by `resilinet sweep figure-2c --profile smoke" in message
    assert f"--results build/again --runs {runs}`" in message


def test_networks_refuses_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for out, reason in ((file, "it is a file"), (file / "to", f"{file} is a file")):
        message = f"{out}: networks cannot be written there ({reason}); give another folder with --out."
        assert message in refused("networks", "--out", out)
