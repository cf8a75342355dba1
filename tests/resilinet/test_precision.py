"""Where and in which precision a training computes."""

import pytest
import torch

from resilinet import precision
from resilinet.precision import on_device


def test_examples_lie_on_a_device_that_has_room_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    images, elsewhere = torch.zeros(10, 3, 8, 8, dtype=torch.uint8), torch.device("meta")
    labels = torch.zeros(10, dtype=torch.int64)

    def placed(device: torch.device) -> set[str]:
        return {tensor.device.type for tensor in on_device(device, torch.float32, images, labels)}

    assert placed(torch.device("cpu")) == {"cpu"}
    assert placed(elsewhere) == {"meta"}
    both = images.nbytes + labels.nbytes
    monkeypatch.setattr(precision, "free_memory", lambda device: 2 * both)
    assert placed(elsewhere) == {"meta"}
    monkeypatch.setattr(precision, "free_memory", lambda device: 2 * both - 1)
    assert placed(elsewhere) == {"cpu"}


def test_inputs_are_converted_once_and_images_and_labels_stay_as_they_are() -> None:
    given = torch.rand(4, 3), torch.zeros(4, 3, 8, 8, dtype=torch.uint8), torch.zeros(4, dtype=torch.int64)
    found = on_device(torch.device("cpu"), torch.bfloat16, *given)
    assert [tensor.dtype for tensor in found] == [torch.bfloat16, torch.uint8, torch.int64]
