"""Where the paper's own numbers do not agree with each other: arithmetic on what it prints, without any training."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from companion.experiments import EXPERIMENTS
from companion.experiments.names import name_of
from companion.experiments.table_2 import TABLE_2
from companion.paper.arithmetic import scenario_probability
from companion.paper.printed import printed_value, printed_values
from resilinet.failures import scenario_key, scenarios

STRANGERS = "16x16 maps of CIFAR-10 beside 56x56 and 28x28 maps of 224 px images"

TWICE: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = tuple(
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
    for setting in ("no_failure", "normal", "poor", "hazardous")
)
"""Quantities that the paper prints in several places: a name, and the addresses; failout 10 % is ResiliNet's."""


@dataclass(frozen=True)
class Finding:
    """Something that does not fit, stated neutrally.

    Attributes:
        key: a short name.
        title: what it is about.
        text: what the arithmetic says; every number in it is computed.
        table: the numbers.
    """

    key: str
    title: str
    text: str
    table: pd.DataFrame


def findings() -> list[Finding]:
    """Every inner inconsistency of the paper that we know of."""
    return [probability_of_n1(), printed_twice(), mobilenet_rate(), two_imagenet_tables(), resnet_bandwidth()]


def health_scenarios() -> list[str]:
    """Every failure scenario of Health."""
    topology = EXPERIMENTS["health"].topology()
    return [scenario_key(topology, dead) for dead in scenarios(topology)]


def recomputed_average(series: str, probability_of_n1: float) -> float:
    """Table 1's average for a scheme from the table's own rows, with a chosen P(n1), all in percent."""
    weights = {dead: scenario_probability("health", dead) for dead in health_scenarios()}
    weights["n1"] = probability_of_n1
    return (
        math.fsum(p * printed_value("table-1-health", f"{series}/{dead}") for dead, p in weights.items())
        / 100
    )


def probability_of_n1() -> Finding:
    """Table 1 prints a probability for n1 that neither Table 2 nor the table's own averages bear out."""
    printed, exact = printed_value("table-1-health", "probability/n1"), scenario_probability("health", "n1")
    rows = []
    for series, name in (
        ("resilinet-plus", "ResiliNet+"),
        ("resilinet", "ResiliNet"),
        ("dfg", "DFG"),
        ("vanilla", "Vanilla"),
    ):
        rows.append(
            {
                "scheme": name,
                "average, printed": printed_value("table-1-health", f"{series}/average"),
                f"recomputed with P(n1) = {printed:.2f} %": recomputed_average(series, printed),
                f"recomputed with P(n1) = {exact:.2f} %": recomputed_average(series, exact),
            }
        )
    table = pd.DataFrame(rows).set_index("scheme")
    off = (table.iloc[:, 1] - table.iloc[:, 0]).abs(), (table.iloc[:, 2] - table.iloc[:, 0]).abs()
    total = math.fsum(printed_value("table-1-health", f"probability/{dead}") for dead in health_scenarios())
    p = TABLE_2["health"]["normal"].probability
    return Finding(
        "table-1-probability",
        "Table 1: the probability that n1 alone fails",
        f"Table 1 prints {printed:.2f} %. Table 2 gives {p['n1']:g} · {1 - p['n2']:g} · {1 - p['n3']:g} = "
        f"{exact:.2f} %, and the printed probabilities sum to {total:.2f} %, {100 - total:.2f} short of a "
        f"whole. Recomputed from the table's own rows, the averages miss the printed ones by up to "
        f"{off[0].max():.2f} points with {printed:.2f} %, and by at most {off[1].max():.2f} with {exact:.2f} %.",
        table,
    )


def printed_twice() -> Finding:
    """One quantity, several numbers."""
    rows = []
    for name, addresses in TWICE:
        values = {printed_values()[address].source: printed_value(*address) for address in addresses}
        if len(values) > 1:
            rows.append({"quantity": name} | values | {"apart": max(values.values()) - min(values.values())})
    table = pd.DataFrame(rows).set_index("quantity")
    table.insert(len(table.columns) - 1, "apart", table.pop("apart"))
    widest = str(table["apart"].idxmax())
    health = printed_value("figure-2a", "resilinet/normal")
    return Finding(
        "printed-twice",
        "The same quantity in several places",
        f"Some averages are printed more than once, and {int((table['apart'] > 0.5).sum())} of {len(table)} differ by "
        f"more than half a point; the widest gap is {table['apart'].max():.2f} points ({widest}). For ResiliNet on "
        f"Health under Normal the data behind Fig. 2a say {health:.2f} %, Table 1 says "
        f"{printed_value('table-1-health', 'resilinet/average'):.2f} % and Table 3 "
        f"{printed_value('table-3-health', '10%/normal'):.2f} %.",
        table,
    )


def mobilenet_rate() -> Finding:
    """MobileNet's average in Table 1 is that of another failout rate in Table 3."""
    one = {name: printed_value("table-1-mobilenet", f"resilinet/{name}") for name in ("none", "average")}
    rows = {
        rate: {
            "No Failure": printed_value("table-3-mobilenet", f"{rate}/no_failure"),
            "Normal": printed_value("table-3-mobilenet", f"{rate}/normal"),
        }
        for rate in ("5%", "10%", "30%", "50%")
    }
    table = pd.DataFrame(rows).T.rename_axis("Table 3, failout rate")
    table.loc["Table 1, ResiliNet"] = [one["none"], one["average"]]
    same = [
        rate
        for rate, row in rows.items()
        if row["Normal"] == one["average"] and row["No Failure"] == one["none"]
    ]
    agree = (
        f"Both numbers of Table 1 equal, to the last digit, those that Table 3 gives for {same[0][:-1]} %."
        if same
        else "They equal those of no rate in Table 3."
    )
    return Finding(
        "mobilenet-rate",
        "MobileNet on CIFAR-10: Table 1 against Table 3",
        f"The text sets ResiliNet's failout rate to 10 %. There Table 1 averages {one['average']:.2f} % under Normal, "
        f"Table 3 {rows['10%']['Normal']:.2f} %. {agree}",
        table,
    )


def two_imagenet_tables() -> Finding:
    """The chart data of Fig. 2b hold two tables, of which one is drawn."""
    rows = []
    for series, name in (("vanilla", "Vanilla"), ("dfg", "DFG"), ("resilinet", "ResiliNet")):
        for setting in ("no_failure", "normal", "poor", "hazardous"):
            raw, corrected = (printed_value(a, f"{series}/{setting}") for a in ("figure-2b-raw", "figure-2b"))
            rows.append(
                {
                    "scheme": name,
                    "setting": name_of(setting),
                    "headed raw": raw,
                    "headed corrected (drawn)": corrected,
                    "difference": corrected - raw,
                }
            )
    table = pd.DataFrame(rows).set_index(["scheme", "setting"])
    shift = table["difference"]
    gap = {
        artefact: printed_value(artefact, "resilinet/no_failure")
        - printed_value(artefact, "vanilla/no_failure")
        for artefact in ("figure-2b-raw", "figure-2b")
    }
    return Finding(
        "two-imagenet-tables",
        "Fig. 2b: two tables of ImageNet results",
        "Behind Fig. 2b lie two tables, one headed as raw and incorrect, one as corrected; the second is drawn, and "
        f"the text mentions neither. The correction adds between {shift.min():.2f} and {shift.max():.2f} points, so it "
        f"is no common offset. Without failures it turns ResiliNet's {gap['figure-2b-raw']:+.2f} points against "
        f"Vanilla into {gap['figure-2b']:+.2f}.",
        table,
    )


def resnet_bandwidth() -> Finding:
    """Table 4's row for ResNet-18 comes out of tensor sizes that no one network has."""
    from companion.experiments.table_4 import networks

    printed = printed_value("table-4", "cifar10-resnet18")
    sizes = {
        f"geometry {geometry}, from its modules": network.elements()
        for (_, geometry, key), network in networks().items()
        if key == "cifar10-resnet18"
    }
    # Height x width x channels of what the source, z1 and z2 would send.
    sizes[STRANGERS] = {"i": 16 * 16 * 64, "z1": 56 * 56 * 64, "z2": 28 * 28 * 128}
    rows = []
    for name, sent in sizes.items():
        # z3 is the cloud: skips leave the source and z1, simple hyperconnections the source, z1 and z2.
        skips, third = sent["i"] + sent["z1"], sent["z2"]
        rows.append(
            {"tensors": name}
            | {node: sent[node] for node in ("i", "z1", "z2")}
            | {"saving (%)": 100 * skips / (2 * skips + third)}
        )
    table = pd.DataFrame(rows).set_index("tensors")
    match = [str(name) for name, row in table.iterrows() if round(row["saving (%)"], 2) == printed]
    return Finding(
        "resnet-bandwidth",
        "Table 4: the saving for ResNet-18",
        f"Table 4 prints {printed:.2f} %. The share of skips in all traffic, which gives Table 4's other numbers, "
        f"comes to that only for {match[0] if match else 'none of these'}, sizes that belong to no single network. The "
        "other rows are what whole networks save.",
        table,
    )
