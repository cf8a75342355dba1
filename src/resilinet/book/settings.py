"""Jupyter Book's settings, completed by what only the build knows: edition and address."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from resilinet.book.address import Address

NOTEBOOKS = "notebooks"
"""The branch of the repository that holds the executed notebooks, beside their chapters (see ``book.yml``)."""
BRANCH = "main"


def write_settings(config: Path, target: Path, footer: str, address: Address) -> None:
    """Writes the settings of this build.

    Without an address of the repository there is nothing that buttons could lead to, and so there are none.

    Args:
        config: the project's ``_config.yml``.
        target: where the completed settings go.
        footer: HTML for the foot of every page.
        address: of the project.
    """
    settings: dict[str, Any] = yaml.safe_load(config.read_text(encoding="utf-8"))
    sphinx = settings.setdefault("sphinx", {}).setdefault("config", {})
    # Given here, as Jupyter Book drops the options under html where there are any here.
    options = sphinx.setdefault("html_theme_options", {})
    options["extra_footer"] = footer
    # For link previews, and for the page at addresses that lead nowhere, which is shown at any depth.
    sphinx["ogp_site_url"] = address.site
    sphinx["notfound_urls_prefix"] = urlsplit(address.site).path or "/"
    if address.is_on_github:
        options.update(
            repository_url=address.repository,
            repository_branch=NOTEBOOKS,
            # Not Colab, which would need an installation in every notebook.
            launch_buttons={
                "binderhub_url": "https://mybinder.org",
                "notebook_interface": "jupyterlab",
            },
            use_repository_button=True,
            use_edit_page_button=True,
            use_issues_button=True,
        )
        # Pages are written in Markdown, whatever Sphinx reads.
        name = "{{ file_name | replace('.ipynb', '.md') }}"
        sphinx.setdefault("html_context", {}).update(
            edit_page_url_template=f"{address.repository}/edit/{BRANCH}/book/{name}",
            edit_page_provider_name="GitHub",
        )
    target.write_text(yaml.safe_dump(settings, allow_unicode=True, sort_keys=False), encoding="utf-8")
