"""Takes from the pages what a browser would load and never use.

The theme brings its icons as a script of 1.5 MB, style rules for everything that Bootstrap can do, and the
search index with every page. What is left draws the same page, as the tests hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from html import escape
from pathlib import Path

ICON = re.compile(r'<i(?=[^>]*\sclass="([^"]*\bfa-[^"]*)")([^>]*)></i>')
ICON_DATA = re.compile(r'"?([a-z0-9-]+)"?:\[(\d+),(\d+),\[([^\]]*)\],"[0-9a-f]+","([^"]+)"\]')
SCRIPT = re.compile(r'[ \t]*<script[^>]*\ssrc="([^"?]*)[^"]*"[^>]*></script>\n?')
WORD = re.compile(r"[A-Za-z_][\w-]*")
CLASSES = re.compile(r'\sclass="([^"]*)"')
INLINE = re.compile(r"<script[^>]*>(.+?)</script>", re.DOTALL)
# A rule, or one of the at-rules that hold rules.
BLOCK = re.compile(r"([^{}]*)\{((?:[^{}]|\{[^{}]*\})*)\}")
# A character of Font Awesome's own, by its code point or as it is.
GLYPH = re.compile(r"\\([ef][0-9a-f]{3})\b|([\ue000-\uf8ff])")
WOFF2 = re.compile(r'url\([^)]*/vendor/fontawesome/[^)]*\.woff2\)\s*format\("woff2"\),\s*')
CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
VARIABLE = re.compile(r"(?<=[{;])\s*(--[\w-]+)\s*:[^;{}]*(?:;|(?=\}))")

NEEDED_FOR = {
    "mathjax/tex-svg.js": r'class="(?:[^"]*\s)?(?:math|output_area|tex2jax_process|mathjax_process)[\s"]',
    "clipboard.min.js": r'class="[^"]*\bhighlight\b',
    "copybutton.js": r'class="[^"]*\bhighlight\b',
    "togglebutton.js": r'class="(?:[^"]*\s)?(?:toggle[\s"]|(?=[^"]*\badmonition\b)[^"]*\bdropdown\b)',
    "design-tabs.js": r'class="[^"]*\bsd-tab-set\b',
    "scripts/fontawesome.js": r"(?!)",
    "searchtools.js": r'id="search-results"',
    "language_data.js": r'id="search-results"',
    "searchindex.js": r'id="search-results"',
}
"""Scripts, by the end of their address, and the pattern of a page that has work for them."""

# Bootstrap's script names all that it could do, and does these two for the theme.
BOOTSTRAP = "bootstrap.js"
MADE_BY_BOOTSTRAP = frozenset(["tooltip", "tooltip-inner", "tooltip-arrow", "bs-tooltip-", "show", "fade"])


def slim(html: Path) -> None:
    """Draws icons in place, drops scripts and style rules without use, and files that no page asks for."""
    static = html / "_static"
    fontawesome = static / "scripts" / "fontawesome.js"
    icons = read_icons(fontawesome.read_text(encoding="utf-8")) if fontawesome.is_file() else {}
    for path in html.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        path.write_text(drop_scripts(draw_icons(page, icons)), encoding="utf-8")
    for pattern in (
        "**/*.map",
        "scripts/fontawesome.js*",
        "vendor/fontawesome/webfonts/*.woff2",
        "locales/**/*.*",
    ):
        for path in static.glob(pattern):
            path.unlink(missing_ok=True)
    used, glyphs = words_of(html), set[int]()
    sheets = [path for path in static.rglob("*.css") if "mathjax" not in path.parts]
    pruned = {path: prune(path.read_text(encoding="utf-8"), used) for path in sheets}
    for path, css in drop_variables(pruned, html).items():
        path.write_text(WOFF2.sub("", css), encoding="utf-8")
        glyphs.update(int(code, 16) if code else ord(written) for code, written in GLYPH.findall(css))
    for path in static.glob("vendor/fontawesome/webfonts/*.ttf"):
        subset(path, glyphs)


def subset(font: Path, glyphs: Set[int]) -> None:
    """Keeps of a font the characters that style sheets name by their code points."""
    from fontTools.subset import Subsetter
    from fontTools.ttLib import TTFont

    with TTFont(font) as opened:
        subsetter = Subsetter()
        subsetter.populate(unicodes=glyphs)
        subsetter.subset(opened)
        opened.save(font)


def read_icons(script: str) -> dict[str, tuple[int, int, str]]:
    """Returns width, height and outline of Font Awesome's solid icons, by name and by older names."""
    begin = script.rfind('"arrow-up":[')  # the solid ones are the last of three sets, and have this one
    begin = script.rfind("{", 0, begin) if begin >= 0 else len(script)
    found = {}
    for name, width, height, others, outline in ICON_DATA.findall(script, begin):
        for alias in (*re.findall(r'"([^"]+)"', others), name):
            found[alias] = (int(width), int(height), outline)
    return found


def draw_icons(page: str, icons: dict[str, tuple[int, int, str]]) -> str:
    """Returns a page with its icons as drawings instead of as orders to a script; unknown ones stay."""

    def draw(match: re.Match[str]) -> str:
        classes, attributes = match.groups()
        name = next((one[3:] for one in classes.split() if one[3:] in icons and one[:3] == "fa-"), None)
        if name is None:
            return match[0]
        width, height, outline = icons[name]
        rest = re.sub(r'\sclass="[^"]*"', "", attributes)
        kept = escape(" ".join(["icon", *classes.split()]))
        return (
            f'<svg class="{kept}"{rest} viewBox="0 0 {width} {height}" aria-hidden="true">'
            f'<path fill="currentColor" d="{outline}"/></svg>'
        )

    return ICON.sub(draw, page)


def drop_scripts(page: str) -> str:
    """Returns a page without the scripts of :data:`NEEDED_FOR` that have no work on it."""

    def keep(match: re.Match[str]) -> str:
        need = next((need for end, need in NEEDED_FOR.items() if match[1].endswith(end)), "")
        return match[0] if re.search(need, page) else ""

    return SCRIPT.sub(keep, page)


def words_of(html: Path) -> frozenset[str]:
    """Returns the classes of all pages below a folder and the words of their scripts, which may set others."""
    found = set(MADE_BY_BOOTSTRAP)
    for path in html.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        for text in (*CLASSES.findall(page), *INLINE.findall(page)):
            found.update(WORD.findall(text))
    for path in html.rglob("*.js"):
        if "mathjax" not in path.parts and path.name not in (BOOTSTRAP, "searchindex.js"):
            found.update(WORD.findall(path.read_text(encoding="utf-8")))
    return frozenset(found)


def drop_variables(sheets: Mapping[Path, str], html: Path) -> Mapping[Path, str]:
    """Returns style sheets without the variables that no sheet, page or script reads.

    Args:
        sheets: by where they lie.
        html: the folder of the pages and their scripts.
    """
    elsewhere = "".join(
        path.read_text(encoding="utf-8")
        for path in (*html.rglob("*.html"), *html.rglob("*.js"))
        if "mathjax" not in path.parts and path.name != "searchindex.js"
    )
    named = set(re.findall(r"--[\w-]+", elsewhere))
    while True:  # what only a dropped variable read is read no more
        read = named | set(re.findall(r"var\(\s*(--[\w-]+)", "".join(sheets.values())))
        left = {path: _without_others(css, read) for path, css in sheets.items()}
        if left == sheets:
            return left
        sheets = left


def _without_others(css: str, variables: Set[str]) -> str:
    return VARIABLE.sub(lambda one: one[0] if one[1] in variables else "", css)


def prune(css: str, words: Set[str]) -> str:
    """Returns a style sheet without the rules for classes that no page and no script names.

    A script may put a name together from a beginning, such as ``bs-tooltip-``; what so begins is kept.
    """
    beginnings = tuple(word for word in words if word.endswith("-") and len(word) > 3)

    def is_used(selector: str) -> bool:
        # What is not there, or may be one of several, says nothing about what is there.
        plain = re.sub(r":(?:not|is|where|has)\((?:[^()]|\([^()]*\))*\)", "", selector)
        return any(
            all(name in words or name.startswith(beginnings) for name in CLASS.findall(one))
            for one in plain.split(",")
        )

    def keep(match: re.Match[str]) -> str:
        head, body = match.groups()
        if head.lstrip().startswith(("@media", "@supports", "@container")):
            inside = prune(body, words)
            return f"{head}{{{inside}}}" if inside.strip() else ""
        if head.lstrip().startswith("@") or ";" in head:
            return match[0]
        return match[0] if is_used(head) else ""

    return BLOCK.sub(keep, re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL))
