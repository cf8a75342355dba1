"""Builds the book: papermill runs the chapters, Jupyter Book sets them as HTML.

Chapters are MyST Markdown notebooks, so that a change reads as a change of text; the notebooks proper exist
only in the build folder. Papermill alone executes them. A chapter is run again when one digest over its
text, its parameters, the package, the results, the book's data files and the lock has changed, or a file that its
cells have read, and only then.
"""

from companion.book.build import Profile, build_book
from companion.book.errors import BookError, BookRequestError

__all__ = ["BookError", "BookRequestError", "Profile", "build_book"]
