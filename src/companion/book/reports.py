"""Says what went wrong with a chapter: which line, what its cell had written by then, and what the system said."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

from companion.book.pages import read_text

FRAME = re.compile(
    r"^ *((?:Cell In\[(\d+)\], line |File .+?:)(\d+).*)$(?:\n(?!-+> |Cell In|File ).*)*(?:\n-+> \d+ *(.*))?",
    re.M,
)
"""A frame of IPython's traceback: where it is, number of the cell, line, and the code there."""
CHAINED = re.compile(r"^(?:During handling of|The above exception was) .*$", re.M)


def reason(error: OSError, place: Path) -> str:
    """Returns what the system said and of which file, or else where things are written."""
    where = error.filename or f"{place} or {tempfile.gettempdir()}"
    return f"{error.strerror}: {where}" if error.strerror else str(error)


def describe_failure(chapter: Path, notebook: dict[str, Any], ended: str) -> str:
    """Returns why a chapter did not run to its end, empty if it did.

    Args:
        chapter: its file.
        notebook: as far as it was run.
        ended: why papermill gave up, empty if it did not. It does not where a cell leaves by ``sys.exit(0)``.
    """
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and cell["source"]]
    begun = [cell for cell in code if cell["metadata"].get("papermill", {}).get("start_time")]
    errors = [(cell, one) for cell in begun for one in cell["outputs"] if one["output_type"] == "error"]
    if not errors and not (ended and begun):
        return f"{chapter}: {ended}" if ended else ""
    cell, error = errors[0] if errors else (begun[-1], {"traceback": []})
    last = CHAINED.split(_plain("\n".join(error["traceback"])))[-1]
    frames = [
        (int(count or 0), int(line), f"{where}: {code}") for where, count, line, code in FRAME.findall(last)
    ]
    number = next((line for count, line, _ in frames if count == cell["execution_count"]), 0)
    lines = [f"    {line}" for line in "".join(cell["source"]).splitlines()]
    if number:
        lines = [*lines[max(0, number - 5) : number - 1], f"--> {lines[number - 1][4:]}"]
    inner = [f"    {where}" for _, _, where in frames[1:][-1:]]
    what = f"{error['ename']}: {_plain(error['evalue'])[:2000]}" if errors else ended
    wrote = "".join("".join(one["text"]) for one in cell["outputs"] if one["output_type"] == "stream")
    said = ["it had written:", *(f"    {line[:200]}" for line in wrote.splitlines()[-10:])] if wrote else []
    head = f"{_place(chapter, notebook, cell, number or 1)}: cell [{cell['execution_count'] or '*'}] failed"
    return "\n".join([head, *lines[:5], *inner, what, *said])


def remove_standard_error(chapter: Path, notebook: dict[str, Any]) -> str:
    """Removes what cells wrote to standard error and returns where that first was, empty if nowhere.

    In the published book it would be a warning, to be mended in the chapter rather than shown.
    """
    first = ""
    for cell in notebook["cells"]:
        outputs = cell.get("outputs", [])
        noise = [output for output in outputs if output.get("name") == "stderr"]
        if noise and not first:
            lines = "".join(noise[0]["text"]).strip().splitlines()[:8]
            where = f"{_place(chapter, notebook, cell)}: cell [{cell['execution_count']}]"
            first = "\n    ".join([f"{where} wrote to standard error", *lines])
        cell.update({"outputs": [o for o in outputs if o not in noise]} if noise else {})
    return first


def _plain(text: str) -> str:
    """Returns a text without the colours of a terminal."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def _place(chapter: Path, notebook: dict[str, Any], cell: dict[str, Any], line: int = 1) -> str:
    """Returns file and line of a line of a cell, the file alone where the cell does not stand there as it was run."""
    text, position, found = read_text(chapter), 0, None
    for each in notebook["cells"][: notebook["cells"].index(cell) + 1]:
        if each["cell_type"] == "code":
            source = re.escape("".join(each["source"]))
            found = re.compile(rf"^{source}\s*^(?:```|~~~|:::)", re.M).search(text, position)
            position = found.end() if found else position
    return f"{chapter}:{text.count(chr(10), 0, found.start()) + line}" if found else str(chapter)
