"""The convolutions of our own against PyTorch's, and every kernel in use against float64."""

from functools import cache

import pytest
import torch
from torch import Tensor, nn

from resilinet.models import model
from resilinet.models.convolutions import Convolution, Pointwise, StridedDepthwise
from resilinet.network import DistributedNetwork

ORDERS = [torch.contiguous_format, torch.channels_last]
NETWORKS = {
    "MobileNet, CIFAR-10, width 0.75": ("mobilenet", {"geometry": "released-cifar", "width": 0.75}),
    "MobileNet, CIFAR-10, width 0.25": ("mobilenet", {"geometry": "released-cifar", "width": 0.25}),
    "MobileNet, 160 px, width 0.25": ("mobilenet", {"geometry": "160px", "width": 0.25}),
    "ResNet-18, width 1": ("resnet", {"geometry": "released", "width": 1.0}),
}


def computed(layer: nn.Module, x: Tensor, order: torch.memory_format, *, mixed: bool = False) -> list[Tensor]:
    """What a convolution makes of images, and the gradients of their squares' sum, in float64."""
    images = x.contiguous(memory_format=order).requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
        sent = layer(images)
    # Known gradients, so that rounding of the outputs does not count twice.
    sent.backward(torch.randn(sent.shape, generator=torch.Generator().manual_seed(1)).to(sent.dtype))
    gradient, of_weight = images.grad, layer.weight.grad
    layer.weight.grad = None
    assert gradient is not None
    assert of_weight is not None
    return [tensor.detach().double() for tensor in (sent, gradient, of_weight)]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("side", "stride"), [(31, 1), (31, 4), (40, 4), (2, 4), (16, 2)])
def test_a_pointwise_convolution_is_the_strided_one(
    side: int, stride: int, order: torch.memory_format
) -> None:
    plain = nn.Conv2d(3, 5, 1, stride, bias=False).double()
    ours = Pointwise(3, 5, stride).double()
    ours.load_state_dict(plain.state_dict())
    x = torch.randn(2, 3, side, side, dtype=torch.float64)
    for one, other in zip(computed(plain, x.clone(), order), computed(ours, x.clone(), order), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("side", [2, 3, 7, 15, 31, 40])
def test_a_strided_depthwise_convolution_is_the_padded_valid_one(
    side: int, order: torch.memory_format
) -> None:
    plain = nn.Conv2d(5, 5, 3, 2, groups=5, bias=False).double()
    ours = StridedDepthwise(5).double()
    ours.load_state_dict(plain.state_dict())
    x = torch.randn(2, 5, side, side, dtype=torch.float64)
    padded = nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), plain)
    padded.weight = plain.weight  # type: ignore[assignment]
    for one, other in zip(computed(padded, x.clone(), order), computed(ours, x.clone(), order), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@cache
def layers(network: str) -> list[tuple[nn.Conv2d, tuple[int, ...]]]:
    """Every distinct convolution of a network, skips' adapters included, with the maps that it is given."""
    name, sizes = NETWORKS[network]
    family = model(name)
    topology = family.topology()
    built = DistributedNetwork(
        family.blocks(**sizes),
        topology,
        input_shape=family.input_shape(**sizes),
        adapters=family.adapters(topology, **sizes),
        skips="always",
    )
    found: dict[object, tuple[nn.Conv2d, tuple[int, ...]]] = {}

    def note(layer: nn.Conv2d, given: tuple[Tensor, ...]) -> None:
        shape = tuple(given[0].shape[1:])
        kind = type(layer), shape, layer.out_channels, layer.kernel_size, layer.stride, layer.groups
        found.setdefault(kind, (layer, shape))

    for layer in built.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_pre_hook(note)
    for adapter in built.adapters.values():  # fitted on the meta device
        adapter.to_empty(device="cpu")
    for parameter in built.parameters():
        nn.init.normal_(parameter, 0, 0.1)
    with torch.no_grad():
        built(torch.randn(2, *built.input_shape))
    return list(found.values())


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("mixed", "most"), [(False, 1e-5), (True, 1e-2)])
def test_every_kernel_in_use_agrees_with_float64(
    network: str, order: torch.memory_format, mixed: bool, most: float
) -> None:
    """Of the size of outputs and gradients: 1e-5 in float32, 1e-2 in bfloat16, whose last digit is 4e-3."""
    stream = torch.Generator().manual_seed(0)
    for layer, shape in layers(network):
        # Numbers of bfloat16, so that rounding of what is given does not count.
        x = torch.randn(4, *shape, generator=stream).bfloat16().float()
        layer.weight.data = layer.weight.data.bfloat16().float()
        found = computed(layer, x.clone(), order, mixed=mixed)
        layer.double()
        oracle = computed(layer, x.double(), torch.contiguous_format)
        layer.float()
        for ours, exact in zip(found, oracle, strict=True):
            assert (ours - exact).norm() <= most * exact.norm(), (layer, shape)


def test_a_padded_convolution_on_one_pixel_learns_from_its_centre_alone() -> None:
    layer = Convolution(4, 4, stride=2)
    *_, gradient = computed(layer, torch.randn(2, 4, 1, 1), torch.channels_last, mixed=True)
    gradient[:, :, 1, 1] = 0
    assert not gradient.any()
