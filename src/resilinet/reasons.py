"""What an exception says, short enough for the middle of a sentence."""

from __future__ import annotations


def brief(error: BaseException) -> str:
    """The first sentence of an exception without its full stop, or its type's name where it says nothing.

    >>> brief(RuntimeError("Out of luck. Try again."))
    'Out of luck'
    """
    return str(error).split("\n")[0].split(". ")[0].rstrip(".") or type(error).__name__
