"""Sentences of a page that its results must bear out."""

from __future__ import annotations

from collections.abc import Callable


class UnfoundedError(AssertionError):
    """A page makes a claim that its results do not bear out; the message is the claim."""


def claims(profile: str) -> Callable[[bool, str], None]:
    """The function by which a page asserts what its sentences claim: ``claim(holds, sentence)``.

    It raises :class:`UnfoundedError` where a claim does not hold, so that the page is not built until somebody has
    rewritten the sentence. Only the ``published`` results are claimed about: tiny networks on synthetic data, and
    trainings that somebody else makes, bear out nothing that is written here.
    """

    def claim(holds: bool, sentence: str) -> None:
        if profile == "published" and not holds:
            raise UnfoundedError(f"The results no longer bear this out, so rewrite it: {sentence}")

    return claim
