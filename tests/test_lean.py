"""Pages without what a browser would load and never use look as they did."""

from __future__ import annotations

import re
import shutil
from importlib.resources import files
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from browser import PATIENCE, chromium
from resilinet.book.lean import drop_scripts, drop_variables, prune, read_icons, slim

THEME = Path(str(files("pydata_sphinx_theme"))) / "theme" / "pydata_sphinx_theme" / "static"
PAGE = """<html data-theme="light"><head><title>x</title>
<link href="_static/styles/pydata-sphinx-theme.css?digest=1" rel="stylesheet" />
<script defer src="_static/scripts/fontawesome.js?digest=1"></script>
<script src="_static/scripts/bootstrap.js"></script>
<script defer="defer" src="_static/mathjax/tex-svg.js?v=1"></script>
<script src="searchindex.js"></script></head>
<body><div class="bd-container"><nav class="bd-sidebar-primary nav"><ul class="nav"><li class="toctree-l1 nav-item">
<a class="nav-link reference internal" href="#">one</a></li></ul></nav><main class="bd-main"><div class="bd-content">
<article class="bd-article">
<h1>Title<a class="headerlink" href="#t">#</a></h1><p class="lead">Text, <code>code</code>.</p>
<div class="admonition note"><p class="admonition-title">Note</p><p>That.</p></div>
<table class="table"><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>
<button class="btn btn-sm"><i class="fa-solid fa-arrow-up fa-lg" title="Up"></i></button>
<i class="theme-switch fa-solid fa-sun   fa-lg" data-mode="light"></i><i class="fa-solid fa-no-such-icon"></i>
</article></div></main></div></body></html>"""


@pytest.fixture
def html(tmp_path: Path) -> Path:
    shutil.copytree(THEME, tmp_path / "_static")
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    return tmp_path


def test_icons_are_drawn_where_a_script_would_have_drawn_them(html: Path) -> None:
    slim(html)
    page = (html / "page.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 2
    up = read_icons((THEME / "scripts" / "fontawesome.js").read_text(encoding="utf-8"))["arrow-up"][2]
    assert re.search(
        rf'<svg class="icon fa-solid fa-arrow-up fa-lg" title="Up"[^>]*><path [^>]*d="{re.escape(up)}"', page
    )
    assert 'data-mode="light"' in page
    assert '<i class="fa-solid fa-no-such-icon"></i>' in page


def test_scripts_go_that_have_nothing_to_do_on_a_page() -> None:
    assert re.findall(r'src="([^"?]*)', drop_scripts(PAGE)) == ["_static/scripts/bootstrap.js"]
    assert "tex-svg.js" in drop_scripts(PAGE.replace('class="lead"', 'class="math notranslate"'))
    assert "searchindex.js" in drop_scripts(PAGE.replace("<main", '<main id="search-results"'))
    hiding = PAGE.replace("</head>", '<script src="_static/togglebutton.js"></script></head>')
    assert "togglebutton.js" not in drop_scripts(hiding)
    for classes in ("admonition dropdown note", "solution dropdown admonition", "cell toggle"):
        assert "togglebutton.js" in drop_scripts(hiding.replace('class="lead"', f'class="{classes}"'))


def test_rules_go_that_no_page_can_use() -> None:
    css = """@charset "UTF-8"; /* .note {} */ p{a:b} .note,.lost{c:d} .lost p{e:f} a:not(.lost){g:h}
    @media print{.lost{i:j} .note{k:l}} @media screen{.lost{m:n}} .made-by-script-left{o:p}
    @font-face{font-family:x} :is(.lost,.note){q:r}"""
    kept = prune(css, {"note", "made-by-script-"})
    assert sorted(re.findall(r"(\w):\w[;}]", kept)) == ["a", "c", "g", "k", "o", "q", "y"]
    assert "lost p" not in kept
    assert "screen" not in kept


def test_variables_go_that_nothing_reads(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<p style="color: var(--inline)">', encoding="utf-8")
    (tmp_path / "a.js").write_text('getPropertyValue("--asked")', encoding="utf-8")
    sheet = tmp_path / "a.css"
    rule = "p{width:var(--read, 1px)}"
    css = f":root{{--read:1;--inline:2;--asked:3;--only-by-unread:4;--unread:var(--only-by-unread)}}{rule}"
    (left,) = drop_variables({sheet: css}, tmp_path).values()
    assert left == f":root{{--read:1;--inline:2;--asked:3;}}{rule}"


def test_fonts_keep_the_characters_that_style_sheets_name(html: Path) -> None:
    slim(html)
    css = (html / "_static" / "styles" / "pydata-sphinx-theme.css").read_text(encoding="utf-8")
    named = {ord(character) for character in re.findall(r"--pst-icon-[\w-]+:\s*\"(.)\"", css)}
    assert named
    for font in (html / "_static" / "vendor" / "fontawesome" / "webfonts").iterdir():
        assert font.name in css
        with (
            TTFont(font) as opened,
            TTFont(THEME / "vendor" / "fontawesome" / "webfonts" / font.name) as before,
        ):
            assert named & set(before.getBestCmap()) <= set(opened.getBestCmap() or {})
        assert font.stat().st_size < 15_000


@pytest.mark.slow
def test_every_element_looks_as_it_did_on_light_and_dark_pages(html: Path) -> None:
    shutil.copytree(THEME, html / "before")
    slim_page = html / "page.html"
    slim(html)
    text = slim_page.read_text(encoding="utf-8").replace("_static/", "before/")
    (html / "same.html").write_text(text, encoding="utf-8")
    look = """() => [...document.querySelectorAll("*")].flatMap((one) => [null, "::before", "::after"].map((part) => {
      const style = getComputedStyle(one, part);
      return [...style].map((name) => `${name}: ${style.getPropertyValue(name)}`).join("; ");
    }))"""
    with chromium() as browser:
        page = browser.new_page(java_script_enabled=True)
        page.set_default_timeout(PATIENCE)
        for theme in ("light", "dark"):
            seen = []
            for name in ("page.html", "same.html"):
                page.goto((html / name).as_uri())
                page.evaluate(f"document.documentElement.dataset.theme = {theme!r}")
                seen.append(page.evaluate(look))
            assert len(seen[0]) > 60
            for ours, theirs in zip(*seen, strict=True):
                assert _without_variables(ours) == _without_variables(theirs)


def _without_variables(style: str) -> list[str]:
    """What is drawn: names of custom properties alone draw nothing."""
    return [one for one in style.split("; ") if not one.startswith("--")]
