"""The models' blocks: counts, shapes and what each node sends, from real modules."""

import math
import subprocess
import sys
from itertools import combinations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from data_prep.torchvision_import import import_torchvision
from resilinet.models import Model, mlp, mobilenet, model, resnet
from resilinet.models.adapters import fitting
from resilinet.network import DistributedNetwork
from resilinet.routing import Skips
from resilinet.topology import Topology, TopologyError, vertical, with_skips


def sent(network: DistributedNetwork) -> list[int]:
    return [count for name, count in network.elements().items() if name != network.topology.cloud]


def build(model: Model, topology: Topology | None = None, **sizes: object) -> DistributedNetwork:
    """On the meta device, where shapes are those of real modules and nothing is computed."""
    topology = model.topology() if topology is None else topology
    with torch.device("meta"):
        return DistributedNetwork(
            model.blocks(**sizes),
            topology,
            input_shape=model.input_shape(**sizes),
            adapters=model.adapters(topology, **sizes),
        )


def test_the_mlp_sends_its_input_and_its_widths() -> None:
    assert sent(build(mlp)) == [23, 250, 250, 250]


@pytest.mark.parametrize(
    ("geometry", "elements"),
    [
        ("released-cifar", [31 * 31 * 24, 31 * 31 * 96, 7 * 7 * 384]),
        ("160px", [153600, 153600, 38400]),
    ],
)
def test_mobilenet_sends_the_maps_of_its_geometry(geometry: str, elements: list[int]) -> None:
    assert sent(build(mobilenet, geometry=geometry)) == elements


@pytest.mark.parametrize(
    ("geometry", "elements"),
    [
        ("released", [16384, 1024, 512]),
        ("cifar", [65536, 65536, 32768]),
        ("cifar-raw-image", [3072, 65536, 32768]),
        ("imagenet", [112 * 112 * 64, 56 * 56 * 64, 28 * 28 * 128]),
    ],
)
def test_resnet_sends_the_maps_of_its_geometry(geometry: str, elements: list[int]) -> None:
    assert sent(build(resnet, geometry=geometry)) == elements


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


@pytest.mark.parametrize(
    "values",
    [
        {"model": "mlp", "features": 5, "width": 8, "hidden": 10, "classes": 3},
        {"model": "mobilenet", "geometry": "released-cifar", "width": 0.25, "classes": 10},
        {"model": "mobilenet", "geometry": "160px", "width": 0.25, "classes": 10, "side": 64},
        {
            "model": "resnet",
            "geometry": "cifar",
            "width": 0.25,
            "classes": 10,
            "side": 16,
        },
    ],
)
def test_every_model_is_built_from_the_values_of_a_trial_alike(values: dict) -> None:
    sizes = {key: value for key, value in values.items() if key != "model"}
    network = build(model(values["model"]), **sizes)
    assert network.sent_shape[network.topology.cloud] == (sizes["classes"],)
    for parameter in network.to_empty(device="cpu").parameters():
        nn.init.constant_(parameter, float("nan"))
    model(values["model"]).initialise(network, torch.Generator().manual_seed(0))
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Linear | nn.Conv2d)]
    assert all(parameter.isfinite().all() for layer in layers for parameter in layer.parameters())


def test_an_unknown_model_is_refused_by_naming_those_there_are() -> None:
    with pytest.raises(
        ValueError,
        match="'transformer' is no model of this package; there are: mlp, early_exit, mobilenet, resnet",
    ):
        model("transformer")


def test_importing_the_models_loads_no_pytorch() -> None:
    code = "import sys, resilinet.models; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("model", [mobilenet, resnet])
@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"geometry": "round"}, "'round' is no geometry"),
        ({"width": 0.01}, "a width of 0.01 leaves the .* no channel"),
        ({"side": 0}, "a network cannot have side=0; give a whole number from 1"),
        ({"side": 31.5}, "a network cannot have side=31.5; give a whole number from 1"),
        ({"width": float("nan")}, "a network cannot have width=nan; give a finite number above 0"),
        ({"width": float("inf")}, "a network cannot have width=inf"),
        ({"width": "wide"}, "a network cannot have width='wide'"),
    ],
)
def test_impossible_sizes_are_refused(model: Model, sizes: dict, message: str) -> None:
    for refuse in (model.blocks, lambda **sizes: model.adapters(model.topology(), **sizes)):
        with pytest.raises(ValueError, match=message):
            refuse(**sizes)


@pytest.mark.parametrize(("model", "total"), [(mobilenet, 14), (resnet, 9)])
def test_a_partition_places_every_block_and_leaves_no_node_empty(model: Model, total: int) -> None:
    assert model.topology((1, total - 1), skips=()).blocks == len(model.blocks(width=0.25)) == total + 1
    for wrong in [(1, total), (1, 0, total - 1), (1, -1, total), (total,), ()]:
        with pytest.raises(
            TopologyError, match=rf"counts from 1 that add up to {total}, .* nothing cuts apart"
        ):
            model.topology(wrong, skips=())


def skips_of(names: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(a, b) for (j, a), (k, b) in combinations(enumerate(names), 2) if k > j + 1]


@st.composite
def partitions(
    draw: st.DrawFn, total: int, letter: str
) -> tuple[tuple[int, ...], tuple[tuple[str, str], ...]]:
    cuts = sorted(draw(st.sets(st.integers(1, total - 1), min_size=2, max_size=4)))
    partition = tuple(b - a for a, b in zip([0, *cuts], [*cuts, total], strict=True))
    names = ("i", *(f"{letter}{k}" for k in range(1, len(partition))))
    return partition, tuple(draw(st.lists(st.sampled_from(skips_of(names)), unique=True, max_size=4)))


@given(
    case=partitions(14, "m"), geometry=st.sampled_from(["released-cifar", "160px"]), side=st.integers(32, 64)
)
@settings(max_examples=8, deadline=None)
def test_mobilenet_fits_any_partition_and_any_skips(case: tuple, geometry: str, side: int) -> None:
    network = build(mobilenet, mobilenet.topology(*case), geometry=geometry, width=0.125, side=side)
    stride = 1 if geometry == "released-cifar" else 2
    strides = [stride, *(stride if n == 2 else usual for n, (_, usual) in enumerate(mobilenet.STACKED, 1))]
    for link in network.topology.skips:
        source, target = (network.topology.by_name[end] for end in (link.source, link.target))
        adapter = network.adapters[link.key]
        convolution = adapter[0] if isinstance(adapter, nn.Sequential) else adapter
        assert convolution.stride[0] == math.prod(strides[source.stop : target.start])
        assert convolution.bias is None


@given(case=partitions(9, "z"), geometry=st.sampled_from(["released", "cifar", "cifar-raw-image"]))
@settings(max_examples=5, deadline=None)
def test_resnet_fits_any_partition_and_any_skips(case: tuple, geometry: str) -> None:
    network = build(resnet, resnet.topology(*case), geometry=geometry, width=0.125)
    assert set(network.adapters) == {link.key for link in network.topology.skips}


@pytest.mark.parametrize("skips", [(), (("i", "m2"),), (("m1", "m3"),), mobilenet.SKIPS])
@pytest.mark.parametrize(("geometry", "strides"), [("released-cifar", (1, 4)), ("160px", (2, 4))])
@pytest.mark.parametrize("partition", [(1, 3, 5, 5), (2, 2, 4, 6)])
def test_the_skips_of_the_paper(partition: tuple, geometry: str, strides: tuple, skips: tuple) -> None:
    adapters = mobilenet.adapters(mobilenet.topology(partition, skips), geometry=geometry)
    all_skips = dict(zip(mobilenet.SKIPS, strides, strict=True))
    expected = {f"{a}->{b}": all_skips[a, b] for a, b in skips}
    padded = geometry == "released-cifar" and ("m1", "m3") in skips
    assert adapters.keys() == expected.keys() | ({"m2->m3"} if padded else set())
    assert all(adapters[key].stride == (stride, stride) for key, stride in expected.items())
    assert not padded or adapters["m2->m3"](torch.ones(1, 1, 7, 7)).shape == (1, 1, 8, 8)


TOO_SMALL = (
    r"^this network cannot compute on \(3, (\d+), \1\): block 12, counted from 0, is given \(\d+, 1, 1\) \("
)


def test_images_of_other_channels_are_refused() -> None:
    reason = r"^this network cannot compute on \(1, 32, 32\): block 0, counted from 0, is given \(1, 32, 32\) \(.*\)\.$"
    with pytest.raises(ValueError, match=reason):
        fitting(mobilenet.blocks(width=0.125), mobilenet.topology(), (1, 32, 32))


@pytest.mark.parametrize(("geometry", "least"), [("released-cifar", 9), ("160px", 32)])
def test_images_too_small_for_a_geometry_are_refused(geometry: str, least: int) -> None:
    build(mobilenet, geometry=geometry, width=0.125, side=least)
    with pytest.raises(ValueError, match=TOO_SMALL):
        mobilenet.adapters(mobilenet.topology(skips=()), geometry=geometry, width=0.125, side=least - 1)
    with pytest.raises(ValueError, match=TOO_SMALL):
        mobilenet.adapters(mobilenet.topology(), geometry=geometry, width=0.125, side=least - 1)


def test_the_topology_of_another_network_is_refused() -> None:
    with pytest.raises(TopologyError, match="hosts 10 blocks, but the network has 15"):
        mobilenet.adapters(resnet.topology())


@pytest.mark.parametrize(
    ("first", "between"),
    [
        (nn.Flatten(), nn.Identity()),
        (nn.Identity(), nn.Flatten()),
        (nn.Identity(), nn.Upsample(scale_factor=2)),
        (nn.Identity(), nn.MaxPool2d(3, 1)),
    ],
    ids=["sends no map", "receives no map", "receives a larger one", "receives two pixels less"],
)
def test_skips_that_no_convolution_makes_fit_are_refused(first: nn.Module, between: nn.Module) -> None:
    topology = with_skips(vertical({"a": 1, "b": 1, "c": 1}))
    with pytest.raises(TopologyError, match=r"makes these fit together at 'c': b->c brings .*, a->c brings"):
        fitting([first, between, nn.Identity()], topology, (3, 8, 8))


def test_fitting_leaves_the_blocks_as_they_are() -> None:
    layers = [nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4)]
    found = fitting(layers, with_skips(vertical({"a": 1, "b": 1, "c": 1})), (3, 8, 8))
    assert {tensor.device.type for layer in layers for tensor in layer.state_dict().values()} == {"cpu"}
    assert layers[2].training
    assert found["a->c"].weight.shape == (4, 4, 1, 1)


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


@pytest.mark.parametrize(
    ("layer", "fans"),
    [
        (nn.Conv2d(32, 64, 3), 9 * 32 + 9 * 64),
        (nn.Conv2d(200, 100, 1, bias=False), 200 + 100),
        # Keras keeps a depthwise kernel as (3, 3, channels, 1): 9 * channels go in and 9 come out.
        (nn.Conv2d(512, 512, 3, groups=512), 9 * 512 + 9),
    ],
    ids=["3x3", "1x1", "depthwise"],
)
def test_convolutions_are_drawn_as_keras_draws_them(layer: nn.Conv2d, fans: int) -> None:
    mobilenet.initialise(layer, torch.Generator().manual_seed(0))
    bound = (6 / fans) ** 0.5
    assert bound * 0.99 < layer.weight.abs().max() <= bound
    assert layer.weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.02)
    assert layer.bias is None or not layer.bias.any()


def test_initial_weights_follow_from_the_generator_and_leave_batch_normalisation_alone() -> None:
    one, other = (nn.Sequential(*resnet.blocks(width=0.125)) for _ in range(2))
    for network in (one, other):
        resnet.initialise(network, torch.Generator().manual_seed(3))
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name])
    norms = [norm for norm in one.modules() if isinstance(norm, nn.BatchNorm2d)]
    assert len(norms) == 17
    assert all((norm.weight == 1).all() and not norm.bias.any() for norm in norms)


def shaken(module: nn.Module) -> nn.Module:
    """With parameters and statistics that no two channels share."""
    torch.manual_seed(0)
    for norm in module.modules():
        if isinstance(norm, nn.BatchNorm2d):
            for tensor in (norm.weight, norm.running_var):
                nn.init.uniform_(tensor, 0.5, 2)
            for tensor in (norm.bias, norm.running_mean):
                nn.init.normal_(tensor)
    return module


@pytest.mark.parametrize(("inside", "outside", "stride"), [(8, 8, 1), (8, 16, 2), (8, 8, 2)])
def test_blocks_are_torchvisions_rewired_to_activate_before(inside: int, outside: int, stride: int) -> None:
    import_torchvision()
    from torchvision.models.resnet import BasicBlock

    changes = stride > 1
    downsample = nn.Sequential(nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside))
    theirs = shaken(BasicBlock(inside, outside, stride, downsample if changes else None)).eval()
    x = torch.randn(2, inside, 7, 7, dtype=torch.float64)
    theirs, downsample = theirs.double(), downsample.double()
    before = shaken(resnet.Block(inside, outside, stride)).double().eval()
    with torch.no_grad():
        before.body[0].weight.copy_(theirs.conv1.weight)
        before.body[3].weight.copy_(theirs.conv2.weight)
        before.body[1].load_state_dict(theirs.bn2.state_dict())
        if changes:
            before.shortcut.weight.copy_(downsample[0].weight)
        opened = torch.relu(before.open[0](x))
        rewired = theirs.conv2(torch.relu(theirs.bn2(theirs.conv1(opened))))
        expected = rewired + (downsample[0](opened) if changes else x)
        torch.testing.assert_close(before(x), expected, rtol=1e-12, atol=1e-12)


def test_only_the_released_geometry_normalises_as_keras_does() -> None:
    def norms(blocks: list[nn.Module]) -> set[tuple[float, float]]:
        return {
            (m.eps, m.momentum) for m in nn.Sequential(*blocks).modules() if isinstance(m, nn.BatchNorm2d)
        }

    keras, pytorch = {(1e-3, 0.01)}, {(1e-5, 0.1)}
    assert norms(mobilenet.blocks(width=0.125)) == norms(resnet.blocks(width=0.125)) == keras
    assert norms(resnet.blocks("cifar", width=0.125)) == pytorch


def test_figure_6_counts_the_input_as_a_layer() -> None:
    nodes = mlp.topology((2, 3, 2, 3)).nodes
    assert [node.stop - node.start for node in nodes] == [0, 2, 3, 2, 3 + 1]


@pytest.mark.parametrize(
    ("model", "sizes"),
    [
        *(
            (mlp, {name: size})
            for name in ("features", "width", "hidden", "classes")
            for size in (0, -1, 2.5)
        ),
        *((family, {"classes": size}) for family in (mobilenet, resnet) for size in (0, -1, 2.5)),
    ],
)
def test_a_network_has_at_least_one_of_everything(model: Model, sizes: dict[str, object]) -> None:
    ((name, size),) = sizes.items()
    with pytest.raises(ValueError, match=f"cannot have {name}={size}; give a whole number from 1."):
        model.blocks(**sizes)


@pytest.mark.parametrize("name", ["features", "width"])
def test_an_adapter_of_the_mlp_has_at_least_one_of_everything(name: str) -> None:
    with pytest.raises(ValueError, match=f"cannot have {name}=0; give a whole number from 1."):
        mlp.adapters(mlp.topology(), **{name: 0})


@pytest.mark.parametrize(
    ("model", "sizes", "same"),
    [
        (mlp, {}, True),
        (resnet, {"geometry": "released", "width": 0.25}, True),
        (resnet, {"geometry": "cifar", "width": 0.125}, True),
        (resnet, {"geometry": "imagenet", "width": 0.125, "side": 64}, True),
        (mobilenet, {"geometry": "160px", "width": 0.125, "side": 96}, True),
        # The skip brings 8x8 maps to m3, where 7x7 arrive without it: those are padded, skip or not.
        (mobilenet, {"geometry": "released-cifar", "width": 0.125}, False),
    ],
)
def test_without_failures_resilinet_is_vanilla_but_where_a_skip_enlarges_a_map(
    model: Model, sizes: dict, same: bool
) -> None:
    skipping = model.topology()
    networks = []
    for topology in (skipping, skipping.without_skips()):
        network = DistributedNetwork(
            model.blocks(**sizes),
            topology,
            input_shape=model.input_shape(**sizes),
            adapters=model.adapters(topology, **sizes),
        )
        model.initialise(network.nodes, torch.Generator().manual_seed(0))
        model.initialise(network.adapters, torch.Generator().manual_seed(1))
        networks.append(network.eval())
    x = torch.randn(2, *networks[0].input_shape, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        resilinet, vanilla = (network(x) for network in networks)
    assert torch.equal(resilinet, vanilla) == same
