"""Makes of an executed chapter a notebook to take away: plain Markdown, numbers in the sentences, a set-up cell."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from resilinet.book.errors import BookError
from resilinet.book.plain import PlainMarkdown, leftovers
from resilinet.book.references import References
from resilinet.book.roles import Roles, glued_values

RECORD = "application/papermill.record/"
"""Begins the type of an output that only keeps a value for a sentence."""
FOLDED = frozenset(["hide-input", "remove-input", "hide-cell", "remove-cell"])

SET_UP = """\
# Set-up, for a notebook opened on its own (Colab, Binder): the package, and the stored results that it reads.
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

repository = "{repository}"  # where the project lies
above = [Path.cwd(), *Path.cwd().parents]
copies = [folder for folder in above if (folder / "book" / "_toc.yml").is_file()]
home = copies[0] if copies else Path.cwd() / "resilinet-companion"
if not home.is_dir():
    if not repository:
        raise RuntimeError("Give `repository` the address of the project, or open this notebook in a copy of it.")
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", repository, str(home)], check=True)
if importlib.util.find_spec("resilinet") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", str(home)], check=True)
    importlib.invalidate_caches()
os.chdir(home / "book")
"""


def clean_notebook(
    notebook: Mapping[str, Any], references: References, folder: Path, repository: str, up: str = ""
) -> dict[str, Any]:
    """Returns a chapter as a notebook for Jupyter, Colab and Binder, its outputs kept.

    Args:
        notebook: as papermill left it.
        references: what its roles refer to.
        folder: the book's folder.
        repository: address from which the set-up cell gets the project; empty where it is unknown.
        up: what leads from the chapter's folder to the book's.

    Raises:
        BookError: a mark of MyST was left.
    """
    plain = PlainMarkdown(Roles(references, glued_values(notebook), up), folder)
    cells: list[dict[str, Any]] = []
    for original in notebook["cells"]:
        cell = copy.deepcopy(original)
        tags = cell["metadata"].pop("tags", [])
        figure = cell["metadata"].pop("mystnb", {}).get("figure")
        if cell["cell_type"] == "markdown":
            cell["source"] = plain.write_out("".join(cell["source"]))
            cells.append(cell)
        elif cell["cell_type"] == "code" and "injected-parameters" not in tags:
            cell["outputs"] = [kept for output in cell["outputs"] if (kept := _output(output, plain))]
            if FOLDED & set(tags):
                cell["metadata"]["jupyter"] = {"source_hidden": True}
            if "parameters" in tags:
                cell["metadata"]["tags"] = ["parameters"]
            cells.append(cell)
            if figure is not None:
                number = references.numbers.get(figure["name"])
                caption = plain.write_out(" ".join(str(figure["caption"]).split()))
                cells.append(_markdown(f"**Fig. {number}.** {caption}" if number else caption))
    first = next((n for n, cell in enumerate(cells) if cell["cell_type"] == "code"), len(cells))
    set_up = SET_UP.replace("{repository}", repository)
    code: dict[str, Any] = {"cell_type": "code", "metadata": {}, "source": set_up}
    cells.insert(first, {**code, "execution_count": None, "outputs": []})
    for place, cell in enumerate(cells):
        cell["id"] = f"cell-{place}"
    left = [mark for cell in cells if cell["cell_type"] == "markdown" for mark in leftovers(cell["source"])]
    if left:
        raise BookError(f"the notebook to download would keep marks of MyST: {'; '.join(left[:5])}")
    metadata = notebook["metadata"]
    kept = {name: metadata[name] for name in ("kernelspec", "language_info") if name in metadata}
    return {"cells": cells, "metadata": kept, "nbformat": 4, "nbformat_minor": 5}


def _output(output: dict[str, Any], plain: PlainMarkdown) -> dict[str, Any] | None:
    """Returns an output without what only the book reads; None where nothing is left."""
    data = output.get("data")
    if data is None:
        return output
    output["metadata"] = {}
    for mime in [mime for mime in data if mime.startswith(RECORD)]:
        del data[mime]
    if "text/markdown" in data:
        data["text/markdown"] = plain.write_out("".join(data["text/markdown"]))
    return output if data else None


def _markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text}
