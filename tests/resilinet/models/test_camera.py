"""Six cameras, eight nodes that can fail, one cloud: who receives what, by an oracle that knows no routing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from resilinet.evaluation import correct_counts
from resilinet.failures import scenario_key, scenarios
from resilinet.models import camera
from resilinet.network import DistributedNetwork
from resilinet.routing import Skips
from resilinet.topology import TopologyError

SIZES = {"width": 4, "side": 2, "classes": 3}
SOURCES = ("c1", "c2", "c3", "c4", "c5", "c6")
IMAGES = torch.rand(8, 6, 3, 2, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def build(skips: Skips = Skips.ON_FAILURE, **sizes: int) -> DistributedNetwork:
    topology, sizes = camera.topology(), SIZES | sizes
    network = DistributedNetwork(
        camera.blocks(**sizes),
        topology,
        input_shape=camera.input_shape(**sizes),
        skips=skips,
        adapters=camera.adapters(topology, **sizes),
    ).double()
    camera.initialise(network, torch.Generator().manual_seed(1))
    # Biases of zero would let a node that receives zeros pass for one that receives nothing.
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            nn.init.uniform_(parameter, 0.1, 0.9, generator=torch.Generator().manual_seed(len(name)))
    return network


def oracle(network: DistributedNetwork, x: Tensor, failed: frozenset[str], rule: Skips) -> Tensor | None:
    """The design of the experiment written out, node by node; None is what a node that is silent or failed sends."""

    def of(name: str, *received: Tensor | None) -> Tensor | None:
        present = [tensor for tensor in received if tensor is not None]
        return network.nodes[name](sum(present)) if present and name not in failed else None

    def joined(node: str, usual: Tensor | None, skips: Sequence[Tensor | None]) -> list[Tensor | None]:
        if rule is Skips.ON_FAILURE:  # one or the other
            return list(skips) if node in failed else [usual]
        return [usual, *skips] if rule is Skips.ALWAYS else [usual]

    c1, c2, c3, c4, c5, c6 = x.unbind(1)
    e1, e2, e3, e4 = of("e1", c1, c2), of("e2", c3), of("e3", c4, c5), of("e4", c6)
    f3, f4 = of("f3", e1), of("f4", e2, e3, e4)
    f2 = of("f2", *joined("f3", f3, [e1]), *joined("f4", f4, [e2, e3, e4]))
    f1 = of("f1", *joined("f2", f2, [f3, f4]))
    return of("cloud", *joined("f1", f1, [f2]))


@pytest.mark.parametrize("rule", Skips, ids=lambda rule: rule.name)
def test_every_scenario_gives_what_the_design_says(rule: Skips) -> None:
    network = build(rule)
    every = list(scenarios(network.topology))
    assert len(every) == 256
    y = torch.arange(len(IMAGES)) % 3
    counts = correct_counts(network, IMAGES, y, chunk=3)
    silent = 0
    for failed in every:
        wanted = oracle(network, IMAGES, failed, rule)
        found = network(IMAGES, network.topology.everyone - failed)
        count = counts[scenario_key(network.topology, failed)]
        if wanted is None:
            assert found is None
            assert count is None
            silent += 1
        else:
            assert found is not None
            torch.testing.assert_close(found, wanted)
            assert count == int((wanted.argmax(1) == y).sum())
    # Without skips f1 and f2 must live, and f3 with e1, or f4 with an edge node: 1 - 3/4 * 9/16 of the other 64.
    assert silent == 256 - 37 if rule is Skips.NEVER else 0 < silent < 256 - 37


def test_skips_know_the_nodes_that_they_bypass() -> None:
    topology = camera.topology()
    assert topology.sources == SOURCES
    assert set(topology.failable) == {f"{letter}{k}" for letter in "ef" for k in range(1, 5)}
    assert {skip.key: set(skip.bypasses) for skip in topology.skips} == {
        "e1->f2": {"f3"},
        "e2->f2": {"f4"},
        "e3->f2": {"f4"},
        "e4->f2": {"f4"},
        "f3->f1": {"f2"},
        "f4->f1": {"f2"},
        "f2->cloud": {"f1"},
    }
    assert camera.topology(skips=()) == topology.without_skips()


def test_eleven_blocks_of_which_f3_leaves_out_one() -> None:
    network = build(width=32, side=32)
    dense = {
        name: [m for m in node.modules() if isinstance(m, nn.Conv2d)] for name, node in network.nodes.items()
    }
    assert {name: len(layers) for name, layers in dense.items()} == {
        **dict.fromkeys(SOURCES, 0),
        **{"e1": 1, "e2": 1, "e3": 1, "e4": 1, "f3": 1, "f4": 2, "f2": 2, "f1": 2, "cloud": 3},
    }
    assert all(layer.out_channels == 32 for layers in dense.values() for layer in layers)
    classifier = [m for m in network.nodes["cloud"].modules() if isinstance(m, nn.Linear)]
    assert [(m.in_features, m.out_features) for m in classifier] == [(32**3, 3)]
    assert {network.sent_shape[name] for name in network.topology.failable} == {(32, 32, 32)}


def test_a_dense_layer_works_on_each_pixel_by_itself() -> None:
    network = build()
    sent: dict[str, Tensor] = {}
    for name in ("e1", "e2", "f4"):
        network.nodes[name].register_forward_hook(
            lambda node, given, out, name=name: sent.__setitem__(name, out.clone())
        )
    network(IMAGES)
    before, changed = dict(sent), IMAGES.clone()
    changed[:, 2, :, 0, 1] += 1
    network(changed)
    assert torch.equal(before["e1"], sent["e1"])
    for name in ("e2", "f4"):
        moved = (before[name] != sent[name]).any(1)
        assert moved[:, 0, 1].any()
        assert moved.sum() == moved[:, 0, 1].sum()


def test_nodes_side_by_side_start_from_weights_of_their_own() -> None:
    network = build()
    weights = [next(network.nodes[name].parameters()) for name in ("e1", "e2", "e3", "e4")]
    assert all(not torch.equal(weights[0], other) for other in weights[1:])


@pytest.mark.parametrize("partition", [(1, 2, 2, 3, 2), (1, 2, 2, 2), (), 10])
def test_another_partition_is_refused(partition: object) -> None:
    with pytest.raises(
        TopologyError, match=r"is no partition of the camera network: give \(1, 2, 2, 2, 3\)\.$"
    ):
        camera.topology(partition)


def test_impossible_sizes_are_refused() -> None:
    for sizes in ({"width": 0}, {"classes": 0}, {"side": 0}):
        with pytest.raises(ValueError, match="=0; give a whole number from 1"):
            camera.blocks(**sizes)
    with pytest.raises(ValueError, match="side=0"):
        camera.input_shape(side=0)
