"""Stored images become inputs, and augmentation moves them by pixels as stated, the same on every run."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, stats

from resilinet.data import DataError
from resilinet.data.images import POLICIES, Motion, as_input, augment, draw, move


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.rand(shape, generator=stream(1)).to(dtype)


def motion(
    count: int = 1, angle: float = 0.0, down: float = 0.0, right: float = 0.0, flip: bool = False
) -> Motion:
    """The same motion for each image of a batch."""
    return Motion(
        *(torch.full((count,), value) for value in (angle, down, right)), torch.tensor([flip] * count)
    )


# --- inputs --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_every_byte_becomes_its_share_of_255(dtype):
    stored = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)
    found = as_input(stored, dtype)
    expected = torch.tensor([value / 255 for value in range(256)], dtype=torch.float64).to(dtype)
    assert found.dtype == dtype
    assert torch.equal(found.flatten(), expected)
    assert (found.min(), found.max()) == (0, 1)


def test_measurements_change_type_and_nothing_else():
    x = torch.tensor([[-300.0, 0.1, 255.0]])
    assert as_input(x, torch.float32) is x
    assert torch.equal(as_input(x, torch.bfloat16), x.bfloat16())


@pytest.mark.parametrize(
    ("x", "dtype", "message"),
    [
        (torch.zeros(1, dtype=torch.int64), torch.float32, "not torch.int64"),
        (torch.zeros(1, dtype=torch.uint8), torch.uint8, "not torch.uint8"),
    ],
)
def test_types_that_are_no_inputs_are_refused(x, dtype, message):
    with pytest.raises(DataError, match=message):
        as_input(x, dtype)


# --- motions that need no interpolation ----------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3])
def test_no_motion_leaves_images_as_they_are(count):
    x = images(count, 3, 5, 8)
    torch.testing.assert_close(move(x, motion(count)), x)


@pytest.mark.parametrize("side", [6, 7])
@pytest.mark.parametrize("quarters", [1, 2, -1])
def test_quarter_turns_are_counter_clockwise(side, quarters):
    x = images(2, 3, side, side)
    torch.testing.assert_close(move(x, motion(2, angle=90.0 * quarters)), torch.rot90(x, quarters, (2, 3)))


def test_image_that_is_not_square_turns_about_its_centre_and_keeps_its_shape():
    x = images(1, 1, 4, 10)
    turned = move(x, motion(angle=90.0))
    assert turned.shape == x.shape
    torch.testing.assert_close(turned[..., 3:7], torch.rot90(x[..., 3:7], 1, (2, 3)))
    torch.testing.assert_close(turned[..., 0], turned[..., 3], msg="outside, the nearest pixel")


@pytest.mark.parametrize(("down", "right"), [(2, 0), (-1, 3), (0, -4)])
def test_whole_shifts_move_pixels_and_repeat_the_border(down, right):
    x = images(2, 3, 6, 9)
    rows = (torch.arange(6) - down).clamp(0, 5)
    columns = (torch.arange(9) - right).clamp(0, 8)
    expected = x[:, :, rows][:, :, :, columns]
    torch.testing.assert_close(move(x, motion(2, down=down, right=right)), expected)


def test_flip_exchanges_left_and_right():
    x = images(2, 3, 5, 8)
    torch.testing.assert_close(move(x, motion(2, flip=True)), x.flip(3))


def test_flip_comes_last():
    x = images(1, 1, 8, 8)
    both = move(x, motion(angle=90.0, right=2.0, flip=True))
    one_by_one = move(move(move(x, motion(angle=90.0)), motion(right=2.0)), motion(flip=True))
    torch.testing.assert_close(both, one_by_one)


def test_each_image_moves_on_its_own():
    x = images(4, 3, 8, 8)
    drawn = draw(4, 8, 8, stream())
    together = move(x, drawn)
    for i in range(4):
        alone = Motion(*(getattr(drawn, name)[i : i + 1] for name in ("angle", "down", "right", "flip")))
        torch.testing.assert_close(together[i : i + 1], move(x[i : i + 1], alone))


# --- the released code's arithmetic as oracle ----------------------------------------------------


def oracle(image: np.ndarray, angle: float, down: float, right: float, flip: bool) -> np.ndarray:
    """One image `(C, H, W)` moved as Keras does: SciPy's affine transform about the centre, then the flip."""
    turn = np.deg2rad(angle)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    centre = (np.array(image.shape[1:]) - 1) / 2
    offset = centre - matrix @ np.add(centre, [down, right])
    channels = [
        ndimage.affine_transform(channel, matrix, offset, order=1, mode="nearest") for channel in image
    ]
    return np.stack([channel[:, ::-1] if flip else channel for channel in channels])


@given(
    angle=st.floats(-30, 30),
    down=st.floats(-2, 2),
    right=st.floats(-3, 3),
    flip=st.booleans(),
    shape=st.tuples(st.integers(1, 3), st.integers(2, 10), st.integers(2, 15)),
)
@settings(max_examples=60, deadline=None)
def test_motion_agrees_with_scipy(angle, down, right, flip, shape):
    x = images(1, *shape, dtype=torch.float64)
    found = move(x, motion(angle=angle, down=down, right=right, flip=flip))
    exact = [float(torch.tensor(value)) for value in (angle, down, right)]
    torch.testing.assert_close(
        found[0], torch.from_numpy(oracle(x[0].numpy(), *exact, flip)), atol=1e-9, rtol=0
    )


# --- what is drawn -------------------------------------------------------------------------------


def test_draws_fill_the_stated_ranges_evenly():
    drawn = draw(4000, 32, 100, stream())
    for values, limit in ((drawn.angle, 30.0), (drawn.down, 0.2 * 32), (drawn.right, 0.2 * 100)):
        assert values.abs().max() <= limit
        uniform = stats.uniform(-limit, 2 * limit)
        assert stats.kstest(values.numpy(), uniform.cdf).pvalue > 1e-4
    assert stats.binomtest(int(drawn.flip.sum()), 4000).pvalue > 1e-4
    together = np.corrcoef(torch.stack([drawn.angle, drawn.down, drawn.right, drawn.flip.float()]).numpy())
    assert np.abs(together - np.eye(4)).max() < 0.07, "independent of each other"


def test_four_numbers_an_image_however_images_are_batched():
    one, two = stream(3), stream(3)
    parts, whole = [draw(n, 8, 8, one) for n in (1, 5, 30)], draw(36, 8, 8, two)
    for name in ("angle", "down", "right", "flip"):
        assert torch.equal(torch.cat([getattr(part, name) for part in parts]), getattr(whole, name))
    assert torch.equal(one.get_state(), two.get_state())


# --- policies ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("count", [1, 4])
def test_augmented_batch_is_like_the_batch(dtype, count):
    x = images(count, 3, 8, 6, dtype=dtype)
    found = augment(x, stream(), "released-code")
    assert (found.dtype, found.shape) == (dtype, x.shape)
    assert not torch.equal(found, x)
    assert x.min() <= found.min()
    assert found.max() <= x.max()


def test_same_generator_same_images_and_others_next_time():
    x, generator = images(4, 3, 8, 8), stream(7)
    first, second = (augment(x, generator, "released-code") for _ in range(2))
    assert torch.equal(first, augment(x, stream(7), "released-code"))
    assert not torch.equal(first, second)


def test_none_changes_nothing_and_draws_nothing():
    x, generator = torch.zeros(2, 23), stream(7)
    assert augment(x, generator, "none") is x
    assert torch.equal(generator.get_state(), stream(7).get_state())


def test_low_precision_images_are_moved_as_exactly_as_others():
    """Positions in bfloat16 would be wrong by up to half a pixel."""
    x = images(2, 1, 64, 64, dtype=torch.bfloat16)
    expected = augment(x.float(), stream(), "released-code").bfloat16()
    assert torch.equal(augment(x, stream(), "released-code"), expected)


def test_unknown_policy_is_refused():
    with pytest.raises(DataError, match=f"'mixup' is unknown; it must be {' or '.join(POLICIES)}"):
        augment(images(1, 1, 2, 2), stream(), "mixup")


@pytest.mark.parametrize("x", [torch.zeros(2, 3, 4, 4, dtype=torch.uint8), torch.zeros(2, 23)])
def test_what_is_no_batch_of_float_images_is_not_moved(x):
    with pytest.raises(DataError, match=r"floating-point images \(B, C, H, W\)"):
        augment(x, stream(), "released-code")
