"""Schemes beyond the paper's as tables: accuracy, costs, what joint failures change, and what fits a budget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from companion.experiments import ARTEFACTS
from companion.experiments.names import SETTINGS, name_of
from companion.extensions.joint_failures import JointFailures
from companion.paper.depth import enumerated, flow
from companion.paper.measured import Measured
from companion.paper.options import ARTEFACT, OPTIONS, Option, costs, rank, sample, scenario
from companion.paper.verdicts import check
from companion.tables.cells import show_check, show_sample
from companion.tables.exhibits import scheme_names
from companion.tables.numbers import Cell
from resilinet.failures import scenario_key, scenarios


def option_averages(measured: Measured) -> pd.DataFrame:
    """Average accuracy of every option by failure setting, and its difference to ResiliNet under Hazardous, paired."""
    settings, rows = ARTEFACTS[ARTEFACT].experiment.settings, {}
    ours = sample(measured, Option("resilinet"), settings["hazardous"])
    for option in OPTIONS:
        row = {name_of(name): sample(measured, option, settings[name]) for name in SETTINGS}
        difference = check("", row[name_of("hazardous")] - ours)
        rows[option.name] = {
            **{title: show_sample(one) for title, one in row.items()},
            "to ResiliNet": "" if option == Option("resilinet") else show_check(difference),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("Scheme")


def option_scenarios(measured: Measured) -> pd.DataFrame:
    """Accuracy of every trained scheme while exactly some nodes have failed, in percent."""
    chain, rows = ARTEFACTS[ARTEFACT].experiment.topology(), {}
    for option in OPTIONS:
        if option.copies == 1:
            rows[option.name] = {
                scenario_key(chain, failed).replace("+", ", "): show_sample(
                    scenario(measured, option, failed)
                )
                for failed in scenarios(chain)
            }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("Scheme")


def option_costs(measured: Measured) -> pd.DataFrame:
    """Parameters of every option, and multiply-adds and bytes for one example without failures and in each failure."""
    chain, rows = ARTEFACTS[ARTEFACT].experiment.topology(), {}
    single = ["none", *chain.failable]
    for option in OPTIONS:
        found = costs(measured, option)
        rows[option.name] = {
            ("", "parameters"): _number(found.parameters),
            **{("multiply-adds", key): _number(found.multiply_adds[key]) for key in single},
            **{("bytes", key): _number(found.traffic[key]) for key in single},
        }
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.columns = pd.MultiIndex.from_tuples(list(rows[OPTIONS[0].name]))
    return table.rename_axis("Scheme")


def power_cuts(measured: Measured, pairs: Iterable[tuple[str, str]]) -> pd.DataFrame:
    """Average accuracy under Hazardous while two nodes share part of their failures, in percent.

    Args:
        measured: the runs.
        pairs: of nodes that lose power together.
    """
    hazardous = JointFailures.independent(ARTEFACTS[ARTEFACT].experiment.settings["hazardous"])
    rows: dict[str, dict[tuple[str, str], Cell]] = {}
    for key, name in scheme_names("vanilla", "dfg", "resilinet", "resilinet-plus").items():
        option = Option(key)
        rows[name] = {("", "independent"): show_sample(sample(measured, option, hazardous))}
        for pair in pairs:
            for share in (0.5, 1.0):
                cut = sample(measured, option, hazardous.power_cut(pair, share))
                rows[name]["together: " + ", ".join(pair), f"{share:.0%}".replace("%", " %")] = show_sample(
                    cut
                )
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.columns = pd.MultiIndex.from_tuples(list(next(iter(rows.values()))))
    return table.rename_axis("Scheme")


def ranking(
    measured: Measured,
    probability: Mapping[str, float],
    *,
    parameters: float | None = None,
    traffic: float | None = None,
) -> pd.DataFrame:
    """Options within a budget, the best first, with their costs; arguments and errors as :func:`rank`."""
    rows = {
        one.option.name: {
            "accuracy": show_sample(one.accuracy),
            "parameters": _number(one.costs.parameters),
            "bytes": _number(one.costs.traffic["none"]),
        }
        for one in rank(measured, probability, parameters=parameters, traffic=traffic)
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("Scheme")


def depths(bound: float, *chains: tuple[int, float]) -> pd.DataFrame:
    """The probability of information flow through chains, exact, and by enumeration with what that leaves out.

    Args:
        bound: of the probability of the scenarios left out.
        chains: the depth and the probability that a node has failed.
    """
    rows = {}
    for depth, failure in chains:
        for around in range(3):
            listed = enumerated(depth, failure, around, bound)
            rows[depth, f"{failure:g}", ("none", "one node", "two nodes")[around]] = {
                "exact": _share(flow(depth, failure, around)),
                "enumerated": _share(listed.value),
                "left out": _share(listed.remainder),
            }
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.rename_axis(["Nodes", "Probability of failure", "Skips around"])


def _number(count: int) -> Cell:
    return Cell(f"{count:,}", count, unit="")


def _share(value: float) -> Cell:
    return Cell(f"{value:.6f}", value, unit="")
