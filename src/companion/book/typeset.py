"""Sets text pages and executed chapters as HTML with Jupyter Book."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from companion.book.checks import foreign_requests
from companion.book.edition import Edition
from companion.book.errors import BookError
from companion.book.pages import read_text, read_yaml
from companion.book.surroundings import guarded, surroundings
from companion.results.frame import write_csv

# tex-svg draws letters as paths: no fonts to load, which browsers refuse to pages opened as files.
MATHJAX_PARTS = ("tex-svg.js", "input/tex", "a11y", "sre/mathmaps/base.json", "sre/mathmaps/en.json", "ui")
IGNORED = shutil.ignore_patterns("*.ipynb", "__pycache__", ".ipynb_checkpoints", "_build", ".*")
NOTEBOOKS = "notebooks"
"""The branch of the repository that holds the executed notebooks, beside their chapters (see ``book.yml``)."""
BRANCH = "main"


def settings(config: Path, edition: Edition) -> str:
    """Returns Jupyter Book's settings, completed by what only the build knows: version and addresses.

    Without an address of the repository there is nothing that buttons could lead to, and so there are none.
    """
    said: dict[str, Any] = read_yaml(config)
    sphinx = said.setdefault("sphinx", {}).setdefault("config", {})
    # For link previews, and for the page at addresses that lead nowhere, which is shown at any depth.
    sphinx["ogp_site_url"] = edition.site
    if edition.site:
        sphinx["ogp_image"] = f"{edition.site}_static/card.png"
    sphinx["notfound_urls_prefix"] = urlsplit(edition.site).path or "/"
    # Given here, as Jupyter Book drops the options under html where there are any here.
    options = sphinx.setdefault("html_theme_options", {})
    options["extra_footer"] = edition.footer
    if edition.repository.startswith("https://github.com/"):
        options.update(
            repository_url=edition.repository,
            repository_branch=NOTEBOOKS,
            # On Colab the first cell of a notebook says what to install; that from scratch needs nothing more.
            launch_buttons={
                "binderhub_url": "https://mybinder.org",
                "colab_url": "https://colab.research.google.com",
                "notebook_interface": "jupyterlab",
            },
            use_repository_button=True,
            use_edit_page_button=True,
            use_issues_button=True,
        )
        # Pages are written in Markdown, whatever Sphinx reads.
        name = "{{ file_name | replace('.ipynb', '.md') }}"
        sphinx.setdefault("html_context", {}).update(
            edit_page_url_template=f"{edition.repository}/edit/{BRANCH}/book/{name}",
            edit_page_provider_name="GitHub",
        )
    return yaml.safe_dump(said, allow_unicode=True, sort_keys=False)


def typeset(source: Path, notebooks: Mapping[str, Path], settings: str, work: Path, results: Path) -> Path:
    """Builds the HTML and puts it at ``work/html``, replacing the former one only when all is well.

    The build starts from nothing each time: Sphinx does not repeat the warnings of pages that it takes
    over from the last build, and so a second try would pass where the first had failed.

    Args:
        source: the pages as they were written, which messages are to name.
        notebooks: the executed notebook of each chapter, by name of the page.
        settings: Jupyter Book's, as YAML.
        work: the build folder of this profile.
        results: the published runs, which the book offers as one table, ``results.csv``.

    Raises:
        BookError: Jupyter Book gave a warning or an error, or a page makes a browser ask another host.
    """
    sheet, draft, config = work / "source", work / "draft", work / "_config.yml"
    _lay_out(source, notebooks, sheet)
    write_csv(results, sheet / "results.csv")
    config.write_text(settings, encoding="utf-8")
    shutil.rmtree(draft, ignore_errors=True)
    command = [*guarded("from jupyter_book.cli.main import main; main()"), "build", str(sheet)]
    command += ["--config", str(config), "--path-output", str(draft), "-W", "-n", "--keep-going"]
    ended = subprocess.run(
        command,
        cwd=work,
        env=surroundings(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
    )
    # Messages name the page that was written, not its copy.
    output = re.sub(r"\x1b\[[0-9;]*m", "", ended.stdout).replace(str(sheet), str(source))
    log = work / "jupyter-book.log"
    log.write_text(output, encoding="utf-8", errors="surrogateescape")
    html = draft / "_build" / "html"
    if ended.returncode or not (html / "index.html").is_file():
        raise BookError(f"Jupyter Book refused the pages (all of it in {log}):\n{_gist(output)}")
    if foreign := [f"  {page} asks for {address}" for page, address in foreign_requests(html)]:
        raise BookError("\n".join(["The book must not ask other hosts, but:", *foreign[:20]]))
    target, former = work / "html", work / "former"
    shutil.rmtree(former, ignore_errors=True)
    if target.exists():
        target.rename(former)
    html.rename(target)
    for folder in (former, draft):
        shutil.rmtree(folder, ignore_errors=True)
    return target / "index.html"


def _lay_out(source: Path, notebooks: Mapping[str, Path], sheet: Path) -> None:
    """Fills a folder with all that Jupyter Book is to read: text pages, assets, executed notebooks, MathJax."""
    shutil.rmtree(sheet, ignore_errors=True)
    shutil.copytree(source, sheet, ignore=IGNORED)
    for path in (*sheet.rglob("*.md"), *sheet.rglob("*.bib")):
        path.write_text(read_text(source / path.relative_to(sheet)), encoding="utf-8")
    for name, notebook in notebooks.items():
        (sheet / f"{name}.md").unlink()
        shutil.copyfile(notebook, sheet / f"{name}.ipynb")
    package = distribution("sphinx-mathjax-offline")
    mathjax = Path(str(package.locate_file("sphinx-mathjax-offline/static/mathjax")))
    for part in MATHJAX_PARTS:
        origin, target = mathjax / part, sheet / "_assets" / "mathjax" / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            shutil.copytree(origin, target)
        else:
            shutil.copyfile(origin, target)


def _gist(output: str) -> str:
    """Returns the lines that tell what went wrong."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    marked = [line for line in lines if "WARNING" in line or "ERROR" in line]
    return "\n".join(marked[:20] or lines[-20:])
