"""What cannot end well is refused before the first step, and modules are left in their modes."""

import copy
import re
from dataclasses import replace

import pytest
import torch
from torch import nn

from resilinet.network import DistributedNetwork
from resilinet.routing import Skips
from resilinet.topology import vertical
from resilinet.training import Interrupted
from small_networks import RECIPE, examples, small, train_small

pytestmark = pytest.mark.usefixtures("_one_thread")


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_an_empty_part_is_refused(part: str) -> None:
    with pytest.raises(
        ValueError, match=f"the {part} part of 'small' is empty; training needs examples in every"
    ):
        train_small(small(), examples(**{part: 0}))


@pytest.mark.parametrize(("count", "size"), [(49, 16), (1, 16), (3, 1)])
@pytest.mark.parametrize("where", ["node", "adapter"])
def test_a_batch_of_one_is_refused_where_batch_normalisation_cannot_take_it(
    count: int, size: int, where: str
) -> None:
    norm = nn.BatchNorm1d(4)
    network = small(norm) if where == "node" else small(adapters={"i->n2": norm})
    before = copy.deepcopy(network.state_dict())
    with pytest.raises(
        ValueError,
        match=rf"^{count} examples in batches of {size} leave one alone, .*; choose another batch size",
    ):
        train_small(network, examples(count), replace(RECIPE, batch_size=size))
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_a_batch_of_one_is_taken_where_it_can_be() -> None:
    train_small(small(), examples(49))
    train_small(small(nn.Unflatten(1, (1, 2, 2)), nn.BatchNorm2d(1), nn.Flatten()), examples(49))
    frozen = small(nn.BatchNorm1d(4))
    frozen.nodes["n1"][0][0].eval()
    train_small(frozen, examples(49))


def test_a_single_example_gives_no_batch_statistics() -> None:
    with pytest.raises(ValueError, match="cannot be re-estimated from a single training example"):
        train_small(small(), examples(1), replace(RECIPE, validation="re-estimated"))


@pytest.mark.parametrize(
    ("last", "labels", "shape"),
    [(nn.Linear(4, 3), (-100, 2), (3,)), (nn.Linear(4, 2), (0, 2), (2,)), (nn.Linear(4, 1), (0, 0), (1,))],
)
def test_labels_that_the_network_has_no_score_for_are_refused(
    last: nn.Module, labels: tuple[int, int], shape: tuple[int, ...]
) -> None:
    given = examples()
    for part in ("train", "validation", "test"):
        given.part(part).y.clamp_(*labels)
    given.train.y[0] = labels[0]
    network = DistributedNetwork([nn.Linear(4, 4), last], vertical({"i": 1, "n1": 1}), input_shape=(4,))
    message = (
        rf"^labels from {labels[0]} to {labels[1]} need a score for each .* shape {re.escape(str(shape))}"
    )
    with pytest.raises(ValueError, match=message):
        train_small(network, given, failout={})


def test_a_training_without_a_step_is_refused() -> None:
    skip = replace(RECIPE, no_flow="skip")
    with pytest.raises(ArithmeticError, match="no information reached the cloud in any batch of epoch 1"):
        train_small(small(skips=Skips.NEVER), recipe=skip, failout={"n1": 1.0})
    train_small(small(skips=Skips.NEVER), recipe=RECIPE, failout={"n1": 1.0})
    train_small(small(), recipe=skip, failout={"n1": 1.0})
    with pytest.raises(ValueError, match="the network has no weights that training may change"):
        train_small(small().requires_grad_(False))


@pytest.mark.parametrize("training", [True, False])
def test_training_leaves_every_module_in_the_mode_it_was_in(training: bool) -> None:
    network = small(nn.BatchNorm1d(4), nn.Dropout()).train(training)
    network.nodes["n1"][0][0].train(not training)
    before = [module.training for module in network.modules()]
    train_small(network)
    assert [module.training for module in network.modules()] == before
    with pytest.raises(Interrupted):
        train_small(network, stop=lambda: True)
    assert [module.training for module in network.modules()] == before


def test_what_is_frozen_while_others_train_stays_frozen() -> None:
    network, trained = small(nn.BatchNorm1d(4)), small(nn.BatchNorm1d(4)).eval()
    network.nodes["n1"][0][0].eval()
    train_small(network)
    assert torch.equal(network.nodes["n1"][0][0].running_mean, torch.zeros(4))
    train_small(trained)
    assert not torch.equal(trained.nodes["n1"][0][0].running_mean, torch.zeros(4))


def test_a_last_batch_that_is_too_small_for_a_module_is_refused_whatever_its_size() -> None:
    class Halves(nn.Module):
        """Normalises halves of a batch, as some do for want of memory."""

        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.BatchNorm1d(4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cat([self.norm(half) for half in x.split(2)])

    train_small(small(Halves()), examples(20), replace(RECIPE, batch_size=16))
    message = r"19 examples in batches of 16 leave 3 at last, which cannot .*; choose another batch size"
    with pytest.raises(ValueError, match=message):
        train_small(small(Halves()), examples(19), replace(RECIPE, batch_size=16))


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_inputs_that_are_no_finite_numbers_and_labels_of_no_class_are_refused_in_every_part(
    part: str,
) -> None:
    given = examples()
    given.part(part).x[1, 2] = torch.nan
    with pytest.raises(
        ValueError, match=f"the {part} part of 'small' holds inputs that are no finite numbers"
    ):
        train_small(small(), given)
    given = examples()
    given.part(part).y[1] = 9
    with pytest.raises(ValueError, match=r"labels from 0 to 9 need a score for each class"):
        train_small(small(), given)
