"""A tiny book of two chapters and one text page under the project's own settings."""

from __future__ import annotations

import shutil
from pathlib import Path

from rich.console import Console

from companion.book import build_book
from companion.experiments import ARTEFACTS
from companion.results.store import Store
from made_up import made_up

ROOT = Path(__file__).parents[2]

HEADER = """\
---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
"""

FIRST = (
    HEADER
    + """\
# First chapter

```{code-cell} python
:tags: [parameters, remove-cell]
profile = "published"
results = "../results"
```

The mass of $n$ nodes is $\\sum_i m_i$.

```{code-cell} python
from pathlib import Path
print("profile", profile, "value", (Path(results) / "one.txt").read_text())
```
"""
)

SECOND = (
    HEADER
    + """\
# Second chapter

```{code-cell} python
:tags: [parameters, remove-cell]
profile = "published"
```

```{code-cell} python
answer = 6 * 7
print("answer", answer)
```

The {doc}`first chapter </first>` has more.

```{code-cell} python
import pandas as pd
from companion.tables import show
show(pd.DataFrame({"share": [0.3333]}), "A third")
```
"""
)


class TinyBook:
    """A project folder with a book, and what a build of it did."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.source = root / "book"
        self.out = root / "build"
        shutil.copytree(ROOT / "book" / "_assets", self.source / "_assets")
        shutil.copy(ROOT / "_config.yml", root)
        shutil.copy(ROOT / "book" / "references.bib", self.source)
        trial = ARTEFACTS["figure-2a"].rows("published")["vanilla"][0]
        Store(root / "results").write(made_up(trial, lambda trial, key: 90.0))
        (root / "results" / "one.txt").write_text("1", encoding="utf-8")
        self.write(
            "_toc.yml", "format: jb-book\nroot: intro\nchapters:\n- file: first\n- file: part/second\n"
        )
        self.write("intro.md", "# A tiny book\n\nWords: resilience.\n\n```{bibliography}\n```\n")
        self.write("first.md", FIRST)
        self.write("part/second.md", SECOND)

    def write(self, name: str, text: str) -> None:
        """Writes a page."""
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def build(self, **arguments: object) -> Path:
        """Builds quietly."""
        return build_book(
            source=self.source,
            out=self.out,
            jobs=2,
            console=Console(quiet=True),
            **arguments,  # type: ignore[arg-type]
        )

    def times(self, profile: str = "published") -> dict[str, int]:
        """Returns when each notebook and page was written, by name."""
        folder = self.out / profile
        paths = [folder / "notebooks/first.ipynb", folder / "notebooks/part/second.ipynb"]
        paths.append(folder / "html/index.html")
        return {path.stem: path.stat().st_mtime_ns for path in paths}

    def changed_since(self, times: dict[str, int]) -> set[str]:
        """Returns the names of what has been written anew."""
        return {name for name, time in self.times().items() if time != times[name]}
