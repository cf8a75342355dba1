"""Frames carry tensors as they are, and nothing else passes for one."""

from __future__ import annotations

import random

import pytest
import torch
from torch import Tensor

from resilinet.live.frames import DTYPES, HEADER, Codec, Frame, FrameError, Kind, on_the_wire
from resilinet.models.partitions import camera, mlp

CODEC = Codec(mlp(), b"a" * 8, 64)
DATA = Frame(Kind.DATA, 7, frozenset({"i->n1"}), frozenset({"n3"}), torch.arange(6.0).view(2, 3))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "tensor",
    [torch.arange(24).view(2, 3, 4), torch.arange(24).view(4, 3, 2).transpose(0, 2), torch.arange(3)],
    ids=["contiguous", "transposed", "one number an example"],
)
def test_a_tensor_arrives_bit_for_bit(tensor: Tensor, dtype: torch.dtype) -> None:
    sent = Frame(Kind.DATA, 2**64 - 1, frozenset({"i->n2", "n2->n4"}), frozenset({"n1"}), tensor.to(dtype))
    found = CODEC.decode(CODEC.encode(sent), tensor.shape[1:])
    assert found.tensor is not None
    assert sent.tensor is not None
    assert found.tensor.dtype == dtype
    assert torch.equal(found.tensor, sent.tensor)
    assert (found.request, found.route, found.failed) == (sent.request, sent.route, sent.failed)


def test_numbers_that_are_none_arrive_as_they_are() -> None:
    odd = torch.tensor([[float("nan"), float("inf"), -0.0, 1e-45]])
    found = CODEC.decode(CODEC.encode(Frame(Kind.DATA, tensor=odd)), (4,)).tensor
    assert found is not None
    assert torch.equal(found.view(torch.int32), odd.view(torch.int32))


def test_every_node_and_hyperconnection_of_the_camera_network_can_be_named() -> None:
    topology = camera()
    codec = Codec(topology, b"a" * 8, 1)
    frame = Frame(Kind.HELLO, 1, frozenset(link.key for link in topology.links), topology.everyone)
    assert codec.decode(codec.encode(frame)) == frame


def test_the_length_of_a_message_counts_what_zmtp_adds() -> None:
    parts = CODEC.encode(Frame(Kind.DATA, tensor=torch.zeros(64, 3)))
    assert on_the_wire(parts) == 2 + HEADER.size + 2 * 4 + 9 + 64 * 3 * 4


@pytest.mark.parametrize(
    ("parts", "shape", "problem"),
    [
        ([], (3,), "no frame"),
        ([b""], (3,), "no frame"),
        (CODEC.encode(DATA)[:1], (3,), "no frame"),
        ([*CODEC.encode(DATA), b""], (3,), "no frame"),
        ([CODEC.encode(DATA)[0][:-1], CODEC.encode(DATA)[1]], (3,), "no frame"),
        ([CODEC.encode(DATA)[0] + b"x", CODEC.encode(DATA)[1]], (3,), "no frame"),
        (Codec(mlp(), b"b" * 8, 64).encode(DATA), (3,), "of plan 6262626262626262, not of 6161616161616161"),
        (CODEC.encode(DATA), None, r"shape \(2, 3\), not up to 64 examples of None"),
        (CODEC.encode(DATA), (4,), r"shape \(2, 3\), not up to 64 examples of \(4,\)"),
        (CODEC.encode(DATA), (), r"shape \(2, 3\), not up to 64 examples of \(\)"),
        (CODEC.encode(Frame(Kind.DATA, tensor=torch.zeros(65, 3))), (3,), r"shape \(65, 3\)"),
        (CODEC.encode(Frame(Kind.DATA, tensor=torch.zeros(0, 3))), (3,), r"shape \(0, 3\)"),
        (CODEC.encode(Frame(Kind.DATA)), (3,), r"shape \(\)"),
        ([CODEC.encode(DATA)[0], b"short"], (3,), r"shape \(2, 3\) has 5 bytes"),
    ],
)
def test_what_is_no_frame_is_refused(parts: list[bytes], shape: tuple[int, ...] | None, problem: str) -> None:
    with pytest.raises(FrameError, match=problem):
        CODEC.decode(parts, shape)


def test_a_bit_that_stands_for_nothing_is_refused() -> None:
    shorter = Codec(mlp((1, 2), ()), CODEC.digest, 64)
    with pytest.raises(FrameError, match="no frame"):
        shorter.decode(CODEC.encode(Frame(Kind.HELLO, failed=frozenset({"n4"}))))


def test_damaged_frames_are_refused_or_read_and_nothing_else_happens() -> None:
    choose = random.Random(0)
    whole = CODEC.encode(DATA)
    for _ in range(2000):
        header = bytearray(whole[0])
        for _ in range(choose.randint(1, 3)):
            header[choose.randrange(len(header))] = choose.randrange(256)
        try:
            found = CODEC.decode([bytes(header), whole[1]], (3,))
        except FrameError:
            continue
        assert found.tensor is None or found.tensor.shape == (2, 3)
