"""Where and in which precision a training computes."""

import pytest
import torch
from torch import nn

from companion.experiments.networks import build_network
from companion.experiments.trial import Trial
from resilinet.precision import MasterWeights, on_device


def test_examples_lie_on_a_device_that_has_room_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    images, elsewhere = torch.zeros(10, 3, 8, 8, dtype=torch.uint8), torch.device("meta")
    labels = torch.zeros(10, dtype=torch.int64)

    def placed(device: torch.device) -> set[str]:
        return {tensor.device.type for tensor in on_device(device, torch.float32, images, labels)}

    assert placed(torch.device("cpu")) == {"cpu"}
    assert placed(elsewhere) == {"meta"}
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (2 * images.nbytes, 0))
    assert placed(torch.device("cuda")) == {"cpu"}, "the labels no longer fit"


def test_inputs_are_converted_once_and_images_and_labels_stay_as_they_are() -> None:
    given = torch.rand(4, 3), torch.zeros(4, 3, 8, 8, dtype=torch.uint8), torch.zeros(4, dtype=torch.int64)
    found = on_device(torch.device("cpu"), torch.bfloat16, *given)
    assert [tensor.dtype for tensor in found] == [torch.bfloat16, torch.uint8, torch.int64]


def test_masters_stay_float32_and_the_working_copy_is_their_rounding(tiny: Trial) -> None:
    weights = MasterWeights(build_network(tiny), "bfloat16")
    for master, work in zip(weights.network.parameters(), weights.working.parameters(), strict=True):
        assert (master.dtype, work.dtype) == (torch.float32, torch.bfloat16)
        assert torch.equal(master.detach().bfloat16(), work.detach())


def test_steps_below_the_working_precision_add_up_in_the_masters(tiny: Trial) -> None:
    """A step of 1e-4 of a weight is lost in bfloat16, which keeps 8 bits; a hundred of them are not."""
    weights = MasterWeights(build_network(tiny), "bfloat16")
    nn.init.ones_(weights.network.nodes["n1"][0][0].weight)
    weights.publish()
    sgd = torch.optim.SGD(weights.network.parameters(), lr=1e-4)
    for _ in range(100):
        for work in weights.working.parameters():
            work.grad.fill_(1.0)
        weights.step(sgd)
    master, work = (net.nodes["n1"][0][0].weight.detach() for net in (weights.network, weights.working))
    torch.testing.assert_close(master, torch.full_like(master, 0.99), rtol=0, atol=1e-5)
    assert torch.equal(work, master.bfloat16())
    assert float(work[0, 0]) < 1


def test_float32_has_no_copy(tiny: Trial) -> None:
    network = build_network(tiny)
    assert MasterWeights(network, "float32").working is network
