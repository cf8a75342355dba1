"""Trained networks as small files: what is rounded, what is kept, and what is refused."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from resilinet.experiments import EXPERIMENTS
from resilinet.networks import NetworkError, load, load_run, save
from resilinet.route_statistics import estimate, flat
from resilinet.runner import build_network
from resilinet.schemes import RESILINET
from resilinet.training import save as save_whole
from resilinet.trials import Trial


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
    network.route_statistics = estimate(network, images())
    save(network, trial, tmp_path / "network.pt")
    again, same_trial = load(tmp_path / "network.pt")
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
    save_whole(network.state_dict(), folder / "weights.pt")
    assert load_run(trial, tmp_path).route_statistics == {}
    network.route_statistics = estimate(network, images())
    save_whole(flat(network.route_statistics), folder / "statistics.pt")
    x = images()[:2].float() / 255
    for alive in (None, network.topology.everyone - {"z1"}):
        with torch.no_grad():
            assert torch.equal(load_run(trial, tmp_path)(x, alive), network(x, alive))


def test_what_is_no_network_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match=r"none\.pt: there is no such file"):
        load(tmp_path / "none.pt")
    (tmp_path / "text.pt").write_text("no network")
    with pytest.raises(NetworkError, match=r"text\.pt: not a trained network of this package"):
        load(tmp_path / "text.pt")
