"""The errors that building the book raises on purpose."""


class BookError(Exception):
    """The book cannot be built; the message names the page, and the cell where there is one."""


class BookRequestError(BookError, ValueError):
    """What was asked for does not exist: a profile, a chapter, a parameter, the folder of a book."""
