"""What is done to the pages after Sphinx has set them and before they take the place of the former ones.

A step is a function of a :class:`Draft`. It may add files below ``draft.html`` and change those that are
there; it raises :class:`BookError` where the pages must not be published. A new one needs a line in
:data:`STEPS`.
"""

from __future__ import annotations

from collections.abc import Callable

from resilinet.book.cards import describe_pages
from resilinet.book.definitions import define_terms
from resilinet.book.draft import Draft
from resilinet.book.errors import BookError
from resilinet.book.handouts import hand_out_numbers, hand_out_pages
from resilinet.book.lean import slim
from resilinet.book.links import broken_links, silent_images
from resilinet.book.not_found import write_not_found
from resilinet.book.offline import foreign_requests
from resilinet.book.times import state_times

Step = Callable[[Draft], None]


def ask_nobody(draft: Draft) -> None:
    """Refuses pages that make a browser ask another host."""
    foreign = [f"  {page} asks for {address}" for page, address in foreign_requests(draft.html)]
    if foreign:
        raise BookError("\n".join(["The book must not ask other hosts, but:", *foreign[:20]]))


def lead_somewhere(draft: Draft) -> None:
    """Refuses pages with a link within the book that leads nowhere, or an image without alternative text."""
    faults = [f"  {page}: {address} {reason}" for page, address, reason in broken_links(draft.html)]
    faults += [f"  {page}: {address} has no alternative text" for page, address in silent_images(draft.html)]
    if faults:
        raise BookError(
            "\n".join(["Links must lead somewhere and images say what they show, but:", *faults[:20]])
        )


def comfort_readers(draft: Draft) -> None:
    """Explains terms where they are used, says what each page is about, and makes all pages light."""
    define_terms(draft.html)
    describe_pages(draft.html, draft.address.site)
    write_not_found(draft.html, [page.name for page in draft.pages])
    slim(draft.html)


STEPS: tuple[Step, ...] = (
    hand_out_numbers,
    hand_out_pages,
    state_times,
    comfort_readers,
    lead_somewhere,
    ask_nobody,
)
"""In the order in which they are taken; the checks come last, so that they see all."""
