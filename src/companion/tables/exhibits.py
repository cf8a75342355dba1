"""The paper's tables and figures as tables: its numbers and ours side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from companion.experiments import ARTEFACTS
from companion.experiments.names import FAILURES, SETTINGS, name_of
from companion.paper.comparisons.failout_rates import RATES
from companion.paper.comparisons.skip_sets import config_gain
from companion.paper.comparisons.survival_scaling import survival_loss
from companion.paper.comparisons.weight_rules import weight_samples
from companion.paper.inconsistencies import imagenet_cells
from companion.paper.measured import Measured
from companion.paper.printed import printed_values
from companion.paper.verdicts import Entry, check
from companion.tables.cells import ours, printed, show_check, show_rate, show_sample
from resilinet.failures import FailureSetting
from resilinet.schemes import SCHEMES


def scheme_names(*keys: str) -> dict[str, str]:
    """Schemes as the paper writes them, by key."""
    return {key: SCHEMES[key].name for key in keys}


def setting_names() -> dict[str, str]:
    """Failure settings as the paper writes them, by key."""
    return {name: name_of(name) for name in SETTINGS}


def beside(
    entries: Iterable[Entry], artefact: str, series: Mapping[str, str], conditions: Mapping[str, str]
) -> pd.DataFrame:
    """Printed numbers and ours: a row per condition, for each series a column ``paper`` and a column ``ours``.

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


def figure_2b_cells() -> pd.DataFrame:
    """The two tables of Fig. 2b's chart data by failing nodes, and what was added, in percent."""
    cells = imagenet_cells()
    parts = {part: cells[part].unstack("scheme") for part in ("raw", "corrected", "added")}
    schemes = scheme_names("vanilla", "dfg", "resilinet").values()
    columns = {(scheme, part): table[scheme] for scheme in schemes for part, table in parts.items()}
    return pd.DataFrame(columns).reindex(["None", "m1", "m2", "m1, m2"]).rename_axis("failed")


def table_3(entries: Sequence[Entry], *artefacts: str) -> pd.DataFrame:
    """Table 3: average accuracy by failout rate, in percent; of several artefacts one above the other."""
    rates = {rate: show_rate(rate) for rate in RATES}
    parts = [
        beside(entries, artefact, rates, setting_names()).rename_axis("Setting") for artefact in artefacts
    ]
    names = [ARTEFACTS[artefact].experiment.name for artefact in artefacts]
    return pd.concat(parts, keys=names, names=["Experiment"]) if len(parts) > 1 else parts[0]


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
    measured, rows = measured.running(), {}
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
