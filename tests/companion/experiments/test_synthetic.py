"""Made-up data can be learned, come out the same each time, and never pass for real ones."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from companion.experiments.synthetic import synthetic_health, synthetic_images
from resilinet.data import DataError
from resilinet.data.images import as_input

PARTS = ("train", "validation", "test")
PINNED_IMAGES = "44adcb30fac57d44c9b7585f6c84af24166405e8d19968e95026005dcdbcb7ac"
PINNED_SYNTHETIC = "77c67862354620fea74bda519012b9d1089627f11ff9c1e1a40ae51a43983247"


# --- synthetic -----------------------------------------------------------------------------------


def test_synthetic_has_the_shape_of_health():
    data = synthetic_health()
    assert (len(data.train), len(data.validation), len(data.test)) == (3200, 400, 400)
    assert data.classes == 13
    assert data.description["name"] == data.name == "synthetic-health"
    x = torch.cat([data.part(part).x for part in PARTS])
    assert x.shape == (4000, 23)
    assert x.dtype == torch.float32
    torch.testing.assert_close(x, x.trunc())
    assert 50 < x.abs().max() < 700, "the range of the recordings"


def test_synthetic_activities_occur_in_every_part():
    for seed in range(5):
        data = synthetic_health(seed=seed)
        for part in PARTS:
            counts = data.label_counts(part)
            assert counts[0] == 0
            assert all(counts[1:])
        counts = data.label_counts("train")
        assert counts[12] < min(counts[1:12]), "label 12 is rare, as in the recordings"


def test_synthetic_is_the_same_each_time_and_another_for_each_argument():
    first, again = synthetic_health(500, 1), synthetic_health(500, 1)
    assert dict(first.description) == dict(again.description)
    for part in PARTS:
        assert torch.equal(first.part(part).x, again.part(part).x)
        assert torch.equal(first.part(part).y, again.part(part).y)
    others = {synthetic_health(500, 2).fingerprint, synthetic_health(501, 1).fingerprint}
    assert len(others | {first.fingerprint}) == 3


def test_synthetic_fingerprint_is_pinned():
    """Raise this only with the knowledge that every trial on synthetic data starts anew."""
    assert synthetic_health(1000, 0).fingerprint == PINNED_SYNTHETIC


def test_synthetic_refuses_too_few_rows_and_negative_seeds():
    with pytest.raises(DataError, match="100 rows or more, not 99"):
        synthetic_health(99)
    with pytest.raises(DataError, match="seed must be a whole number from 0 up, not -1"):
        synthetic_health(seed=-1)


def test_small_network_learns_synthetic_data_in_three_epochs():
    data = synthetic_health()
    generator = torch.Generator().manual_seed(0)
    layers: list[nn.Module] = []
    for inputs, outputs in [(23, 32), (32, 32), (32, 32), (32, 13)]:
        layer = nn.Linear(inputs, outputs)
        nn.init.xavier_uniform_(layer.weight, generator=generator)
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()]
    network = nn.Sequential(*layers[:-1])
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    for _ in range(3):
        for batch in torch.randperm(len(data.train), generator=generator).split(64):
            optimiser.zero_grad()
            output = network(data.train.x[batch])
            nn.functional.cross_entropy(output, data.train.y[batch]).backward()
            optimiser.step()
    with torch.no_grad():
        accuracy = (network(data.test.x).argmax(1) == data.test.y).double().mean()
    assert 0.5 < accuracy < 0.99, "far above the 8.7 % of guessing, and not trivial"


# --- synthetic images ----------------------------------------------------------------------------


def test_synthetic_images_have_the_shape_of_cifar10():
    data = synthetic_images()
    assert (len(data.train), len(data.validation), len(data.test)) == (1600, 200, 200)
    assert data.train.x.shape == (1600, 3, 32, 32)
    assert data.train.x.dtype == torch.uint8
    assert data.classes == 10
    assert data.augmentation == "none"
    for part in PARTS:
        assert all(data.label_counts(part)), "every class in every part"


def test_synthetic_images_are_the_same_each_time_and_others_for_each_argument():
    given = {"images": 100, "side": 8, "classes": 4, "seed": 1}
    first = synthetic_images(**given)
    assert torch.equal(first.test.x, synthetic_images(**given).test.x)
    others = [
        synthetic_images(**{**given, name: value}).fingerprint
        for name, value in {"images": 101, "side": 9, "classes": 5, "seed": 2}.items()
    ]
    assert len({first.fingerprint, *others}) == 5
    augmented = synthetic_images(**given, augmentation="released-code")
    assert augmented.augmentation == "released-code"
    assert augmented.fingerprint == first.fingerprint, "augmentation changes no tensor"
    assert dict(augmented.description) != dict(first.description)


def test_synthetic_images_fingerprint_is_pinned():
    """Raise this only with the knowledge that every trial on synthetic images starts anew."""
    assert synthetic_images(100, 8, 4, 0).fingerprint == PINNED_IMAGES


def test_synthetic_views_are_images_of_their_examples_class():
    data = synthetic_images(200, 16, 2, views=3)
    assert data.train.x.shape == (160, 3, 3, 16, 16)
    assert data.description["views"] == 3
    assert "views" not in synthetic_images(100, 8, 4).description
    # Of two classes one runs in one colour: its blue and its red channel rise and fall against each other.
    images = data.train.x.double() - data.train.x.double().mean((-2, -1), keepdim=True)
    opposed = (images[:, :, 0] * images[:, :, 2]).mean((-2, -1)) < 0
    agree = (opposed == (data.train.y == 0)[:, None]).double().mean(0)
    assert (agree > 0.7).all(), agree
    assert not torch.equal(data.train.x[:, 0], data.train.x[:, 1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"images": 99}, "images of 100 or more, not 99"),
        ({"side": 7}, "side of 8 or more, not 7"),
        ({"classes": 1}, "classes of 2 or more, not 1"),
        ({"views": 0}, "views of 1 or more, not 0"),
        ({"seed": -1}, "from 0 up, not -1"),
        ({"augmentation": "mixup"}, "'mixup' is unknown"),
    ],
)
def test_synthetic_images_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(DataError, match=message):
        synthetic_images(**arguments)


def test_small_network_learns_synthetic_images_in_six_epochs():
    data = synthetic_images()
    generator = torch.Generator().manual_seed(0)
    layers: list[nn.Module] = []
    for inputs, outputs in [(3, 8), (8, 16), (16, 32)]:
        convolution = nn.Conv2d(inputs, outputs, 3, 2, 1)
        nn.init.xavier_uniform_(convolution.weight, generator=generator)
        nn.init.zeros_(convolution.bias)
        layers += [convolution, nn.ReLU()]
    head = nn.Linear(32, 10)
    nn.init.xavier_uniform_(head.weight, generator=generator)
    nn.init.zeros_(head.bias)
    network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), head)
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(6):
        for batch in torch.randperm(len(data.train), generator=generator).split(32):
            optimiser.zero_grad()
            output = network(as_input(data.train.x[batch], torch.float32))
            nn.functional.cross_entropy(output, data.train.y[batch]).backward()
            optimiser.step()
    with torch.no_grad():
        outputs = network(as_input(data.test.x, torch.float32))
    accuracy = (outputs.argmax(1) == data.test.y).double().mean()
    assert 0.5 < accuracy < 0.99, "far above the 10 % of guessing, and not trivial"


def test_mean_colour_does_not_tell_classes_apart():
    """A linear classifier of channel means is hardly better than guessing one class in ten."""
    data = synthetic_images()
    means = [
        torch.cat([data.part(p).x.double().mean((2, 3)) / 255, torch.ones(len(data.part(p)), 1)], 1)
        for p in PARTS
    ]
    fitted = torch.linalg.lstsq(means[0], nn.functional.one_hot(data.train.y, 10).double()).solution
    accuracy = ((means[2] @ fitted).argmax(1) == data.test.y).double().mean()
    assert accuracy < 0.2
