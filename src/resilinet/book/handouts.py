"""What readers take away: every page in plain Markdown."""

from __future__ import annotations

import json

from resilinet.book.draft import Draft
from resilinet.book.errors import BookError
from resilinet.book.notebooks import clean_notebook
from resilinet.book.plain import PlainMarkdown
from resilinet.book.references import References
from resilinet.book.roles import Roles


def hand_out_pages(draft: Draft) -> None:
    """Replaces what the download button offers: Sphinx's copy of its input is full of marks that only it reads.

    Raises:
        BookError: a chapter cannot be written in plain Markdown; the message names it.
    """
    references = References.gather(draft.pages, draft.source, draft.html, draft.address.site)
    for page in draft.pages:
        up = "../" * page.name.count("/")
        offered = draft.html / "_sources" / page.name
        if page.is_chapter:
            notebook = json.loads(draft.notebooks[page.name].read_text(encoding="utf-8"))
            try:
                clean = clean_notebook(notebook, references, draft.source, draft.address.repository, up)
            except BookError as error:
                raise BookError(f"{page.path}: {error}") from None
            text = json.dumps(clean, indent=1, ensure_ascii=False)
            offered.with_name(f"{offered.name}.ipynb").write_text(f"{text}\n", encoding="utf-8")
        else:
            written = (draft.sheet / f"{page.name}.md").read_text(encoding="utf-8")
            text = PlainMarkdown(Roles(references, up=up), draft.source).write_out(written)
            offered.with_name(f"{offered.name}.md").write_text(f"{text}\n", encoding="utf-8")
