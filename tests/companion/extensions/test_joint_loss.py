"""A joint loss learns each batch under every failure of a list."""

from dataclasses import replace

import pytest
import torch

from companion.extensions.joint_loss import EveryFailure
from resilinet.training import mean_loss, train
from small_networks import RECIPE, examples, small


def test_a_joint_loss_is_the_mean_over_no_failure_and_the_sets_of_a_list() -> None:
    network, data = small(), examples()
    failout = EveryFailure(network.topology, [("n1",)])
    assert failout.draws(torch.Generator()) == ({"i", "n1", "n2"}, {"i", "n2"})
    wanted = torch.stack(
        [
            mean_loss(network(data.train.x, alive), data.train.y, None)
            for alive in ({"i", "n1", "n2"}, {"i", "n2"})
        ]
    ).mean()
    whole = replace(RECIPE, epochs=1, batch_size=len(data.train))
    history, _ = train(network, data, whole, failout)
    assert history[0]["loss"] == pytest.approx(wanted.item(), rel=1e-6)


def test_a_joint_loss_under_the_failure_of_the_cloud_is_refused() -> None:
    with pytest.raises(ValueError, match="'n2' is a source or the cloud and never fails"):
        EveryFailure(small().topology, [("n2",)])
