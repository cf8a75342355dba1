"""The kernel of a chapter, started as a script: Jupyter's for Python, which notes what files the chapter reads."""

import json
import logging
import os
import sys
from importlib.machinery import SourceFileLoader
from typing import Any

from ipykernel.iostream import OutStream
from ipykernel.kernelapp import IPKernelApp

LIBRARIES = (sys.prefix, sys.base_prefix, "/proc", "/sys", "/dev")
"""Where no file is a chapter's own."""
LISTED = ("os.listdir", "os.scandir")
"""Events of listing a folder; ``importlib`` does so, too, only to find the file that it then opens."""


class Streams(OutStream):
    """What Python writes, and C to standard output. To standard error C libraries tell of the machine: to the log."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, watchfd="stdout" in arguments, **options)


def is_below(path: str, folders: tuple[str, ...]) -> bool:
    """Whether a path is or lies below one of some folders, or where Python packages are installed."""
    installed = "site-packages" in path or "dist-packages" in path
    return installed or f"{path}{os.sep}".startswith(tuple(f"{folder}{os.sep}" for folder in folders))


def note_what_is_read(record: str, covered: tuple[str, ...]) -> None:
    """Appends to a file each path outside some folders that is opened for reading, or listed."""
    seen, file = set[str](), os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and not (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR):
            path = arguments[0]
        elif event in LISTED and "importlib" not in sys._getframe(1).f_code.co_filename:
            path = arguments[0] or "."
        else:
            return
        if isinstance(path, str | bytes | os.PathLike):
            path = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 (a link may be changed, too)
            if path not in seen and not is_below(path, covered):
                os.write(file, os.fsencode(path) + b"\0")
            seen.add(path)

    sys.addaudithook(note)


def path_stats(loader: SourceFileLoader, path: str, known: Any = SourceFileLoader.path_stats) -> Any:
    """Lets Python use cached bytecode of libraries alone: it may be that of an earlier text of the same length."""
    if not is_below(path, LIBRARIES):
        raise OSError
    return known(loader, path)


if __name__ == "__main__":
    # Libraries that have set up no log of their own write to the build's.
    logging.lastResort = logging.StreamHandler(sys.__stderr__)
    logging.lastResort.setLevel(logging.WARNING)
    SourceFileLoader.path_stats = path_stats  # type: ignore[method-assign, assignment]
    # What lies beside the chapter can be imported, after the standard library, as IPython has it without -P.
    sys.path.insert([*(is_below(path, ()) for path in sys.path), True].index(True), "")
    record, *covered = json.loads(sys.argv.pop(1))
    note_what_is_read(record, (*LIBRARIES, *covered))
    IPKernelApp.launch_instance(outstream_class=f"{__name__}.{Streams.__name__}")
