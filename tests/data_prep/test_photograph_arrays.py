"""Of photographs a tenth is held out, the same one every time."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.photograph_arrays import tenth_held_out

PINNED_TENTH = [11, 3]


@given(rows=st.integers(0, 300), seed=st.integers(0, 2**63))
@settings(max_examples=30, deadline=None)
def test_tenth_held_out_is_a_tenth_and_nothing_is_lost(rows, seed):
    rest, held_out = tenth_held_out(rows, seed)
    assert len(held_out) == rows // 10
    np.testing.assert_array_equal(np.sort(np.concatenate([rest, held_out])), np.arange(rows))


def test_another_tenth_is_held_out_by_another_seed():
    assert tenth_held_out(20, 0)[1].tolist() == PINNED_TENTH
    assert len({tuple(tenth_held_out(100, seed)[1]) for seed in range(20)}) == 20
