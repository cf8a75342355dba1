"""The ledger as a page of the book: a matrix of statements, and the paper's tables with a verdict on each number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Final

import pandas as pd

from companion.experiments import ARTEFACTS
from companion.experiments.names import FAILURES, SETTINGS, name_of
from companion.paper.ledger import totals, under_routes
from companion.paper.measured import Measured
from companion.paper.verdicts import Entry, Verdict
from companion.tables.cells import decimals
from companion.tables.html import take_away
from companion.tables.numbers import to_csv
from companion.tables.origins import provenance
from resilinet.schemes import SCHEMES

if TYPE_CHECKING:
    from IPython.display import HTML

WORDS: Final[Mapping[Verdict, str]] = {
    Verdict.REPRODUCED: "reproduced",
    Verdict.TREND: "trend",
    Verdict.NOT_REPRODUCED: "contradicted",
    Verdict.UNDECIDED: "undecided",
    Verdict.SAME_ORDER: "same",
    Verdict.OPPOSITE_ORDER: "opposite",
    Verdict.GUESS: "guess",
    Verdict.INCOMPLETE: "incomplete",
    Verdict.NOT_ATTEMPTED: "untried",
    Verdict.GIVEN: "given",
    Verdict.NONE: "synthetic",
}
"""A verdict in one word; *same* and *opposite* are orders at a smaller size than the paper's."""
COLUMNS: Final = ("health", "mobilenet", "resnet", "imagenet")
NAMES: Final = {"health": "Health", "mobilenet": "MobileNet", "resnet": "ResNet-18", "imagenet": "ImageNet"}
STATEMENTS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "key-result-1": (
        "Key result 1",
        tuple(f"key-result-1/{k}" for k in ("health", "mobilenet", "resnet", "imagenet")),
    ),
    "figure-6": ("Section 7.2, Fig. 6", tuple(f"key-result-1/{k}-repartitioned" for k in COLUMNS[:2])),
    "partitions": ("Section 7.2", ("section-7-2-partitions/all",)),
    **{
        name: (title, tuple(f"{name}/{k}" for k in networks))
        for name, title, networks in (
            ("section-3-1-classes", "Section 3.1", COLUMNS[:1]),
            ("section-3-2-probabilities", "Section 3.2", COLUMNS[:3]),
            ("section-3-3a-failures", "Section 3.3a", COLUMNS[:1]),
            ("section-3-3a-surpass", "Section 3.3a", COLUMNS[:1]),
            ("section-3-3b-vanilla", "Section 3.3b", COLUMNS[1:2]),
            ("section-3-3b-m2", "Section 3.3b", COLUMNS[1:2]),
            ("section-3-3b-plus", "Section 3.3b", COLUMNS[1:2]),
            ("section-3-3b-average", "Section 3.3b", COLUMNS[1:2]),
            ("resilinet-plus", "Section 3.3b", COLUMNS[:2]),
            ("section-3-3-intervals", "Section 3.3", ("health", "imagenet")),
            ("survival-scaling", "Section 2.3", COLUMNS[:3]),
            ("key-result-2", "Key result 2", COLUMNS[:3]),
            ("key-observation-1", "Key observation 1", COLUMNS[:1]),
            ("key-observation-2", "Key observation 2", COLUMNS[1:3]),
            ("key-result-3", "Key result 3", COLUMNS[1:3]),
            ("key-observation-3", "Key observation 3", COLUMNS[:3]),
            ("key-observation-4", "Key observation 4", COLUMNS[:3]),
            ("faq-10", "FAQ 8.10", COLUMNS[:3]),
            ("key-result-4", "Key result 4", COLUMNS[:3]),
        )
    },
    "growth": ("Section 3.4, Fig. 4", ("figure-4-health/growth", "figure-4-mobilenet/growth")),
    "peak": ("Section 3.4, Fig. 4", ("figure-4-mobilenet/peak", "figure-4-resnet/peak")),
    "skips": (
        "Section 3.4, Fig. 4",
        ("figure-4-health/most-important", "figure-4-mobilenet/skips", "figure-4-resnet/skips"),
    ),
    "section-6-convergence": ("Section 6", ("section-6-convergence/health",)),
    "time": ("FAQ 8.14, time", tuple(f"faq-14/time-{k}" for k in COLUMNS[:3])),
    "parameters": ("FAQ 8.14, size", tuple(f"faq-14/{k}" for k in COLUMNS[:3])),
    "faq-2": ("FAQ 8.2", ("faq-2/availability",)),
}
"""The rows of the matrix: where a statement stands, and its entries."""
SETTING_ROWS: Final = {name: name_of(name) for name in SETTINGS}
FAILURE_ROWS: Final = {name: name_of(name) for name in FAILURES}
THREE: Final = {key: SCHEMES[key].name for key in ("vanilla", "dfg", "resilinet")}
FOUR: Final = {
    "probability": "Probability",
    **{key: SCHEMES[key].name for key in ("resilinet-plus", "resilinet", "dfg", "vanilla")},
}
RATES: Final = {
    "failure": "Failure",
    **{rate: rate.replace("%", " %") for rate in ("5%", "10%", "30%", "50%")},
}
CELLS: Final = {"none": "None", "m1": "m1", "m2": "m2", "m1+m2": "m1, m2"}
EXHIBITS: Final[Sequence[tuple[str, str, Mapping[str, str], Mapping[str, str]]]] = (
    (
        "Table 1, Health",
        "table-1-health",
        FOUR,
        {
            "none": "None",
            **{
                key: key.replace("+", ", ")
                for key in ("n1", "n2", "n3", "n1+n2", "n1+n3", "n2+n3", "n1+n2+n3")
            },
            "average": "Average",
        },
    ),
    ("Table 1, MobileNet on CIFAR-10", "table-1-mobilenet", FOUR, {**CELLS, "average": "Average"}),
    ("Fig. 2a, Health", "figure-2a", THREE, SETTING_ROWS),
    ("Fig. 6, Health", "figure-6-health", THREE, SETTING_ROWS),
    ("Fig. 2b, MobileNet on ImageNet", "figure-2b", THREE, SETTING_ROWS),
    ("Fig. 2b by failed nodes", "figure-2b-cells", THREE, CELLS),
    ("Fig. 2b, headed raw", "figure-2b-raw", THREE, SETTING_ROWS),
    ("The same by failed nodes", "figure-2b-raw-cells", THREE, CELLS),
    ("Fig. 2c, ResNet-18", "figure-2c", THREE, SETTING_ROWS),
    ("Chart data of Fig. 2, Camera", "figure-2-camera", THREE, SETTING_ROWS),
    *(
        (
            f"Table 2, {title}",
            f"table-2-{key}",
            {f"{letter}{k}": f"{letter}{k}" for k in range(1, last)},
            FAILURE_ROWS,
        )
        for title, key, letter, last in (
            ("Health", "health", "n", 5),
            ("MobileNet", "mobilenet", "m", 4),
            ("ResNet-18", "resnet", "z", 4),
        )
    ),
    ("Table 3, Health", "table-3-health", RATES, SETTING_ROWS),
    ("Table 3, MobileNet", "table-3-mobilenet", RATES, SETTING_ROWS),
    ("Table 3, ResNet-18", "table-3-resnet", RATES, SETTING_ROWS),
)
"""The paper's tables and the chart data of its figures: title, artefact, columns and rows."""
WIDE: Final = ("table-1-health", "table-1-mobilenet", "table-3-health", "table-3-mobilenet", "table-3-resnet")
"""Those that take the width of the page; the others stand two abreast."""
IN_FULL: Final = (
    "address",
    "artefact",
    "key",
    "unit",
    "paper",
    "ours",
    "low",
    "high",
    "seeds",
    "wanted",
    "size",
    "released",
    "note",
)
"""What a file keeps of an entry; ``low`` and ``high`` are the ends of its 95 % interval."""


def show_totals(entries: Sequence[Entry]) -> HTML:
    """How many numbers and statements have each verdict, by what answers them and by kind of batch statistics."""
    groups = {
        "numbers, nothing trained": [e for e in entries if e.artefact != "claims" and not e.size],
        "numbers, paper's size": _numbers(entries, "paper"),
        "numbers, smaller": _numbers(entries, "laptop"),
        "per route": under_routes(_numbers(entries, "laptop")),
        "statements, paper's size": _statements(entries, smaller=False),
        "statements, smaller": _statements(entries, smaller=True),
        "per route ": under_routes(_statements(entries, smaller=True)),
    }
    if synthetic := [e for e in entries if e.size == "smoke"]:
        groups = {"synthetic data": synthetic, "others": [e for e in entries if e.size != "smoke"]}
    columns = {title: totals(group) for title, group in groups.items()}
    rows = [
        f"<tr><th>{_badge(verdict, str(verdict))}</th>"
        + "".join(f"<td>{found.get(verdict) or '–'}</td>" for found in columns.values())
        + "</tr>"
        for verdict in Verdict
        if any(verdict in found for found in columns.values())
    ]
    rows.append(
        "<tr><th>all</th>" + "".join(f"<td>{sum(f.values())}</td>" for f in columns.values()) + "</tr>"
    )
    head = "".join(f"<th>{title.strip()}</th>" for title in ("", *columns))
    return _html(
        f'<table class="dataframe ledger"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    )


def _numbers(entries: Iterable[Entry], size: str) -> list[Entry]:
    return [entry for entry in entries if entry.artefact != "claims" and entry.size == size]


def _statements(entries: Iterable[Entry], smaller: bool) -> list[Entry]:
    """Statements by whether a network smaller than the paper's answers them; what needs no network counts as not."""
    return [e for e in entries if e.artefact == "claims" and (e.size == "laptop") == smaller]


def show_statements(entries: Iterable[Entry], sentences: Mapping[str, str]) -> HTML:
    """The matrix of statements against experiments: a word in each cell, and one sentence on each statement.

    Args:
        entries: the ledger.
        sentences: what we found, by the names of :data:`STATEMENTS`.

    Raises:
        ValueError: a statement has no sentence, or a sentence no statement.
    """
    if strangers := sentences.keys() ^ STATEMENTS.keys():
        raise ValueError(f"{sorted(strangers)[0]!r}: a row of the matrix needs a statement and a sentence.")
    known = {entry.key: entry for entry in entries if entry.artefact == "claims"}
    head = "".join(f"<th>{title}</th>" for title in ("statement and finding", *NAMES.values()))
    rows = []
    for name, (where, keys) in STATEMENTS.items():
        found = [known[key] for key in keys]
        cells = "".join(_statement_cell(found, experiment) for experiment in COLUMNS)
        if not any(entry.experiment for entry in found):
            cells = _cell(found[0], WORDS[found[0].verdict], span=len(COLUMNS))
        text = f"<strong>{where}.</strong> <em>{escape(found[0].statement)}</em> {sentences[name]}"
        rows.append(f'<tr><th scope="row">{text}</th>{cells}</tr>')
    return _html(
        f'<table class="dataframe ledger matrix"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    )


def _statement_cell(entries: Iterable[Entry], experiment: str) -> str:
    entry = next((entry for entry in entries if entry.experiment == experiment), None)
    return "<td></td>" if entry is None else _cell(entry, WORDS[entry.verdict])


def show_numbers(entries: Iterable[Entry]) -> HTML:
    """The tables and chart data of the paper in its own form, each number with ours and the colour of its verdict."""
    entries = list(entries)
    known = {(entry.artefact, entry.key): entry for entry in entries}
    wide: list[str] = []
    narrow: list[str] = []
    for title, artefact, columns, rows in EXHIBITS:
        cells = {row: [known.get((artefact, f"{column}/{row}")) for column in columns] for row in rows}
        (wide if artefact in WIDE else narrow).append(_exhibit(title, columns.values(), rows, cells))
    networks = {"health": "Health", "mobilenet": "MobileNet", "resnet": "ResNet-18", "camera": "Camera"}
    cells = {row: [known[f"figure-3-{key}", row] for key in networks] for row in SETTING_ROWS}
    narrow.append(_exhibit("Fig. 3, in points", networks.values(), SETTING_ROWS, cells))
    savings = ("health-mlp", "imagenet-mobilenet", "cifar10-mobilenet", "cifar10-resnet18")
    titles = ("Health", "ImageNet", "MobileNet on CIFAR-10", "ResNet-18")
    others = {
        "mtbf": "FAQ 8.2, hours between failures",
        "mttr": "FAQ 8.2, hours of repair",
        "availability": "FAQ 8.2, availability",
        "gain": "Fig. 4a, Config 6 over 1, in points",
    }
    cells = {key: [known["table-4", key]] for key in savings}
    cells |= {key: [known["faq-8.2", key]] for key in ("mtbf", "mttr", "availability")}
    cells["gain"] = [known["figure-4a", "config-6-over-config-1"]]
    named = {key: f"Table 4, {title}" for key, title in zip(savings, titles, strict=True)} | others
    narrow.append(_exhibit("Single numbers", ["number"], named, cells))
    return _html("".join(wide) + f'<div class="ledger-grid">{"".join(narrow)}</div>')


def _exhibit(
    title: str,
    columns: Iterable[str],
    rows: Mapping[str, str],
    cells: Mapping[str, Sequence[Entry | None]],
) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in ("", *columns))
    lines = []
    for row, found in cells.items():
        line = "".join("<td></td>" if entry is None else _number_cell(entry) for entry in found)
        lines.append(f'<tr><th scope="row">{escape(rows[row])}</th>{line}</tr>')
    return (
        f'<table class="dataframe ledger"><caption>{escape(title)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table>"
    )


def _number_cell(entry: Entry) -> str:
    """The printed number, and ours after it; of a network with batch normalisation under both kinds of statistics."""
    paper = f"{entry.paper:.{decimals(entry)}f}"
    if entry.ours is None:
        return _cell(entry, f"<b>{paper}</b>")
    digits, route, half = max(2, decimals(entry)), entry.per_route, entry.half
    ours = f"{entry.ours:.{digits}f}"
    if route is not None and route.ours is not None:
        ours += (
            f" | {route.ours:.{digits}f}"  # their intervals are behind the cell, which would not fit the page
        )
    elif half:
        ours += f" ± {half:.{digits}f}"
    return _cell(entry, f"<b>{paper}</b> <span>{ours}</span>")


def _cell(entry: Entry, inner: str, span: int = 1) -> str:
    """A cell with the colour of its verdict, its lasting address, and what stands behind it as its title."""
    wide = f' colspan="{span}"' if span > 1 else ""
    route = entry.per_route
    style = _style(entry.verdict)
    if route is not None and route.verdict is not entry.verdict:
        style = f"{style} then-{_style(route.verdict)}"
        if entry.artefact == "claims":
            inner = f"{inner} | {WORDS[route.verdict]}"
    title = f"{_behind(entry)}{'' if route is None else f' Per route: {_behind(route)}'}"
    return (
        f'<td id="{entry.address}" class="{style}"{wide} title="{escape(title)}">'
        f'<a href="#{entry.address}">{inner}</a></td>'
    )


def _behind(entry: Entry) -> str:
    parts = [f"{entry.verdict.capitalize()}."]
    if entry.artefact != "claims" and entry.low is not None and entry.high is not None:
        parts.append(f"95 % interval {entry.low:.2f} to {entry.high:.2f}.")
    if entry.seeds and entry.seeds == entry.wanted:
        parts.append(f"{entry.seeds} seeds.")
    return " ".join([*parts, entry.note]).strip()


def _style(verdict: Verdict) -> str:
    return f"verdict-{verdict.name.lower().replace('_', '-')}"


def _badge(verdict: Verdict, text: str) -> str:
    return f'<span class="verdict {_style(verdict)}">{text}</span>'


def offer_ledger(entries: Iterable[Entry]) -> HTML:
    """Every entry with what stands behind it, as a file to take away."""
    rows = []
    for entry in entries:
        route = entry.per_route
        rows.append(
            {
                **{name: getattr(entry, name) for name in IN_FULL},
                "verdict": str(entry.verdict),
                "ours per route": None if route is None else route.ours,
                "verdict per route": "" if route is None else str(route.verdict),
                "trials": " ".join(name[:16] for name in entry.trials),
            }
        )
    return _html(take_away(to_csv(pd.DataFrame(rows, dtype=object)), caption="Every entry of the ledger"))


def offer_trials(measured: Measured) -> HTML:
    """Every run with its seed, its data, its machine and its commit, as a file to take away."""
    tables = [
        provenance(measured, artefact).reset_index().assign(artefact=artefact) for artefact in ARTEFACTS
    ]
    return _html(take_away(to_csv(pd.concat(tables)), caption="Every run behind the ledger"))


def _html(text: str) -> HTML:
    from IPython.display import HTML

    return HTML(text)
