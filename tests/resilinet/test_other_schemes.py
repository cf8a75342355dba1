"""Schemes beyond the paper's are values of its types: joint losses, exits, distilled skip layers, unit dropout."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from resilinet.distillation import distil
from resilinet.evaluation import correct_counts
from resilinet.failout import EveryFailure
from resilinet.models import early_exit, mlp
from resilinet.network import DistributedNetwork
from resilinet.routing import Skips
from resilinet.topology import TopologyError, vertical
from resilinet.training import mean_loss, train
from small_networks import RECIPE, examples, small

SIZES = {"features": 4, "width": 8, "classes": 3}


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


def test_the_last_node_before_the_gap_answers() -> None:
    torch.manual_seed(0)
    topology = early_exit.topology()
    network = DistributedNetwork(
        early_exit.blocks(**SIZES),
        topology,
        input_shape=(4,),
        adapters=early_exit.adapters(topology, **SIZES),
    ).eval()
    x = torch.randn(5, 4)
    whole, cut = network(x), network(x, topology.everyone - {"n2", "n3", "n4"})
    assert torch.equal(cut, network.adapters["n1->answer"](network.nodes["n1"](x)))
    assert torch.equal(network(x, {"i", "answer"}), network.adapters["i->answer"](x))
    assert whole.shape == cut.shape == (5, 3)


def test_an_exit_needs_a_head_and_leads_to_the_answer() -> None:
    topology = early_exit.topology()
    with pytest.raises(TopologyError, match="answer"):
        DistributedNetwork(early_exit.blocks(**SIZES), topology, input_shape=(4,))
    with pytest.raises(TopologyError, match=r"\('i', 'n2'\) is no exit; give|is no exit: give pairs"):
        early_exit.topology(skips=(("i", "n2"),))


def skipping(**options: object) -> DistributedNetwork:
    torch.manual_seed(0)
    topology = mlp.topology()
    layers = mlp.skip_layers(topology, **SIZES)
    return DistributedNetwork(
        mlp.blocks(**SIZES),
        topology,
        input_shape=(4,),
        adapters=layers,
        **options,  # type: ignore[arg-type]
    )


def test_skip_layers_learn_what_failed_nodes_send_and_change_nothing_else() -> None:
    network, data = skipping(), examples(256)
    before = {name: value.clone() for name, value in network.nodes.state_dict().items()}
    x = data.test.x
    healthy = network.eval()(x)
    recipe = replace(RECIPE, learning_rate=1e-2, distilled=1)
    first = distil(network, data.train.x, recipe, 0)
    last = distil(network, data.train.x, replace(recipe, distilled=30), 0)
    assert last < first / 2
    assert torch.equal(network(x), healthy)
    assert all(torch.equal(value, before[name]) for name, value in network.nodes.state_dict().items())
    counts = correct_counts(network, x, data.test.y)
    assert counts["n1"] is not None
    assert counts["n1+n2"] is None


def test_what_cannot_be_distilled_is_refused() -> None:
    data = examples()
    with pytest.raises(ValueError, match="no skip hyperconnection has a layer with weights"):
        distil(small(), data.train.x, RECIPE, 0)
    with pytest.raises(ValueError, match="skip layers stand in for failed nodes"):
        distil(skipping(skips=Skips.ALWAYS), data.train.x, RECIPE, 0)
    with pytest.raises(ValueError, match="distilled is -1; give a whole number of epochs"):
        replace(RECIPE, distilled=-1)


def test_unit_dropout_ends_every_hidden_layer_and_is_off_in_evaluation() -> None:
    blocks = mlp.blocks(**SIZES, dropout=0.5)
    assert [any(isinstance(m, nn.Dropout) for m in block.modules()) for block in blocks] == [True] * 10 + [
        False
    ]
    chain = vertical({"i": 0, "n1": 11})
    network = DistributedNetwork(blocks, chain, input_shape=(4,)).eval()
    x = torch.randn(3, 4)
    assert torch.equal(network(x), network(x))
    assert not torch.equal(network.train()(x), network(x))


@pytest.mark.parametrize("rate", [1.0, -0.1])
def test_a_rate_of_dropout_is_a_probability_below_one(rate: float) -> None:
    with pytest.raises(ValueError, match="units cannot be dropped with probability"):
        mlp.blocks(dropout=rate)
