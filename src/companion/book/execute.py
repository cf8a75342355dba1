"""Runs chapters side by side: Jupytext makes the notebook, papermill checks its parameters and executes it.

Each chapter has a process of its own, since papermill changes the working directory. That process ends when
the build has ended, however that came about, and the kernel with it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from companion.book.digests import digest, state
from companion.book.errors import BookError, BookRequestError
from companion.book.pages import read_text
from companion.book.reports import describe_failure, reason, remove_standard_error
from companion.book.surroundings import guarded, kill, surroundings
from resilinet.atomic_files import whole_file

MOST = 20_000
"""Characters of a message, which has to fit into the pipe that it is sent through."""


@dataclass(frozen=True)
class Job:
    """A chapter to run.

    Attributes:
        name: of its page.
        chapter: the MyST Markdown file.
        target: where the executed notebook goes, once it has run to its end.
        parameters: those that the chapter must declare, ``profile`` among them.
        results: the folder of results, handed to a chapter that declares ``results``.
        digest: of all that the notebook is made from; kept beside it.
    """

    name: str
    chapter: Path
    target: Path
    parameters: Mapping[str, Any]
    results: Path
    digest: str

    @property
    def stamp(self) -> Path:
        """The file with the digest of what the notebook beside it was made from."""
        return self.target.with_suffix(".made-from")

    @property
    def failed(self) -> Path:
        """Where the notebook stays that did not run to its end."""
        return self.target.with_suffix(".failed.ipynb")

    @property
    def is_current(self) -> bool:
        """Whether the notebook that is there was made from the same, whatever its cells have read included."""
        if not (self.target.is_file() and self.stamp.is_file()):
            return False
        key, read = json.loads(self.stamp.read_text(encoding="utf-8"))
        return bool(key == self.key(read))

    def key(self, read: Iterable[str]) -> str:
        """Returns the digest of all that the notebook is made from and of files that its cells have read."""
        return digest(self.digest, *(part for path in read for part in (path, state(Path(path)))))


def run_jobs(jobs: Iterable[Job], at_once: int) -> Iterator[tuple[Job, float, BookError | None]]:
    """Yields each job as it ends, the seconds it took, and why it failed, if it did.

    Whoever stops listening ends those that run.
    """
    waiting, running = deque(jobs), list[tuple[Job, subprocess.Popen[bytes], float]]()
    with tempfile.TemporaryDirectory(prefix="resilinet-book-", ignore_cleanup_errors=True) as temporary:
        environment = {**surroundings(at_once), "TMPDIR": temporary}  # nothing stays of those that are killed
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    job = waiting.popleft()
                    running.append((job, _start(job, environment), time.monotonic()))
                for job, process, begin in [one for one in running if one[1].poll() is not None]:
                    running.remove((job, process, begin))
                    yield job, time.monotonic() - begin, _error(job, process)
                time.sleep(0.05)
        finally:
            for _, process, _ in running:
                kill(process.pid)
                process.wait()


def _start(job: Job, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Starts the process of a job; what libraries say there lies beside the notebook."""
    command = guarded(f"import sys; from {__name__} import main; sys.exit(main())")
    command.append(json.dumps(asdict(job), default=str))
    job.target.parent.mkdir(parents=True, exist_ok=True)
    with job.target.with_suffix(".log").open("w") as log:
        return subprocess.Popen(
            command,
            cwd=job.chapter.parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
        )


def _error(job: Job, process: subprocess.Popen[bytes]) -> BookError | None:
    said = process.communicate()[0].decode(errors="surrogateescape").strip()
    if not process.returncode:
        return None
    log = job.target.with_suffix(".log")
    last = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    return BookError(
        said or f"{job.chapter}: could not be run (exit status {process.returncode}, log {log})\n{last}"
    )


def main() -> int:
    """Runs the job on the command line, prints why it failed, if it did, and returns the exit status."""
    job = json.loads(sys.argv[1])
    paths = {name: Path(job[name]) for name in ("chapter", "target", "results")}
    try:
        run_chapter(Job(**{**job, **paths}))
    except BookError as error:
        sys.stdout.write(str(error)[:MOST])
        return 1
    return 0


def run_chapter(job: Job) -> None:
    """Executes a chapter and puts the notebook in place; what did not run to its end is put elsewhere.

    Raises:
        BookError: a parameter is unknown to the chapter, a cell failed, or something cannot be read or written.
    """
    try:
        for former in (job.stamp, job.failed):
            former.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory() as temporary:
            notebook, ended, read = _execute(job, Path(temporary))
        wrong = describe_failure(job.chapter, notebook, ended)
        # Under the other profiles training shows its progress there.
        noise = remove_standard_error(job.chapter, notebook) if not wrong else ""
        wrong = wrong or (noise if job.parameters["profile"] == "published" else "")
        with whole_file(job.failed if wrong else job.target) as partial:
            partial.write_text(json.dumps(tidy(notebook), indent=1) + "\n", encoding="utf-8")
        if wrong:
            raise BookError(f"{wrong}\nthe notebook as far as it ran: {job.failed}")
        with whole_file(job.stamp) as partial:
            partial.write_text(json.dumps([job.key(read), read]), encoding="utf-8")
    except OSError as error:
        raise BookError(f"{job.chapter}: {reason(error, job.target.parent)}") from None


def _execute(job: Job, folder: Path) -> tuple[dict[str, Any], str, list[str]]:
    """Runs a chapter in a folder; returns the notebook, why papermill gave up, if it did, and what cells have read."""
    # Here, not above: a build that finds all up to date needs neither.
    import jupytext
    import papermill
    from papermill.exceptions import PapermillExecutionError

    (record := folder / "read").touch()
    # Beside what is in each digest: results, this code, and what is gone when the build has ended.
    covered = [job.results, Path(__file__).parents[2], tempfile.gettempdir()]
    _write_kernelspec(folder, [str(path) for path in (record, *covered)])
    written, executed, ended = folder / "in.ipynb", folder / "out.ipynb", ""
    jupytext.write(jupytext.reads(read_text(job.chapter), fmt="md:myst"), written)
    parameters = _parameters(job, papermill.inspect_notebook(str(written)))
    try:
        papermill.execute_notebook(
            written,
            executed,
            parameters=parameters,
            kernel_name="python3",
            cwd=job.chapter.parent,
            progress_bar=False,
        )
    except PapermillExecutionError as error:
        ended = f"{error.ename}: {error.evalue}"
    except RuntimeError as error:  # nbclient: the kernel died or never answered
        ended = f"the kernel ended early: {error}"
    read = sorted({os.fsdecode(path) for path in record.read_bytes().split(b"\0") if path})
    notebook = (executed if executed.is_file() else written).read_text(encoding="utf-8")
    return json.loads(notebook), ended, read


NEEDED = """\
from importlib.util import find_spec

if find_spec("companion") is None:
    raise SystemExit(
        "This notebook needs a checkout of the project: run pip install '.[companion]' there, and open it in book/."
    )"""
"""What a notebook that is opened elsewhere says at first; nothing on a page, and nothing where the packages are."""


def _write_kernelspec(folder: Path, noted: list[str]) -> None:
    """Names this very interpreter ``python3``, whatever kernel of that name, settings and start-up files a user has."""
    spec = folder / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    script = Path(__file__).with_name("kernel.py")
    command = [sys.executable, "-P", str(script), json.dumps(noted), "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": command, "display_name": "Python 3", "language": "python"}))
    # Jupyter prefers the first to all other folders; the others begin empty.
    os.environ.update(
        JUPYTER_PATH=str(folder), JUPYTER_RUNTIME_DIR=str(folder), IPYTHONDIR=str(folder / "ipython")
    )


def _parameters(job: Job, declared: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what to give the chapter; papermill itself takes unknown names with a mere warning."""
    for name in job.parameters:
        if name not in declared:
            known = ", ".join(declared) or "none: no code cell is tagged parameters"
            raise BookRequestError(f"{job.chapter} has no parameter {name} (it declares {known})")
    # Relative, as a chapter may print it, and no reader has our folders.
    results = {"results": os.path.relpath(job.results, job.chapter.parent)} if "results" in declared else {}
    return {**job.parameters, **results}


def tidy(notebook: dict[str, Any]) -> dict[str, Any]:
    """Strips what differs from run to run or names this machine, and hides the injected parameters.

    A notebook that imports ``companion`` begins with :data:`NEEDED`, below its title.
    """
    notebook["metadata"].pop("papermill", None)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    if any(re.search(r"^(from|import) companion\b", "".join(cell["source"]), re.MULTILINE) for cell in code):
        told = {
            "cell_type": "code",
            "execution_count": None,
            "outputs": [],
            "source": NEEDED.splitlines(keepends=True),
        }
        notebook["cells"].insert(1, {**told, "metadata": {"tags": ["remove-cell"]}})
    for number, cell in enumerate(notebook["cells"]):
        metadata = cell["metadata"]
        for key in ("papermill", "execution"):
            metadata.pop(key, None)
        cell["id"] = f"cell-{number}"
        tags = metadata.get("tags", [])
        if "injected-parameters" in tags and "remove-input" not in tags:
            metadata["tags"] = [*tags, "remove-input"]
    return notebook
