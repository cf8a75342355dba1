"""Convolutional networks as the paper's size trains them: mixed precision, augmented images, stopped and resumed."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from companion.experiments import EXPERIMENTS
from companion.experiments.networks import build_network
from companion.experiments.synthetic import synthetic_images
from companion.experiments.trial import Trial
from companion.sweeps.run import placed
from resilinet.batch_statistics import estimate_batch_statistics
from resilinet.data import Dataset
from resilinet.evaluation import accuracy
from resilinet.failout import Failout
from resilinet.models.convolutions import Convolution
from resilinet.schemes import RESILINET
from resilinet.training import VALIDATION_STATISTICS, Interrupted, Watch, train, validated

pytestmark = pytest.mark.usefixtures("_one_thread")

Outcome = tuple[dict[str, torch.Tensor], list]


@pytest.fixture(scope="module")
def images() -> Dataset:
    return synthetic_images(images=100, augmentation="released-code")


def narrow(key: str, images: Dataset) -> Trial:
    """The paper's recipe for images, on a narrow network and two epochs."""
    size = EXPERIMENTS[key].size("full")
    recipe = replace(size.recipe, epochs=2, batch_size=16, schedule="linear")
    network = {**size.network, "width": 0.125}
    size = replace(size, network=network, recipe=recipe, data=images.description)
    return EXPERIMENTS[key].trial(size, RESILINET, 0)


def trained(trial: Trial, images: Dataset, checkpoint: Path, stop_after: int = 0) -> Outcome:
    network = placed(build_network(trial), "cpu", trial.recipe.memory_format)
    failout = Failout(network.topology, trial.failout)
    epochs: list[int] = []
    history, _ = train(
        network,
        images,
        trial.recipe,
        failout,
        trial.seed,
        Watch(checkpoint, lambda: epochs[-1] == stop_after, lambda progress: epochs.append(progress.epoch)),
    )[:2]
    return network.state_dict(), history


@pytest.mark.parametrize("key", ["mobilenet", "resnet"])
def test_the_full_recipe_resumes_to_the_same_bits(key: str, images: Dataset, tmp_path: Path) -> None:
    trial = narrow(key, images)
    assert (trial.recipe.precision, images.augmentation) == ("autocast", "released-code")
    whole, history = trained(trial, images, tmp_path / "whole.pt")
    with pytest.raises(Interrupted):
        trained(trial, images, tmp_path / "parts.pt", stop_after=1)
    parts, resumed = trained(trial, images, tmp_path / "parts.pt")
    assert resumed == history
    for name, tensor in whole.items():
        assert torch.equal(tensor, parts[name]), name
        assert bool(tensor.isfinite().all()), name


def test_precision_and_augmentation_reach_the_training(images: Dataset, tmp_path: Path) -> None:
    trial = narrow("mobilenet", images)
    _, as_is = trained(trial, images, tmp_path / "as-is.pt")
    exact = replace(trial, recipe=replace(trial.recipe, precision="float32"))
    _, without_autocast = trained(exact, images, tmp_path / "exact.pt")
    assert as_is != without_autocast
    plain = synthetic_images(images=100)
    assert torch.equal(plain.train.x, images.train.x)
    _, not_moved = trained(replace(trial, data=plain.description), plain, tmp_path / "plain.pt")
    assert as_is != not_moved


@pytest.mark.parametrize("stride", [1, 2])
def test_around_a_map_of_one_pixel_mixed_precision_leaves_no_rubbish(stride: int) -> None:
    convolution = Convolution(8, 8, stride).to(memory_format=torch.channels_last)
    x = torch.ones(8, 8, 1, 1).to(memory_format=torch.channels_last)
    rubbish = torch.full((8, 8, 3, 3), 7e8)
    del rubbish  # what is allocated next finds it there
    with torch.autocast("cpu", torch.bfloat16):
        convolution(x).float().sum().backward()
    gradient = convolution.weight.grad
    assert gradient is not None
    assert bool(gradient[:, :, 1, 1].all())
    gradient[:, :, 1, 1] = 0
    assert not bool(gradient.any())


def test_one_pixel_gives_what_the_padded_kernel_gives() -> None:
    convolution = Convolution(8, 4, 2)
    x = torch.randn(5, 8, 1, 1, generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", torch.bfloat16):
        short = convolution(x)
    assert short.shape == (5, 4, 1, 1)
    torch.testing.assert_close(short.float(), convolution(x), rtol=0.02, atol=0.02)


def test_epochs_are_validated_with_statistics_of_the_route_without_failures(images: Dataset) -> None:
    trial = narrow("mobilenet", images)
    network = placed(build_network(trial), "cpu")
    validation = images.validation.x, images.validation.y
    with torch.autocast("cpu", torch.bfloat16):
        network.route_statistics = estimate_batch_statistics(
            network, images.train.x[:VALIDATION_STATISTICS], [frozenset()]
        )
        expected = accuracy(network, *validation)
        network.route_statistics = {}
        running = accuracy(network, *validation)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    found = validated(network, images.train.x, *validation, trial.recipe)
    assert found == {"validation_accuracy": expected, "running_validation_accuracy": running}
    assert network.route_statistics == {}
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in before.items())
    plain = validated(network, images.train.x, *validation, replace(trial.recipe, validation="running"))
    assert plain == {"validation_accuracy": running}


def test_where_the_rate_comes_to_zero_the_last_epoch_is_kept(images: Dataset) -> None:
    trial = narrow("resnet", images)
    recipe = replace(trial.recipe, epochs=3, keep="last", schedule="one-cycle", warm_up=1.0)
    network = placed(build_network(trial), "cpu", recipe.memory_format)
    ended: list[dict[str, torch.Tensor]] = []

    def report(progress: object) -> None:
        ended.append({name: value.clone() for name, value in network.state_dict().items()})

    history, kept = train(
        network, images, recipe, Failout(network.topology, trial.failout), 0, Watch(report=report)
    )
    assert (len(history), kept) == (3, 3)
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in ended[-1].items())
