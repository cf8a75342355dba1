"""Frames carry tensors as they are, and nothing else passes for one."""

from __future__ import annotations

import random

import pytest
import torch
from torch import Tensor

from resilinet.live.frames import DTYPES, Codec, Frame
from resilinet.live.member import STATUS
from resilinet.models.partitions import camera, mlp
from resilinet.topology import vertical, with_skips

CODEC = Codec(mlp(), 64)
FRAME = Frame(7, torch.arange(6.0).view(2, 3), frozenset({"i->n1"}))
WHOLE = CODEC.encode(FRAME)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "tensor",
    [torch.arange(24).view(2, 3, 4), torch.arange(24).view(4, 3, 2).transpose(0, 2), torch.arange(3)],
    ids=["contiguous", "transposed", "one number an example"],
)
def test_a_tensor_arrives_bit_for_bit(tensor: Tensor, dtype: torch.dtype) -> None:
    sent = Frame(2**32 - 1, tensor.to(dtype), frozenset({"i->n2", "n2->n4"}))
    found = CODEC.decode(CODEC.encode(sent), tensor.shape[1:])
    assert found.tensor.dtype == dtype
    assert torch.equal(found.tensor, sent.tensor)
    assert (found.request, found.route) == (sent.request, sent.route)


def test_numbers_that_are_none_arrive_as_they_are() -> None:
    odd = torch.tensor([[float("nan"), float("inf"), -0.0, 1e-45]])
    found = CODEC.decode(CODEC.encode(Frame(0, odd)), (4,)).tensor
    assert torch.equal(found.view(torch.int32), odd.view(torch.int32))


def test_a_tensor_begins_in_memory_where_a_new_one_does() -> None:
    """Libraries sum in another order where it does not, so that answers would differ in their last bits."""
    found = [
        CODEC.decode(CODEC.encode(Frame(0, torch.ones(1, size))), (size,)).tensor for size in range(1, 50)
    ]
    assert {tensor.data_ptr() % 64 for tensor in found} == {0}


def test_every_hyperconnection_of_the_camera_network_can_be_named() -> None:
    topology = camera()
    codec = Codec(topology, 1)
    route = frozenset(link.key for link in topology.links)
    assert len(route) > 8
    assert codec.decode(codec.encode(Frame(1, torch.zeros(1, 3), route)), (3,)).route == route


def test_no_frame_ends_as_a_status_does() -> None:
    topology = with_skips(
        vertical(dict.fromkeys("abcde", 1)), [("a", "c"), ("a", "d"), ("a", "e"), ("b", "d")]
    )
    assert len(topology.links) == 8
    every = frozenset(link.key for link in topology.links)
    codec = Codec(topology, 1)
    whole = codec.encode(Frame(2**32 - 1, torch.full((1, 3), -1), every))
    assert not whole.endswith(STATUS)
    assert codec.decode(whole, (3,)).route == every


def test_a_frame_is_six_bytes_longer_than_its_tensor() -> None:
    assert len(CODEC.encode(Frame(0, torch.zeros(64, 3)))) == 64 * 3 * 4 + 6


@pytest.mark.parametrize(
    ("message", "shape", "problem"),
    [
        (b"", (3,), "0 bytes are no frame"),
        (b"short", (3,), "5 bytes are no frame"),
        (WHOLE[:-1], (3,), "does not exist"),
        (WHOLE[1:], (3,), r"23 bytes are not 1 to 64 examples of shape \(3,\)"),
        (b"x" + WHOLE, (3,), r"25 bytes are not 1 to 64 examples"),
        (WHOLE, (4,), r"24 bytes are not 1 to 64 examples of shape \(4,\)"),
        (WHOLE[:-2] + b"\x07\x00", (3,), "does not exist"),
        (WHOLE[:-2] + b"\x00\x80", (3,), "does not exist"),
        (CODEC.encode(Frame(0, torch.zeros(65, 3))), (3,), "780 bytes are not 1 to 64"),
        (CODEC.encode(Frame(0, torch.zeros(0, 3))), (3,), "0 bytes are not 1 to 64"),
    ],
)
def test_what_is_no_frame_is_refused(message: bytes, shape: tuple[int, ...], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        CODEC.decode(message, shape)


def test_damaged_frames_are_refused_or_read_and_nothing_else_happens() -> None:
    choose = random.Random(0)
    for _ in range(2000):
        damaged = bytearray(WHOLE)
        for _ in range(choose.randint(1, 3)):
            damaged[choose.randrange(len(damaged))] = choose.randrange(256)
        try:
            found = CODEC.decode(bytes(damaged), (3,))
        except ValueError:
            continue
        assert found.tensor.shape[1:] == (3,)
