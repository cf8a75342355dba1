"""The models' blocks: counts, shapes and what each node sends, from real modules."""

import pytest
import torch

from resilinet.models import mlp, mobilenet, resnet
from resilinet.network import DistributedNetwork
from resilinet.routing import Skips
from resilinet.topology import TopologyError


def sent(network: DistributedNetwork) -> list[int]:
    return [count for name, count in network.elements().items() if name != network.topology.cloud]


def build(model: object, shape: tuple[int, ...], **options: object) -> DistributedNetwork:
    topology = model.topology()
    with torch.device("meta"):
        return DistributedNetwork(
            model.blocks(**options), topology, input_shape=shape, adapters=model.adapters(topology, **options)
        )


def test_the_mlp_sends_its_input_and_its_widths() -> None:
    assert sent(build(mlp, (23,))) == [23, 250, 250, 250]


@pytest.mark.parametrize(
    ("geometry", "side", "elements"),
    [
        ("released-cifar", 32, [31 * 31 * 24, 31 * 31 * 96, 7 * 7 * 384]),
        ("160px", 160, [153600, 153600, 38400]),
    ],
)
def test_mobilenet_sends_the_maps_of_its_geometry(geometry: str, side: int, elements: list[int]) -> None:
    assert sent(build(mobilenet, (3, side, side), geometry=geometry)) == elements


@pytest.mark.parametrize(
    ("geometry", "elements"),
    [
        ("released", [16384, 1024, 512]),
        ("cifar", [65536, 65536, 32768]),
        ("cifar-raw-image", [3072, 65536, 32768]),
    ],
)
def test_resnet_sends_the_maps_of_its_geometry(geometry: str, elements: list[int]) -> None:
    assert sent(build(resnet, (3, 32, 32), geometry=geometry)) == elements


def test_the_zero_padded_map_meets_the_skip_in_mobilenet() -> None:
    topology = mobilenet.topology()
    network = DistributedNetwork(
        mobilenet.blocks(width=0.25),
        topology,
        input_shape=(3, 32, 32),
        skips=Skips.ALWAYS,
        adapters=mobilenet.adapters(topology, width=0.25),
    ).eval()
    with torch.no_grad():
        assert network(torch.randn(2, 3, 32, 32)).shape == (2, 10)
        assert network(torch.randn(2, 3, 32, 32), {"i", "m1", "m3"}).shape == (2, 10)


def test_mobilenet_has_thirteen_stacked_layers_between_first_convolution_and_head() -> None:
    assert len(mobilenet.STACKED) == 13
    assert mobilenet.topology().blocks == mobilenet.topology((2, 2, 4, 6)).blocks == 15


def test_channels_grow_with_width() -> None:
    def parameters(width: float) -> int:
        return sum(p.numel() for block in mobilenet.blocks(width=width) for p in block.parameters())

    assert parameters(0.25) < parameters(0.75)


@pytest.mark.parametrize("model", [mobilenet, resnet])
def test_unknown_geometries_are_refused(model: object) -> None:
    with pytest.raises(ValueError, match="'round' is no geometry"):
        model.blocks("round")


def test_a_skip_without_its_adapter_is_refused() -> None:
    topology = resnet.topology()
    with pytest.raises(TopologyError, match="give i->z2 an adapter that fits"):
        DistributedNetwork(resnet.blocks(), topology, input_shape=(3, 32, 32))


def test_initialisation_is_glorot_uniform_with_zero_biases() -> None:
    layer = torch.nn.Linear(100, 300)
    mlp.initialise(layer, torch.Generator().manual_seed(0))
    bound = (6 / 400) ** 0.5
    assert layer.weight.abs().max() <= bound
    assert layer.weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.02)
    assert not layer.bias.any()


def test_figure_6_counts_the_input_as_a_layer() -> None:
    nodes = mlp.topology((2, 3, 2, 3)).nodes
    assert [node.stop - node.start for node in nodes] == [0, 2, 3, 2, 3 + 1]
