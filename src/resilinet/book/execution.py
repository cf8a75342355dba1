"""Runs one chapter: Jupytext makes the notebook, papermill checks its parameters and executes it.

The build runs ``main`` in a process of its own for each chapter, since papermill changes the working
directory and chapters run beside each other.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from resilinet.atomic_files import whole_file
from resilinet.book.errors import BookError, BookRequestError
from resilinet.book.kernel import NOTES, WATCHED, write_kernelspec

# Exit status by which the process says that its error output is a message for the reader.
REFUSED = 3


@dataclass(frozen=True)
class ChapterJob:
    """One chapter to run.

    Attributes:
        chapter: the MyST Markdown file.
        target: where the executed notebook goes, once it has run to its end.
        notes: where the paths of the files it read go.
        watched: the folders whose files count as read.
        required: parameters that the chapter must declare.
        optional: parameters that it is given only where it declares them.
    """

    chapter: str
    target: str
    notes: str
    watched: list[str]
    required: Mapping[str, Any]
    optional: Mapping[str, Any] = field(default_factory=dict)

    def dump(self) -> str:
        """Returns the job as JSON."""
        return json.dumps(asdict(self))


def run_chapter(job: ChapterJob) -> None:
    """Executes a chapter and puts the notebook in place, whole or not at all.

    Raises:
        BookError: a parameter is unknown to the chapter, or a cell failed.
    """
    # Here, not above: they take a second to import, and the kernel imports this package, too.
    import jupytext
    import papermill
    from papermill.exceptions import PapermillExecutionError

    chapter, target = Path(job.chapter), Path(job.target)
    Path(job.notes).unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="resilinet-book-") as temporary:
        folder = Path(temporary)
        os.environ["JUPYTER_PATH"] = str(write_kernelspec(folder / "jupyter"))
        os.environ[WATCHED] = os.pathsep.join(job.watched)
        os.environ[NOTES] = job.notes
        notebook = jupytext.reads(chapter.read_text(encoding="utf-8"), fmt="md:myst")
        jupytext.write(notebook, folder / "in.ipynb")
        parameters = _parameters(job, papermill.inspect_notebook(str(folder / "in.ipynb")))
        try:
            papermill.execute_notebook(
                folder / "in.ipynb",
                folder / "out.ipynb",
                parameters=parameters,
                kernel_name="python3",
                cwd=chapter.parent,
                progress_bar=False,
            )
        except PapermillExecutionError as error:
            raise BookError(describe_failure(chapter, error)) from None
        except RuntimeError as error:  # nbclient: the kernel died or never answered
            raise BookError(f"{chapter}: the kernel ended early: {error}") from None
        executed = json.loads((folder / "out.ipynb").read_text(encoding="utf-8"))
        # Under the other profiles training shows its progress there.
        noise = remove_standard_error(executed)
        if noise and parameters["profile"] == "published":
            raise BookError(f"{chapter}: {noise}")
        with whole_file(target) as partial:
            partial.write_text(json.dumps(tidy(executed), indent=1) + "\n", encoding="utf-8")


def _parameters(job: ChapterJob, declared: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what to give the chapter; papermill itself takes unknown names with a mere warning."""
    for name in job.required:
        if name not in declared:
            known = ", ".join(declared) or "none: no code cell is tagged parameters"
            raise BookRequestError(f"{job.chapter} has no parameter {name} (it declares {known})")
    optional = {name: value for name, value in job.optional.items() if name in declared}
    return {**job.required, **optional}


def describe_failure(chapter: Path, error: Any) -> str:
    """Returns the message for a failed cell: chapter and line, the cell's first lines, the exception."""
    lines = error.source.strip().splitlines()
    excerpt = "".join(f"    {line}\n" for line in lines[:5]) + ("    ...\n" if lines[5:] else "")
    position = chapter.read_text(encoding="utf-8").find(error.source.strip())
    text = chapter.read_text(encoding="utf-8")
    where = f"{chapter}:{text.count(chr(10), 0, position) + 1}" if position >= 0 else str(chapter)
    value = re.sub(r"\x1b\[[0-9;]*m", "", str(error.evalue))
    return f"{where}: cell [{error.exec_count}] failed\n{excerpt}{error.ename}: {value}"


def remove_standard_error(notebook: dict[str, Any]) -> str:
    """Removes what cells wrote to standard error and returns where that first was, empty if nowhere.

    In the published book it would be a warning, to be mended in the chapter rather than shown.
    """
    first = ""
    for cell in notebook["cells"]:
        outputs = cell.get("outputs", [])
        noise = [output for output in outputs if output.get("name") == "stderr"]
        if noise and not first:
            lines = "".join(noise[0]["text"]).strip().splitlines()[:8]
            excerpt = "\n".join(f"    {line}" for line in lines)
            first = f"cell [{cell['execution_count']}] wrote to standard error\n{excerpt}"
        cell.update({"outputs": [o for o in outputs if o not in noise]} if noise else {})
    return first


def tidy(notebook: dict[str, Any]) -> dict[str, Any]:
    """Strips what differs from run to run or names this machine, and hides the injected parameters."""
    notebook["metadata"].pop("papermill", None)
    for number, cell in enumerate(notebook["cells"]):
        metadata = cell["metadata"]
        for key in ("papermill", "execution"):
            metadata.pop(key, None)
        cell["id"] = f"cell-{number}"
        tags = metadata.get("tags", [])
        if "injected-parameters" in tags and "remove-input" not in tags:
            metadata["tags"] = [*tags, "remove-input"]
    return notebook


def main() -> int:
    """Runs the chapter of the job file named on the command line and returns the exit status."""
    job = ChapterJob(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    try:
        run_chapter(job)
    except BookError as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED
    return 0
