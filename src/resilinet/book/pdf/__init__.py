"""Prints the built book as one PDF with a table of contents, an outline and page numbers.

All pages are assembled into one (:mod:`~resilinet.book.pdf.assembly`), which a browser prints twice
(:mod:`~resilinet.book.pdf.printing`): once to learn on which page each heading falls, and once to keep.
"""

from resilinet.book.pdf.printing import print_book

__all__ = ["print_book"]
