"""The tables that chapters show: the paper's numbers and ours side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from resilinet.cells import UNITS, Cell, in_full, to_csv, trials_behind
from resilinet.exhibits import Exhibit, Shown
from resilinet.expectation import Interval
from resilinet.experiments import ARTEFACTS, trials_of
from resilinet.failures import FailureSetting
from resilinet.paper.comparisons import (
    FAILURES,
    RATES,
    SETTINGS,
    config_gain,
    name_of,
    survival_loss,
    weight_samples,
)
from resilinet.paper.ledger import GUESS, totals
from resilinet.paper.measured import Measured, Sample
from resilinet.paper.printed import printed_values
from resilinet.paper.verdicts import Check, Entry, Verdict, check
from resilinet.schemes import SCHEMES

MARKS: Final[Mapping[Verdict, str]] = {
    Verdict.REPRODUCED: "✓",
    Verdict.TREND: "≈",
    Verdict.NOT_REPRODUCED: "✗",
    Verdict.INCOMPLETE: "…",
    Verdict.NOT_ATTEMPTED: "–",
    Verdict.GIVEN: "=",
    Verdict.NONE: "∅",
}
"""What stands for a verdict in a narrow table."""
DECIMALS: Final = 2
"""Of percentages and points in a table; its CSV file has all."""
NOTHING: Final = "n/a"
SPACE: Final = "\N{NO-BREAK SPACE}"
"""Keeps a value, its interval and its mark on one line."""


def legend() -> str:
    """What the marks and the ± mean."""
    marks = ", ".join(f"{MARKS[v]} {v}" for v in (Verdict.REPRODUCED, Verdict.TREND, Verdict.NOT_REPRODUCED))
    return (
        f"± is half the 95 % t-interval over seeds. {marks}; (k/n) where only k of n seeds are there, too few "
        "for a verdict."
    )


def size_notice(measured: Measured, *artefacts: str) -> str:
    """What a page says of the size of its trials and of how many are there, in Markdown.

    Args:
        measured: the results.
        artefacts: those of the page, of one experiment.
    """
    experiment = ARTEFACTS[artefacts[0]].experiment
    size, paper = experiment.size(measured.profile), experiment.size("full")
    if size.name == "smoke":
        return "**This page shows the smoke size: tiny networks on synthetic data. Nothing here is about the paper.**"
    trials = trials_of(measured.profile, *artefacts)
    done = sum(measured.record(trial) is not None for trial in trials)
    text = (
        ""
        if done == len(trials)
        else f"**{done} of {len(trials)} trainings behind this page have been run so far.** "
    )
    if size.name == "paper":
        return text.strip()
    ours, theirs = size.recipe, paper.recipe
    return (
        f"{text}**This page shows the laptop size**: a width of {size.network['width']:g} instead of "
        f"{paper.network['width']:g}, {ours.epochs} epochs with a {ours.schedule} learning rate instead of "
        f"{theirs.epochs} with a {theirs.schedule} one, {len(size.seeds)} seeds. What such a network reaches is no "
        "measure of what the paper's reaches, so that no accuracy here counts as reproduced; what is tested is whether "
        "one condition comes out above another as printed. "
        f"`resilinet sweep {artefacts[0]} --profile full --device cuda` trains the full size."
    )


def ours(entry: Entry) -> Cell:
    """Our value of an entry with interval and mark; seeds where some are missing."""
    text = cell(entry.ours, entry.half, entry.seeds, entry.wanted)
    return Cell(
        text if entry.seeds < entry.wanted else f"{text}{SPACE}{MARKS[entry.verdict]}",
        entry.ours,
        low=entry.low,
        high=entry.high,
        seeds=entry.seeds if entry.wanted else None,
        unit=UNITS[entry.unit],
        trials=entry.trials,
    )


def printed(entry: Entry) -> Cell:
    """The paper's value of an entry, with the decimals that it prints, and no more than two of its chart data."""
    return Cell(f"{entry.paper:.{min(entry.digits, DECIMALS)}f}", entry.paper, unit=UNITS[entry.unit])


def cell(mean: float | None, half: float | None, seeds: int, wanted: int) -> str:
    """A value, half its interval, and how many seeds there are where some are missing.

    >>> cell(97.123, 0.25, 3, 10).replace(SPACE, " ")
    '97.12 ± 0.25 (3/10)'
    """
    text = NOTHING if mean is None else f"{mean:.{DECIMALS}f}"
    if half:  # what does not depend on the seed, such as a guess, has an interval of no width
        text += f"{SPACE}±{SPACE}{half:.{DECIMALS}f}"
    return text + (f"{SPACE}({seeds}/{wanted})" if seeds < wanted else "")


def show_sample(sample: Sample) -> Cell:
    """The cell of a sample that no printed number answers to."""
    found: Interval | None = sample.interval
    known, seeds = found is not None and found.n > 1, len(sample.values)
    half = (found.high - found.low) / 2 if found and known else None
    return Cell(
        cell(found.mean if found else None, half, seeds, sample.wanted),
        found.mean if found else None,
        low=found.low if found and known else None,
        high=found.high if found and known else None,
        seeds=seeds,
        trials=sample.trials,
    )


def show_check(one: Check) -> Cell:
    """The cell of a paired difference, with its sign."""
    half = None if one.low is None or one.high is None else (one.high - one.low) / 2
    sign = "+" if one.difference is not None and one.difference >= 0 else ""
    return Cell(
        sign + cell(one.difference, half, one.seeds, one.wanted),
        one.difference,
        low=one.low,
        high=one.high,
        seeds=one.seeds,
        unit="points",
        trials=one.trials,
    )


def beside(
    entries: Iterable[Entry], artefact: str, series: Mapping[str, str], conditions: Mapping[str, str]
) -> pd.DataFrame:
    """Printed numbers and ours: a row a condition, for each series a column ``paper`` and a column ``ours``.

    Args:
        entries: the ledger.
        artefact: whose numbers.
        series: keys of columns to their titles.
        conditions: keys of rows to their titles.
    """
    known = {entry.key: entry for entry in entries if entry.artefact == artefact}
    columns: dict[tuple[str, str], list[str]] = {}
    for name, title in series.items():
        found = [known.get(f"{name}/{condition}") for condition in conditions]
        columns[title, "paper"] = ["" if e is None else printed(e) for e in found]
        columns[title, "ours"] = ["" if e is None else ours(e) for e in found]
    return pd.DataFrame(columns, index=pd.Index(list(conditions.values())))


def scheme_names(*keys: str) -> dict[str, str]:
    """Schemes as the paper writes them, by key."""
    return {key: SCHEMES[key].name for key in keys}


def setting_names(names: Sequence[str] = SETTINGS) -> dict[str, str]:
    """Failure settings as the paper writes them, by key."""
    return {name: name_of(name) for name in names}


def table_1(entries: Sequence[Entry], artefact: str) -> pd.DataFrame:
    """Table 1: the probability under Normal and the accuracy for each set of failing nodes, in percent."""
    scenarios = [
        key.split("/")[1] for name, key in printed_values() if name == artefact and "probability/" in key
    ]
    conditions = {key: key.replace("+", ", ").replace("none", "None") for key in scenarios}
    schemes = scheme_names("resilinet-plus", "resilinet", "dfg", "vanilla")
    return beside(
        entries,
        artefact,
        {"probability": "Probability"} | schemes,
        conditions | {"average": "Average"},
    ).rename_axis("Failing nodes")


def averages(entries: Sequence[Entry], artefact: str) -> pd.DataFrame:
    """Figs. 2 and 6: average accuracy by failure setting, in percent."""
    return beside(
        entries, artefact, scheme_names("vanilla", "dfg", "resilinet"), setting_names()
    ).rename_axis("Setting")


def table_3(entries: Sequence[Entry], artefact: str) -> pd.DataFrame:
    """Table 3: average accuracy by failout rate, in percent."""
    rates = {rate: "Failure" if rate == "failure" else rate.replace("%", " %") for rate in RATES}
    return beside(entries, artefact, rates, setting_names()).rename_axis("Setting")


def figure_3(entries: Sequence[Entry], artefact: str) -> pd.DataFrame:
    """Fig. 3: standard deviation among weight rules, in percentage points."""
    known = {entry.key: entry for entry in entries if entry.artefact == artefact}
    rows = {name_of(name): known[name] for name in SETTINGS}
    return pd.DataFrame(
        {title: [printed(e), ours(e)] for title, e in rows.items()}, index=["paper", "ours"]
    ).T.rename_axis("Setting")


def weight_rules(measured: Measured, artefact: str) -> pd.DataFrame:
    """The averages behind Fig. 3, and those with weights from U(0,10), in percent."""
    columns = {}
    for setting in SETTINGS:
        found = weight_samples(measured, artefact, setting)
        found |= {"U(0,10)": measured.average(artefact, "U(0,10)", setting)}
        columns[name_of(setting)] = {rule: show_sample(sample) for rule, sample in found.items()}
    return pd.DataFrame(columns).rename_axis("Weights")


def figure_4(measured: Measured, artefact: str) -> pd.DataFrame:
    """Fig. 4: average accuracy for each set of skips, and the gain over Config 1 in Hazardous, in percent."""
    rows = {}
    for number, skips in enumerate(ARTEFACTS[artefact].experiment.configs, start=1):
        row = {"Skips": ", ".join(f"{a}→{b}" for a, b in skips) or "none"}
        for setting in SETTINGS:
            row[name_of(setting)] = show_sample(measured.average(artefact, f"Config {number}", setting))
        gain = check("", config_gain(measured, artefact, number, "hazardous"))
        row["Gain in Hazardous"] = show_check(gain) if number > 1 else ""
        rows[f"Config {number}"] = row
    return pd.DataFrame(rows).T


def survival_scaling(measured: Measured, artefact: str) -> pd.DataFrame:
    """Section 2.3: what scaling by survival probabilities costs, in percentage points, paired by seed."""
    rows = {}
    schemes = [key for key in ("resilinet", "resilinet-plus") if key in measured.rows(artefact)]
    for key, name in scheme_names(*schemes).items():
        for source, title in (("failout", "training: 10 % failout"), ("setting", "inference: the setting")):
            row = {}
            for setting in FAILURES:
                loss = survival_loss(
                    measured, artefact, key, setting, setting if source == "setting" else source
                )
                plain = measured.average(artefact, key, setting)
                row[name_of(setting), "unscaled"] = show_sample(plain)
                row[name_of(setting), "lost"] = show_check(check("", loss))
            rows[name, title] = row
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.columns = pd.MultiIndex.from_tuples(
        [(name_of(s), part) for s in FAILURES for part in ("unscaled", "lost")]
    )
    return table.rename_axis(["Scheme", "Survival in"])


def short_recipe(measured: Measured) -> pd.DataFrame:
    """The short recipe against the paper's: average accuracies and their difference, paired by seed."""
    rows = {}
    for rate, suffix in (("10 %", ""), ("50 %", ", 50%")):
        for setting in SETTINGS:
            long, short = (
                measured.average("short-recipe", f"{recipe}{suffix}", setting)
                for recipe in ("paper's recipe", "short recipe")
            )
            shared = short - long
            rows[rate, name_of(setting)] = {
                "paper's recipe": show_sample(long),
                "short recipe": show_sample(short),
                "difference": show_check(check("", shared)),
                "shared seeds": str(len(shared.values)),
            }
    return pd.DataFrame(rows).T.rename_axis(["Failout", "Setting"])


def own_setting(measured: Measured, probability: Mapping[str, float]) -> pd.DataFrame:
    """Average accuracy of every scheme under failure probabilities of the reader's own, in percent.

    Raises:
        ValueError: a value is no probability, or a node does not exist or cannot fail.
    """
    setting = FailureSetting("your own", dict(probability))
    title = ", ".join(f"{node} {p:g}" for node, p in probability.items())
    return pd.DataFrame(
        {
            title: {
                name: show_sample(measured.average("table-1-health", key, setting))
                for key, name in scheme_names("vanilla", "dfg", "resilinet", "resilinet-plus").items()
            }
        }
    ).rename_axis("Scheme")


def checks(entry: Entry) -> pd.DataFrame:
    """The comparisons behind a statement: difference with interval, effect size, threshold, and whether it holds."""
    rows = []
    for one in entry.checks:
        bounds = f"above {one.above:g}" if one.below is None else f"between {one.above:g} and {one.below:g}"
        if one.above < 0:
            bounds = f"below {one.below:g}"
        rows.append(
            {
                "comparison": one.what,
                "difference (points)": show_check(one),
                "Cohen's d": NOTHING if one.effect is None else f"{one.effect:.1f}",
                "is to be": bounds,
                "holds": "yes" if one.holds else "not yet known" if one.seeds < one.wanted else "no",
            }
        )
    return pd.DataFrame(rows).set_index("comparison")


def provenance(measured: Measured, artefact: str) -> pd.DataFrame:
    """Where each trial of an artefact came from."""
    rows = []
    for row in measured.rows(artefact):
        for record in measured.records(artefact, row):
            made: Mapping[str, Any] = record.provenance
            rows.append(
                {
                    "row": row,
                    "seed": record.trial.seed,
                    "trial": record.id[:16],
                    "kept epoch": f"{record.best_epoch} of {record.trial.recipe.epochs}",
                    "minutes": f"{made.get('wall_seconds', float('nan')) / 60:.1f}",
                    "torch": made.get("torch", NOTHING),
                    "commit": str(made.get("commit", NOTHING))[:10],
                }
            )
    columns = ["row", "seed", "trial", "kept epoch", "minutes", "torch", "commit"]
    return pd.DataFrame(rows, columns=columns).set_index(["row", "seed"])


def show(table: pd.DataFrame, caption: str = "") -> Shown:
    """A table as HTML, with long text in full and, where given, a caption; it carries its numbers with it."""
    exhibit = Exhibit(to_csv(in_full(table, caption)), trials_behind(table), caption)
    if table.index.nlevels == 1:
        # The name of the rows goes to the corner: a line of its own would stand empty otherwise.
        table = table.copy()
        table.columns.names = [*[None] * (table.columns.nlevels - 1), table.index.name]
        table.index.name = None
    with pd.option_context("display.max_colwidth", None):
        html = table.to_html(border=0, na_rep="", float_format=lambda value: f"{value:.2f}", justify="left")
    if caption:
        html = html.replace(">\n", f">\n  <caption>{caption}</caption>\n", 1)
    return Shown(html, exhibit)


def in_short(entries: Sequence[Entry], *artefacts: str) -> str:
    """How many numbers of some artefacts have which verdict, as the end of a sentence."""
    counts = totals(
        entry for entry in entries if entry.artefact in artefacts and entry.verdict != Verdict.GIVEN
    )
    parts = ", ".join(f"{n} {'is' if n == 1 else 'are'} {v}" for v, n in counts.items())
    return f"of {sum(counts.values())} printed numbers {parts}"


def differing(entries: Sequence[Entry], *artefacts: str) -> pd.DataFrame:
    """The printed numbers of some artefacts that are not reproduced, guesses aside, with the reason."""
    rows = [
        {
            "artefact": entry.artefact,
            "key": entry.key,
            "paper": printed(entry),
            "ours": ours(entry),
            "why": entry.note,
        }
        for entry in entries
        if entry.artefact in artefacts
        and entry.verdict in (Verdict.TREND, Verdict.NOT_REPRODUCED)
        and GUESS not in entry.note
    ]
    return pd.DataFrame(rows, columns=["artefact", "key", "paper", "ours", "why"]).set_index(
        ["artefact", "key"]
    )


def best_rates(entries: Sequence[Entry], artefact: str) -> pd.DataFrame:
    """Table 3: the failout rate with the highest average in each setting, in the paper and here."""
    rows = {}
    for setting in SETTINGS:
        found = [e for e in entries if e.artefact == artefact and e.key.endswith(f"/{setting}")]
        known = [(e.ours, e) for e in found if e.ours is not None]
        rows[name_of(setting)] = {
            "paper": _rate(max(found, key=lambda e: e.paper or 0.0)),
            "ours": _rate(max(known, key=lambda pair: pair[0])[1]) if known else NOTHING,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("Setting")


def _rate(entry: Entry) -> str:
    return entry.key.split("/")[0].replace("%", f"{SPACE}%").replace("failure", "Failure")


def statement(entries: Sequence[Entry], key: str) -> str:
    """A statement of the paper with its verdict and what decides it, in Markdown."""
    entry = _claim(entries, key)
    return f"*{entry.statement}* {_decided(entry)}"


def statement_by_part(entries: Sequence[Entry], parts: Mapping[str, str]) -> str:
    """A statement of the paper once, then each of its parts with its verdict, in Markdown.

    Args:
        entries: the ledger.
        parts: keys of one statement to what each is about.
    """
    found = {name: _claim(entries, key) for key, name in parts.items()}
    lines = [f"- {name}: {_decided(entry)}" for name, entry in found.items()]
    return "\n".join([f"*{next(iter(found.values())).statement}*", "", *lines])


def _claim(entries: Sequence[Entry], key: str) -> Entry:
    return next(entry for entry in entries if (entry.artefact, entry.key) == ("claims", key))


def _decided(entry: Entry) -> str:
    return f"**{entry.verdict.capitalize()}**: {entry.note}"
