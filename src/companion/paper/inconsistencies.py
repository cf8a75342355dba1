"""Where the paper's own numbers do not agree with each other: arithmetic on what it prints, without any training.

Each function gives the numbers of one finding as a table; the page of verdicts says in words what they show.
"""

from __future__ import annotations

import math
from typing import Final

import pandas as pd

from companion.experiments import EXPERIMENTS
from companion.experiments.names import FAILURES, SETTINGS, name_of
from companion.experiments.table_2 import TABLE_2
from companion.paper.arithmetic import scenario_probability
from companion.paper.comparisons.skip_sets import config_over
from companion.paper.own_numbers import OWN_NUMBERS
from companion.paper.printed import printed_value, printed_values
from resilinet.failures import scenario_key, scenarios
from resilinet.schemes import SCHEMES

STRANGERS: Final = "16x16 maps of CIFAR-10 beside 56x56 and 28x28 maps of 224 px images"
SCENARIOS: Final = ("none", "m1", "m2", "m1+m2")
"""Of Fig. 2b's chart data."""
TWICE: Final[tuple[tuple[str, tuple[tuple[str, str], ...]], ...]] = tuple(
    (
        f"{title}, {name_of(setting)}",
        tuple(
            address
            for address in (
                (table_1, {"no_failure": f"{series}/none", "normal": f"{series}/average"}.get(setting, "")),
                (figure_2, f"{series}/{setting}"),
                *([(table_3, f"10%/{setting}")] if series == "resilinet" else []),
            )
            if address in printed_values()
        ),
    )
    for title, series, table_1, figure_2, table_3 in (
        ("Health, ResiliNet", "resilinet", "table-1-health", "figure-2a", "table-3-health"),
        ("Health, DFG", "dfg", "table-1-health", "figure-2a", ""),
        ("Health, Vanilla", "vanilla", "table-1-health", "figure-2a", ""),
        ("MobileNet on CIFAR-10, ResiliNet", "resilinet", "table-1-mobilenet", "", "table-3-mobilenet"),
        ("ResNet-18, ResiliNet", "resilinet", "", "figure-2c", "table-3-resnet"),
    )
    for setting in SETTINGS
)
"""Quantities that the paper prints in several places: a name, and the addresses; failout 10 % is ResiliNet's."""


def health_scenarios() -> list[str]:
    """Every failure scenario of Health."""
    topology = EXPERIMENTS["health"].topology()
    return [scenario_key(topology, failed) for failed in scenarios(topology)]


def recomputed_average(series: str, probability_of_n1: float) -> float:
    """Table 1's average for a scheme from the table's own rows, with a chosen P(n1), all in percent."""
    weights = {failed: scenario_probability("health", failed) for failed in health_scenarios()}
    weights["n1"] = probability_of_n1
    return (
        math.fsum(p * printed_value("table-1-health", f"{series}/{failed}") for failed, p in weights.items())
        / 100
    )


def probability_of_n1() -> pd.DataFrame:
    """Table 1's averages as printed, and recomputed with its own probability of n1 and with Table 2's."""
    printed, exact = printed_value("table-1-health", "probability/n1"), scenario_probability("health", "n1")
    rows = {
        SCHEMES[series].name: {
            "printed": printed_value("table-1-health", f"{series}/average"),
            f"with P(n1) = {printed:.2f} %": recomputed_average(series, printed),
            f"with P(n1) = {exact:.2f} %": recomputed_average(series, exact),
        }
        for series in ("resilinet-plus", "resilinet", "dfg", "vanilla")
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("average of")


def printed_twice() -> pd.DataFrame:
    """Averages that are printed in several places, and how far apart."""
    rows = []
    for name, addresses in TWICE:
        values = {
            printed_values()[address].source.removeprefix("chart data of "): printed_value(*address)
            for address in addresses
        }
        if len(values) > 1:
            rows.append({"quantity": name} | values | {"apart": max(values.values()) - min(values.values())})
    table = pd.DataFrame(rows).set_index("quantity")
    table.insert(len(table.columns) - 1, "apart", table.pop("apart"))
    return table


def figure_2a_from_rows() -> pd.DataFrame:
    """Fig. 2a's averages as drawn, as they follow from Table 1's rows and Table 2, and their difference."""
    settings = EXPERIMENTS["health"].settings
    rows = {}
    for series in ("vanilla", "dfg", "resilinet"):
        for setting in FAILURES:
            # As an own setting, so that it is not the printed average that is found.
            (rows_give,) = OWN_NUMBERS.average("table-1-health", series, settings[setting]).values.values()
            drawn = printed_value("figure-2a", f"{series}/{setting}")
            rows[SCHEMES[series].name, name_of(setting)] = {
                "drawn": drawn,
                "by Table 1": rows_give,
                "difference": drawn - rows_give,
            }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["scheme", "setting"])


def implied_guess() -> pd.DataFrame:
    """What Fig. 2c's averages of Vanilla say that a guess is worth, in percent.

    Vanilla guesses whenever a node is failed: average = P(none failed) · accuracy + (1 - P(none failed)) · guess.
    """
    whole, rows = printed_value("figure-2c", "vanilla/no_failure"), {}
    for setting in FAILURES:
        alive = math.prod(1 - p for p in TABLE_2["resnet"][setting].probability.values())
        average = printed_value("figure-2c", f"vanilla/{setting}")
        rows[name_of(setting)] = {
            "average": average,
            "P(none failed)": 100 * alive,
            "implied guess": (average - alive * whole) / (1 - alive),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("setting")


def mobilenet_rate() -> pd.DataFrame:
    """Table 1's ResiliNet on CIFAR-10 beside the rates of Table 3."""
    rows = {
        f"Table 3, {rate[:-1]} %": [
            printed_value("table-3-mobilenet", f"{rate}/{setting}") for setting in ("no_failure", "normal")
        ]
        for rate in ("5%", "10%", "30%", "50%")
    }
    rows["Table 1, ResiliNet"] = [
        printed_value("table-1-mobilenet", f"resilinet/{name}") for name in ("none", "average")
    ]
    return pd.DataFrame.from_dict(rows, orient="index", columns=["No Failure", "Normal"]).rename_axis(
        "failout"
    )


def imagenet_cells() -> pd.DataFrame:
    """Fig. 2b's chart data by scenario: the raw table, the corrected one, and what was added."""
    rows = {}
    for series in ("vanilla", "dfg", "resilinet"):
        for scenario in SCENARIOS:
            raw, corrected = (
                printed_value(f"figure-2b{table}-cells", f"{series}/{scenario}") for table in ("-raw", "")
            )
            failed = scenario.replace("+", ", ").replace("none", "None")
            rows[SCHEMES[series].name, failed] = {
                "raw": raw,
                "corrected": corrected,
                "added": round(corrected - raw, 10),
            }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["scheme", "failed"])


def imagenet_averages() -> pd.DataFrame:
    """The eighteen averages of Fig. 2b's two tables as printed, and as they follow from the cells and Table 2."""
    topology, rows = EXPERIMENTS["imagenet"].topology(), {}
    for name in ("figure-2b-raw", "figure-2b"):
        for series in ("vanilla", "dfg", "resilinet"):
            for setting in FAILURES:
                chosen = TABLE_2["mobilenet"][setting]
                exact = math.fsum(
                    chosen.scenario_probability(topology, failed)
                    * printed_value(f"{name}-cells", f"{series}/{scenario_key(topology, failed)}")
                    for failed in scenarios(topology)
                )
                printed = printed_value(name, f"{series}/{setting}")
                rows[name, SCHEMES[series].name, name_of(setting)] = {"printed": printed, "by cells": exact}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["table", "scheme", "setting"])


def growth_of_configs() -> pd.DataFrame:
    """What each configuration of Fig. 4a gains over the one before it, by Tables 1 and 2, in points."""
    rows = {
        f"Config {number} over {number - 1}": {
            name_of(setting): config_over(OWN_NUMBERS, "figure-4a", number, number - 1, setting).difference
            for setting in FAILURES
        }
        for number in range(2, 1 + len(EXPERIMENTS["health"].configs))
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("step")


def both_failed() -> pd.DataFrame:
    """Table 1's row of MobileNet with m1 and m2 failed."""
    names = ("resilinet-plus", "resilinet", "dfg", "vanilla")
    row = {SCHEMES[name].name: printed_value("table-1-mobilenet", f"{name}/m1+m2") for name in names}
    return pd.DataFrame([row], index=["m1, m2"]).rename_axis("failed")


def resnet_bandwidth() -> pd.DataFrame:
    """Table 4's saving for ResNet-18 by the tensors that the source, z1 and z2 send."""
    from companion.experiments.table_4 import networks

    sizes = {
        f"geometry {geometry}, from its modules": network.elements()
        for (_, geometry, key), network in networks().items()
        if key == "cifar10-resnet18"
    }
    # Height x width x channels of what the source, z1 and z2 would send.
    sizes[STRANGERS] = {"i": 16 * 16 * 64, "z1": 56 * 56 * 64, "z2": 28 * 28 * 128}
    rows = {}
    for name, sent in sizes.items():
        # z3 is the cloud: skips leave the source and z1, simple hyperconnections the source, z1 and z2.
        skips, third = sent["i"] + sent["z1"], sent["z2"]
        counts = {node: sent[node] for node in ("i", "z1", "z2")}
        rows[name] = counts | {"saving (%)": 100 * skips / (2 * skips + third)}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("tensors")
