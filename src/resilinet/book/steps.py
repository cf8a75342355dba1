"""What is done to the pages after Sphinx has set them and before they take the place of the former ones.

A step is a function of a :class:`Draft`. It may add files below ``draft.html`` and change those that are
there; it raises :class:`BookError` where the pages must not be published. A new one needs a line in
:data:`STEPS`.
"""

from __future__ import annotations

from collections.abc import Callable

from resilinet.book.draft import Draft
from resilinet.book.errors import BookError
from resilinet.book.offline import foreign_requests

Step = Callable[[Draft], None]


def ask_nobody(draft: Draft) -> None:
    """Refuses pages that make a browser ask another host."""
    foreign = [f"  {page} asks for {address}" for page, address in foreign_requests(draft.html)]
    if foreign:
        raise BookError("\n".join(["The book must not ask other hosts, but:", *foreign[:20]]))


STEPS: tuple[Step, ...] = (ask_nobody,)
"""In the order in which they are taken; the check comes last, so that it sees all."""
