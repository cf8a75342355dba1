"""Runs chapters side by side: Jupytext makes the notebook, papermill checks its parameters and executes it.

Each chapter has a process of its own, since papermill changes the working directory. That process ends when
the build has ended, however that came about, and the kernel when its process has.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from companion.book.errors import BookError, BookRequestError
from resilinet.atomic_files import whole_file


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
        return self.target.with_suffix(".digest")

    @property
    def is_current(self) -> bool:
        """Whether the notebook that is there was made from the same."""
        there = self.target.is_file() and self.stamp.is_file()
        return there and self.stamp.read_text(encoding="utf-8") == self.digest


def run_jobs(jobs: Iterable[Job], at_once: int) -> Iterator[tuple[Job, float, BookError | None]]:
    """Yields each job as it ends, the seconds it took, and why it failed, if it did.

    Whoever stops listening ends those that run.
    """
    waiting, running = deque(jobs), list[tuple[Job, subprocess.Popen[bytes], float]]()
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                job = waiting.popleft()
                running.append((job, _start(job, at_once), time.monotonic()))
            for job, process, begin in [one for one in running if one[1].poll() is not None]:
                running.remove((job, process, begin))
                yield job, time.monotonic() - begin, _error(job) if process.returncode else None
            time.sleep(0.05)
    finally:
        for _, process, _ in running:
            process.kill()
            process.wait()


def _start(job: Job, at_once: int) -> subprocess.Popen[bytes]:
    """Starts the process of a job; what it says lies beside the notebook."""
    environment = {
        # Chapters that run beside each other share the cores instead of fighting for them.
        "OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // at_once)),
        # The debugger in ipykernel else complains about Python's own frozen modules.
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        **os.environ,
    }
    command = guarded(f"import sys; from {__name__} import main; sys.exit(main())")
    command.append(json.dumps(asdict(job), default=str))
    job.target.parent.mkdir(parents=True, exist_ok=True)
    reason, log = job.target.with_suffix(".error"), job.target.with_suffix(".log")
    with reason.open("w") as out, log.open("w") as err:
        return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err)


def _error(job: Job) -> BookError:
    reason, log = (
        job.target.with_suffix(end).read_text(encoding="utf-8").strip() for end in (".error", ".log")
    )
    return BookError(reason or f"{job.chapter}: could not be run\n{log[-2000:]}")


def guarded(code: str) -> list[str]:
    """Returns the command that runs code in a process which ends soon after this one has ended."""
    return [sys.executable, "-c", f"from {__name__} import end_with; end_with({os.getpid()}); {code}"]


def end_with(parent: int) -> None:
    """Ends this process soon after its parent has ended, even if that was killed."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main() -> int:
    """Runs the job on the command line, prints why it failed, if it did, and returns the exit status."""
    job = json.loads(sys.argv[1])
    paths = {name: Path(job[name]) for name in ("chapter", "target", "results")}
    try:
        run_chapter(Job(**{**job, **paths}))
    except BookError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    return 0


def run_chapter(job: Job) -> None:
    """Executes a chapter and puts the notebook in place, whole or not at all.

    Raises:
        BookError: a parameter is unknown to the chapter, or a cell failed.
    """
    # Here, not above: a build that finds all up to date needs neither.
    import jupytext
    import papermill
    from papermill.exceptions import PapermillExecutionError

    job.stamp.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="resilinet-book-") as temporary:
        folder = Path(temporary)
        _write_kernelspec(folder / "jupyter")
        written, executed = folder / "in.ipynb", folder / "out.ipynb"
        jupytext.write(jupytext.reads(job.chapter.read_text(encoding="utf-8"), fmt="md:myst"), written)
        try:
            papermill.execute_notebook(
                written,
                executed,
                parameters=_parameters(job, papermill.inspect_notebook(str(written))),
                kernel_name="python3",
                cwd=job.chapter.parent,
                progress_bar=False,
            )
        except PapermillExecutionError as error:
            raise BookError(describe_failure(job.chapter, error)) from None
        except RuntimeError as error:  # nbclient: the kernel died or never answered
            raise BookError(f"{job.chapter}: the kernel ended early: {error}") from None
        notebook = json.loads(executed.read_text(encoding="utf-8"))
    # Under the other profiles training shows its progress there.
    noise = remove_standard_error(notebook)
    if noise and job.parameters["profile"] == "published":
        raise BookError(f"{job.chapter}: {noise}")
    with whole_file(job.target) as partial:
        partial.write_text(json.dumps(tidy(notebook), indent=1) + "\n", encoding="utf-8")
    job.stamp.write_text(job.digest, encoding="utf-8")


def _write_kernelspec(folder: Path) -> None:
    """Names this very interpreter ``python3``, whatever kernel of that name a user has installed."""
    spec = folder / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": command, "display_name": "Python 3", "language": "python"}))
    os.environ["JUPYTER_PATH"] = str(folder)  # Jupyter prefers it to all other folders


def _parameters(job: Job, declared: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what to give the chapter; papermill itself takes unknown names with a mere warning."""
    for name in job.parameters:
        if name not in declared:
            known = ", ".join(declared) or "none: no code cell is tagged parameters"
            raise BookRequestError(f"{job.chapter} has no parameter {name} (it declares {known})")
    # Relative, as a chapter may print it, and no reader has our folders.
    results = {"results": os.path.relpath(job.results, job.chapter.parent)} if "results" in declared else {}
    return {**job.parameters, **results}


def describe_failure(chapter: Path, error: Any) -> str:
    """Returns the message for a failed cell: chapter and line, the cell's first lines, the exception."""
    lines = error.source.strip().splitlines()
    excerpt = "".join(f"    {line}\n" for line in lines[:5]) + ("    ...\n" if lines[5:] else "")
    text = chapter.read_text(encoding="utf-8")
    position = text.find(error.source.strip())
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
