"""Docstrings as help: paragraphs that flow in a terminal of any width."""

from __future__ import annotations

import inspect
from collections.abc import Callable


def flowing(command: Callable[..., object]) -> str:
    """The docstring of a command without the line breaks of the source, which Typer would keep and wrap again."""
    paragraphs = (inspect.getdoc(command) or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
