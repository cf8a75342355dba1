"""Sets text pages and executed chapters as HTML with Jupyter Book."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import distribution
from pathlib import Path

from resilinet.book.errors import BookError

# tex-svg draws letters as paths: no fonts to load, which browsers refuse to pages opened as files.
MATHJAX_PARTS = ("tex-svg.js", "input/tex", "a11y", "sre/mathmaps/base.json", "sre/mathmaps/en.json", "ui")
IGNORED = shutil.ignore_patterns("*.ipynb", "__pycache__", ".ipynb_checkpoints", "_build", ".*")


def lay_out(source: Path, chapters: Mapping[str, Path], folder: Path) -> None:
    """Fills ``folder`` with all that Jupyter Book is to read: text pages, assets, executed notebooks."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder, ignore=IGNORED)
    for name, notebook in chapters.items():
        (folder / f"{name}.md").unlink()
        shutil.copyfile(notebook, folder / f"{name}.ipynb")
    package = distribution("sphinx-mathjax-offline")
    mathjax = Path(str(package.locate_file("sphinx-mathjax-offline/static/mathjax")))
    for part in MATHJAX_PARTS:
        origin, target = mathjax / part, folder / "_assets" / "mathjax" / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            shutil.copytree(origin, target)
        else:
            shutil.copyfile(origin, target)


def typeset(
    folder: Path, source: Path, config: Path, work: Path, finish: Callable[[Path], None] = lambda html: None
) -> Path:
    """Builds the HTML and puts it at ``work/html``, replacing the former one only when all is well.

    The build starts from nothing each time: Sphinx does not repeat the warnings of pages that it takes
    over from the last build, and so a second try would pass where the first had failed.

    Args:
        folder: what Jupyter Book is to read.
        source: the pages that were written, which its messages are to name.
        config: its settings.
        work: the build folder of this profile.
        finish: what else is done to the pages before they are put in place.

    Raises:
        BookError: Jupyter Book gave a warning or an error, or ``finish`` refused the pages.
    """
    draft, log = work / "draft", work / "jupyter-book.log"
    shutil.rmtree(draft, ignore_errors=True)
    start = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", start, "build", str(folder)]
    command += ["--config", str(config), "--path-output", str(draft), "-W", "-n", "--keep-going"]
    ended = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    # Messages name the page that was written, not its copy.
    output = re.sub(r"\x1b\[[0-9;]*m", "", ended.stdout).replace(str(folder), str(source))
    log.write_text(output, encoding="utf-8")
    html = draft / "_build" / "html"
    if ended.returncode or not (html / "index.html").is_file():
        raise BookError(f"Jupyter Book refused the pages (all of it in {log}):\n{_gist(output)}")
    finish(html)
    target, former = work / "html", work / "former"
    shutil.rmtree(former, ignore_errors=True)
    if target.exists():
        target.rename(former)
    html.rename(target)
    shutil.rmtree(former, ignore_errors=True)
    shutil.rmtree(draft, ignore_errors=True)
    return target / "index.html"


def _gist(output: str) -> str:
    """Returns the lines that tell what went wrong."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    marked = [line for line in lines if "WARNING" in line or "ERROR" in line]
    return "\n".join(marked[:20] or lines[-20:])
