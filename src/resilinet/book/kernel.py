"""The Python kernel that chapters run in: ipykernel, noting which of the project's files it opens.

The notes are how the build knows on which
results a chapter depends, with nothing to declare and so nothing to forget.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

# Environment variables through which the build tells the kernel what to watch and where to note it.
WATCHED = "RESILINET_BOOK_WATCHED"
NOTES = "RESILINET_BOOK_NOTES"


def write_kernelspec(folder: Path) -> Path:
    """Writes a kernel ``python3`` of this very interpreter and returns the value for ``JUPYTER_PATH``.

    A kernel of that name may already be installed for the user and start some other Python;
    Jupyter prefers the folders in ``JUPYTER_PATH``.
    """
    spec = folder / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True, exist_ok=True)
    start = "from resilinet.book.kernel import main; main()"
    command = [sys.executable, "-c", start, "-f", "{connection_file}"]
    content = {"argv": command, "display_name": "Python 3", "language": "python"}
    spec.write_text(json.dumps(content), encoding="utf-8")
    return folder


def note_reads(watched: tuple[str, ...], notes: Path) -> None:
    """Appends to ``notes`` each file below a watched folder that this process opens for reading."""
    seen: set[str] = set()

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" or not isinstance(arguments[0], str | bytes):
            return
        flags = arguments[2]
        if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR):
            return
        path = os.path.abspath(os.fsdecode(arguments[0]))  # noqa: PTH100  resolve() would follow links
        if path in seen or not path.startswith(watched):
            return
        seen.add(path)
        with notes.open("a", encoding="utf-8") as file:
            file.write(path + "\n")

    sys.addaudithook(hook)


def main() -> None:
    """Starts the kernel."""
    from ipykernel.kernelapp import launch_new_instance

    if WATCHED in os.environ and NOTES in os.environ:
        watched = os.environ[WATCHED].split(os.pathsep)
        note_reads(tuple(f"{folder}{os.sep}" for folder in watched), Path(os.environ[NOTES]))
    launch_new_instance()
