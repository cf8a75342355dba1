"""Early exits answer where the chain breaks; units drop out in training alone."""

import pytest
import torch
from torch import nn

from resilinet.models import early_exit, mlp
from resilinet.network import DistributedNetwork
from resilinet.topology import TopologyError, vertical

SIZES = {"features": 4, "width": 8, "classes": 3}


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
