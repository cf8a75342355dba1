"""Skip layers are distilled after training and change nothing else."""

from dataclasses import replace

import pytest
import torch

from companion.extensions.distillation import distil, skip_layers
from resilinet.evaluation import correct_counts
from resilinet.models import mlp
from resilinet.network import DistributedNetwork
from resilinet.routing import Skips
from small_networks import RECIPE, examples, small

SIZES = {"features": 4, "width": 8, "classes": 3}


def skipping(**options: object) -> DistributedNetwork:
    torch.manual_seed(0)
    topology = mlp.topology()
    layers = skip_layers(topology, **SIZES)
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
    with pytest.raises(ValueError, match="distilled is -1; give a whole number from 0"):
        replace(RECIPE, distilled=-1)
