"""A page is refused when its results no longer bear out what it says."""

import pytest

from companion.tables import UnfoundedError, claims


def test_a_claim_that_holds_passes_and_one_that_does_not_is_named() -> None:
    claim = claims("published")
    claim(True, "ResiliNet is ahead.")
    with pytest.raises(UnfoundedError, match="rewrite it: ResiliNet is ahead"):
        claim(False, "ResiliNet is ahead.")


@pytest.mark.parametrize("profile", ["smoke", "full"])
def test_what_a_reader_trains_is_not_claimed_about(profile: str) -> None:
    claims(profile)(False, "ResiliNet is ahead.")
