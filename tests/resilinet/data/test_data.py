"""Data sets fit together, are split without overlap, and are known by their fingerprints."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from resilinet.data import DataError, Examples
from resilinet.data.assembly import assembled, fingerprinted
from resilinet.data.splits import rows_at_random

PARTS = ("train", "validation", "test")
PINNED_SPLIT = ([3, 2, 1, 8, 6, 0, 7, 4], [5], [9])


# --- splits --------------------------------------------------------------------------------------


@given(rows=st.integers(10, 3000), seed=st.integers(0, 2**63))
@settings(max_examples=50, deadline=None)
def test_random_split_puts_each_row_into_one_part(rows, seed):
    parts = rows_at_random(rows, seed)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(rows))
    assert [len(part) for part in parts[:2]] == [rows * 8 // 10, rows // 10]


def test_splits_never_change_with_a_library():
    """Pinned: another order would move test rows into training under the same name."""
    train, validation, test = rows_at_random(10, 0)
    assert (train.tolist(), validation.tolist(), test.tolist()) == PINNED_SPLIT


def test_examples_must_fit_together():
    x, y = torch.zeros(3, 23), torch.zeros(3, dtype=torch.int64)
    with pytest.raises(DataError, match="one label an input"):
        Examples(x, y[:2])
    refused = [(x.double(), y), (x, y.int()), (x.byte(), y), (torch.zeros(3, 3, 4, 4, dtype=torch.int16), y)]
    for inputs, labels in refused:
        with pytest.raises(
            DataError,
            match=r"float32 inputs or uint8 images \(N, C, H, W\) or \(N, S, C, H, W\), and int64 labels",
        ):
            Examples(inputs, labels)
    for shape in ((3, 1, 4, 4), (3, 6, 1, 4, 4)):
        assert len(Examples(torch.zeros(shape, dtype=torch.uint8), y)) == 3


# --- assembly ------------------------------------------------------------------------------------

X, Y = np.zeros((20, 3), dtype=np.float32), np.arange(20) % 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"description": {"split": "random"}}, "a description needs a name, and this one has split"),
        ({"classes": 1}, "labels must lie from 0 to 0, not from 0 to 1"),
        ({"y": Y - 1}, "labels must lie from 0 to 1, not from -1 to 0"),
        ({"y": Y.astype(float)}, "labels must be whole numbers, not float64"),
        ({"y": Y[:-1]}, r"one label an input, not inputs \(20, 3\) and labels \(19,\)"),
        ({"y": Y[:, None]}, r"one label an input, .* and labels \(20, 1\)"),
        ({"x": X[:-1]}, r"one label an input, not inputs \(19, 3\) and labels \(20,\)"),
        ({"x": np.full_like(X, np.nan)}, "inputs must be finite numbers, and some are not"),
        ({"x": np.full_like(X, np.inf)}, "inputs must be finite numbers, and some are not"),
        ({"classes": 0}, "classes must be a whole number from 1, not 0"),
        ({"classes": 2.5}, "classes must be a whole number from 1, not 2.5"),
    ],
)
def test_arrays_that_make_no_data_set_are_refused(change, message):
    given = {"description": {"name": "own"}, "x": X, "y": Y, "parts": rows_at_random(20, 0), "classes": 2}
    assert sum(assembled(**given).label_counts("train")) == 16
    with pytest.raises(DataError, match=message):
        assembled(**given | change)


def test_a_fingerprint_covers_description_arrays_rows_and_facts():
    parts, description = rows_at_random(20, 0), {"name": "own"}
    first = fingerprinted(description, (X, Y), parts)
    assert assembled(description, X, Y, parts, 2).fingerprint == first["fingerprint"]
    others = (
        fingerprinted({"name": "other"}, (X, Y), parts),
        fingerprinted(description, (X + 1, Y), parts),
        fingerprinted(description, (X, Y), rows_at_random(20, 1)),
        fingerprinted(description, (X, Y), parts, {"version": 1}),
    )
    assert len({each["fingerprint"] for each in (first, *others)}) == 5
    assert assembled(others[3], X, Y, parts, 2).fingerprint == others[3]["fingerprint"]


def test_whole_numbers_of_any_width_are_labels():
    given = [{"name": "own"}, X, Y.astype(np.uint8), rows_at_random(20, 0)]
    assert assembled(*given, np.int64(2)).test.y.dtype == torch.int64


@pytest.mark.parametrize("seed", [None, -1, 0.5, "0", True])
def test_a_split_at_random_has_a_seed(seed: object) -> None:
    with pytest.raises(DataError, match="seed must be a whole number from 0 up"):
        rows_at_random(10, seed)  # type: ignore[arg-type]
