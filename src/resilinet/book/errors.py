"""The one kind of error that building the book raises on purpose."""


class BookError(Exception):
    """The book cannot be built; the message names the page, and the cell where there is one."""
