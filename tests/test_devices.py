"""Where trials can be computed is known before the first of them starts."""

import pytest

from resilinet.devices import usable


def test_the_processor_can_always_be_used() -> None:
    assert usable("cpu") == "cpu"


@pytest.mark.parametrize("device", ["cuda:99", "abacus"])
def test_what_is_not_there_is_refused_in_one_sentence(device: str) -> None:
    with pytest.raises(
        ValueError, match=rf"^device '{device}' cannot be used here \([^\n]*\); cpu always can\.$"
    ):
        usable(device)
