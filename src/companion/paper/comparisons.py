"""What the paper's statements compare, measured seed by seed; each function takes the artefact it looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise, product
from statistics import fmean
from typing import Final

from companion.experiments import ARTEFACTS
from companion.experiments.names import FAILURES, SETTINGS, name_of
from companion.experiments.trial import Record
from companion.paper.measured import Measured, Sample, spread
from companion.paper.own_numbers import OwnNumbers, reaches_cloud
from companion.paper.printed import printed_value
from companion.paper.verdicts import TOLERANCE, Check, check
from companion.results.intervals import Interval
from resilinet.failures import FailureSetting, scenario_key, scenarios
from resilinet.schemes import SCHEMES

RULES: Final = ("one", "reliability", "relative-reliability", "U(0,1)")
FIXED_RATES: Final = ("5%", "10%", "30%", "50%")
RATES: Final = ("failure", *FIXED_RATES)
"""Table 3's columns; "failure" sets each node's rate to its probability of failure."""
SUBSTANTIAL: Final = 10.0
"""Points by which one accuracy is to greatly surpass another."""
TARGET: Final = 0.97
"""Validation accuracy on Health at which a training counts as converged."""
Numbers = Measured | OwnNumbers
"""Our results, or the paper's own numbers in their place."""
Test = Callable[[Numbers, str], list[Check]]
"""From numbers and an artefact to the comparisons that decide a statement."""


def better_schemes(measured: Numbers, artefact: str) -> list[Check]:
    """Key result 1: ResiliNet above the others in each setting, and further above the severer it is."""

    def margin(other: str, setting: str) -> Sample:
        ours = measured.average(artefact, "resilinet", setting)
        return ours - measured.average(artefact, other, setting)

    others = (("dfg", "DFG"), ("vanilla", "Vanilla"))
    checks = [
        check(f"ResiliNet minus {name} in {name_of(setting)}", margin(other, setting))
        for other, name in others
        for setting in FAILURES
    ]
    for milder, severer in (("normal", "poor"), ("poor", "hazardous")):
        for other, name in others:
            growth = margin(other, severer) - margin(other, milder)
            checks.append(check(f"margin over {name}, {name_of(severer)} minus {name_of(milder)}", growth))
    return checks


def plus(measured: Numbers, artefact: str) -> list[Check]:
    """ResiliNet+ is better, negligibly."""
    difference = measured.average(artefact, "resilinet-plus", "normal") - measured.average(
        artefact, "resilinet", "normal"
    )
    return [check("ResiliNet+ minus ResiliNet in Normal", difference, below=TOLERANCE)]


def weight_samples(measured: Numbers, artefact: str, setting: str) -> dict[str, Sample]:
    """Fig. 3: the average accuracy of each weight rule in a setting; the reliability rules were trained for it."""
    rows = measured.rows(artefact)
    return {
        rule: measured.average(
            artefact, next((r for r in (f"{rule}:{setting}", rule) if r in rows), "one"), setting
        )
        for rule in RULES
    }


def weight_spread(measured: Numbers, artefact: str, setting: str) -> Sample:
    """Fig. 3: the standard deviation among the four weight rules in a setting, in points."""
    if isinstance(measured, OwnNumbers):
        return measured.printed(artefact, setting)
    return spread(weight_samples(measured, artefact, setting).values())


def alike_weights(measured: Numbers, artefact: str) -> list[Check]:
    """Key result 2: the standard deviation among four weight rules stays below a point."""
    return [
        check(
            f"standard deviation among weight rules in {name_of(setting)}",
            weight_spread(measured, artefact, setting),
            above=None,
            below=1.0,
        )
        for setting in SETTINGS
    ]


def wide_weights(measured: Numbers, artefact: str) -> list[Check]:
    """Key observation 1: weights from U(0,10) do worse than weights of one."""
    return [
        check(f"weights of one minus U(0,10) in {name_of(setting)}", lost, above=TOLERANCE)
        for setting, lost in _lost_by_wide_weights(measured, artefact)
    ]


def harmless_wide_weights(measured: Numbers, artefact: str) -> list[Check]:
    """Key observation 2: weights from U(0,10) neither help nor harm."""
    return [
        check(f"weights of one minus U(0,10) in {name_of(setting)}", lost, above=-TOLERANCE, below=TOLERANCE)
        for setting, lost in _lost_by_wide_weights(measured, artefact)
    ]


def _lost_by_wide_weights(measured: Numbers, artefact: str) -> Iterable[tuple[str, Sample]]:
    for setting in SETTINGS:
        one, wide = (measured.average(artefact, row, setting) for row in ("one", "U(0,10)"))
        yield setting, one - wide


def rate_sample(measured: Numbers, artefact: str, rate: str, setting: str) -> Sample:
    """Table 3: the average accuracy with a failout rate; "failure" was trained for the setting."""
    return measured.average(artefact, f"failure:{setting}" if rate == "failure" else rate, setting)


def rate_over(measured: Numbers, artefact: str, better: str, other: str, setting: str) -> Check:
    """One failout rate against another."""
    difference = rate_sample(measured, artefact, better, setting) - rate_sample(
        measured, artefact, other, setting
    )
    return check(f"{_rate(better)} minus {_rate(other)} in {name_of(setting)}", difference)


def _rate(rate: str) -> str:
    return "failout rate Failure" if rate == "failure" else rate.replace("%", " %")


def best_rate(rate: str) -> Test:
    """Key result 3: that one failout rate is the best on average over the settings in which nodes fail."""

    def checks(measured: Numbers, artefact: str) -> list[Check]:
        means = {
            other: mean(rate_sample(measured, artefact, other, setting) for setting in FAILURES)
            for other in RATES
        }
        return [
            check(
                f"{_rate(rate)} minus {_rate(other)}, mean of Normal, Poor and Hazardous",
                means[rate] - means[other],
            )
            for other in RATES
            if other != rate
        ]

    return checks


def mean(samples: Iterable[Sample]) -> Sample:
    """The mean of several quantities, seed by seed."""
    found = list(samples)
    seeds = set.intersection(*(set(one.values) for one in found))
    trials = tuple(dict.fromkeys(name for one in found for name in one.trials))
    values = {seed: fmean(one.values[seed] for one in found) for seed in sorted(seeds)}
    return Sample(values, min(one.wanted for one in found), trials)


def no_rate_for_all(measured: Numbers, artefact: str) -> list[Check]:
    """Key observation 4: for each fixed rate there is a setting with a better one, the one that the paper prints.

    Which comparison is made is decided by the printed numbers alone, so that ours are not searched for the largest.
    """
    checks = []
    for rate in FIXED_RATES:
        other, setting = max(
            (
                (o, s)
                for o in RATES
                for s in SETTINGS
                if o != rate and not (o == "failure" and s == "no_failure")
            ),
            key=lambda pair: (
                printed_value(artefact, f"{pair[0]}/{pair[1]}") - printed_value(artefact, f"{rate}/{pair[1]}")
            ),
        )
        checks.append(rate_over(measured, artefact, other, rate, setting))
    return checks


def higher_rates(measured: Numbers, artefact: str) -> list[Check]:
    """Key observation 3: each higher rate is worse, in every setting."""
    return [
        rate_over(measured, artefact, lower, higher, setting)
        for setting in SETTINGS
        for lower, higher in pairwise(FIXED_RATES)
    ]


def below_half(measured: Numbers, artefact: str) -> list[Check]:
    """FAQ 8.10: a rate of one half is too much."""
    return [rate_over(measured, artefact, "30%", "50%", setting) for setting in SETTINGS]


def config_gain(measured: Numbers, artefact: str, number: int, setting: str, over: int = 1) -> Sample:
    """Fig. 4: how much more accurate a configuration of skips is than another."""
    better = measured.average(artefact, f"Config {number}", setting)
    return better - measured.average(artefact, f"Config {over}", setting)


def severity_of_skips(measured: Numbers, artefact: str) -> list[Check]:
    """Key result 4: each single skip gains more in Hazardous than in Normal."""
    rows = measured.rows(artefact)
    single = [number for number, row in enumerate(rows.values(), start=1) if len(row[0].skips) == 1]
    return [
        check(
            f"gain of Config {number}, Hazardous minus Normal",
            config_gain(measured, artefact, number, "hazardous")
            - config_gain(measured, artefact, number, "normal"),
        )
        for number in single
    ]


def growing_configs(measured: Numbers, artefact: str) -> list[Check]:
    """Fig. 4a: every configuration is better than the one before it."""
    return [
        config_over(measured, artefact, number, number - 1, setting)
        for setting in FAILURES
        for number in range(2, 1 + len(measured.rows(artefact)))
    ]


def config_over(measured: Numbers, artefact: str, better: int, other: int, setting: str) -> Check:
    """One set of skips against another."""
    return check(
        f"Config {better} minus Config {other} in {name_of(setting)}",
        config_gain(measured, artefact, better, setting, over=other),
    )


def input_skip_of_three(measured: Numbers, artefact: str) -> list[Check]:
    """Fig. 4a: alone, and beside n2 to n4, the skip from the input does most."""
    return [
        config_over(measured, artefact, better, other, setting)
        for setting in FAILURES
        for better, other in ((4, 2), (4, 3), (6, 5))
    ]


def input_skip_of_two(measured: Numbers, artefact: str) -> list[Check]:
    """Fig. 4b: the skip from the input does more than the other."""
    return [config_over(measured, artefact, 3, 2, setting) for setting in FAILURES]


def later_skip_of_two(measured: Numbers, artefact: str) -> list[Check]:
    """Fig. 4c: the skip from the input does less than the other."""
    return [config_over(measured, artefact, 2, 3, setting) for setting in FAILURES]


def survival_loss(measured: Numbers, artefact: str, scheme: str, setting: str, source: str) -> Sample:
    """Section 2.3: what scaling by survival probabilities costs on average, in points.

    Both sides have running batch statistics: scaled weights were evaluated with no others, and a difference of
    statistics is none of scaling.

    Args:
        measured: the results.
        artefact: whose trials.
        scheme: the row.
        setting: under which the average is expected.
        source: of the survival probabilities: ``failout``, or a failure setting.
    """
    measured = measured.running()
    plain = measured.average(artefact, scheme, setting)
    return plain - measured.average(artefact, scheme, setting, survival=source)


def survival(measured: Numbers, artefact: str) -> list[Check]:
    """Section 2.3: scaling costs ResiliNet more than a point, whichever survival probabilities are meant."""
    return [
        check(
            f"unscaled minus scaled by the survival of {what} in {name_of(setting)}",
            survival_loss(measured, artefact, "resilinet", setting, source),
            above=TOLERANCE,
        )
        for setting in FAILURES
        for what, source in (("failout", "failout"), ("the setting", setting))
    ]


def learns_faster(measured: Numbers, artefact: str) -> list[Check]:
    """FAQ 8.14: with skips an epoch teaches more; DFG has Vanilla's seeds and batches, and skips besides."""

    def learning(row: str) -> Sample:
        return measured.sample(
            artefact,
            row,
            lambda record: 100 * fmean(epoch["validation_accuracy"] for epoch in record.history),
        )

    return [check("validation accuracy, DFG minus Vanilla", learning("dfg") - learning("vanilla"))]


def epochs_to_target(measured: Numbers, artefact: str, row: str) -> Sample:
    """How many epochs a training takes to a validation accuracy of 97 %; one more than all where it never does."""

    def epochs(record: Record) -> float:
        reached = (k for k, epoch in enumerate(record.history, 1) if epoch["validation_accuracy"] >= TARGET)
        return float(next(reached, len(record.history) + 1))

    return measured.sample(artefact, row, epochs)


def fewer_epochs(measured: Numbers, artefact: str) -> list[Check]:
    """FAQ 8.14: with skips and without failout a training takes fewer epochs."""
    plain, skips = (epochs_to_target(measured, artefact, row) for row in ("vanilla", "dfg"))
    return [check("epochs to 97 %, Vanilla minus DFG", plain - skips)]


def more_epochs(measured: Numbers, artefact: str) -> list[Check]:
    """Section 6: with failout a training takes more epochs than the same network without."""
    return [
        check(
            f"epochs to 97 %, {SCHEMES[row].name} minus {SCHEMES[plain].name}",
            epochs_to_target(measured, artefact, row) - epochs_to_target(measured, artefact, plain),
        )
        for row, plain in (("resilinet", "vanilla"), ("resilinet-plus", "dfg"))
    ]


def narrow_intervals(measured: Numbers, artefact: str) -> list[Check]:
    """Section 3.3: the confidence intervals of Fig. 2 are negligible."""
    checks = []
    for row in measured.rows(artefact):
        for setting in SETTINGS:
            sample = measured.average(artefact, row, setting)
            found = sample.interval
            half = found.high - found.mean if found is not None and found.n > 1 else None
            whole = None if half is None else Interval(half, half, half, len(sample.values))
            values = {} if half is None else dict.fromkeys(sample.values, half)
            checks.append(
                check(
                    f"half the interval of {SCHEMES[row].name} in {name_of(setting)}",
                    Sample(values, sample.wanted, sample.trials, whole),
                    above=None,
                    below=TOLERANCE / 2,
                )
            )
    return checks


def informed(artefact: str) -> list[str]:
    """The scenarios of failed nodes in which ResiliNet's skips still lead information to the cloud."""
    topology = ARTEFACTS[artefact].experiment.topology()
    return [
        scenario_key(topology, dead) for dead in scenarios(topology) if dead and reaches_cloud(topology, dead)
    ]


def over(
    measured: Numbers, artefact: str, better: str, other: str, scenario: str, above: float = 0.0
) -> Check:
    """One scheme against another in one scenario, or in Table 1's average."""
    difference = quantity(measured, artefact, better, scenario) - quantity(
        measured, artefact, other, scenario
    )
    where = {"none": "without a failure", "average": "on average in Normal"}.get(
        scenario, f"with {scenario.replace('+', ', ')} failed"
    )
    return check(f"{SCHEMES[better].name} minus {SCHEMES[other].name} {where}", difference, above=above)


def ahead_in_failures(measured: Numbers, artefact: str) -> list[Check]:
    """Section 3.3a: ResiliNet and ResiliNet+ are better than DFG in every failure that leaves a way."""
    return [
        over(measured, artefact, better, "dfg", scenario)
        for scenario in informed(artefact)
        for better in ("resilinet", "resilinet-plus")
    ]


def far_ahead(measured: Numbers, artefact: str) -> list[Check]:
    """Section 3.3a: they surpass DFG and Vanilla greatly with n1, n2, or n1 and n3 failed."""
    return [
        over(measured, artefact, better, other, scenario, SUBSTANTIAL)
        for scenario in ("n1", "n2", "n1+n3")
        for better in ("resilinet", "resilinet-plus")
        for other in ("dfg", "vanilla")
    ]


def vanilla_behind(measured: Numbers, artefact: str) -> list[Check]:
    """Section 3.3b: Vanilla is outperformed in every failure that leaves the others a way."""
    return [
        over(measured, artefact, better, "vanilla", scenario)
        for scenario in informed(artefact)
        for better in ("dfg", "resilinet", "resilinet-plus")
    ]


def dfg_ahead_without_m2(measured: Numbers, artefact: str) -> list[Check]:
    """Section 3.3b: DFG is better than ResiliNet with m2 failed."""
    return [over(measured, artefact, "dfg", "resilinet", "m2")]


def plus_ahead(measured: Numbers, artefact: str) -> list[Check]:
    """Section 3.3b: ResiliNet+ is the most accurate, with failures and without."""
    return [
        over(measured, artefact, "resilinet-plus", other, scenario)
        for scenario in ("none", *informed(artefact), "average")
        for other in ("resilinet", "dfg", "vanilla")
    ]


def ahead_on_average(measured: Numbers, artefact: str) -> list[Check]:
    """Section 3.3b: ResiliNet's average in Normal is above DFG's and Vanilla's."""
    return [over(measured, artefact, "resilinet", other, "average") for other in ("dfg", "vanilla")]


def ahead_between_settings(measured: Numbers, artefact: str) -> list[Check]:
    """Section 3.2: ResiliNet is ahead under all settings between Normal and Hazardous.

    An average is linear in each node's probability, so that over all probabilities between two values it is least at
    one of the corners: what holds at all of them holds in between.
    """
    settings = ARTEFACTS[artefact].experiment.settings
    nodes = list(settings["normal"].probability)
    ranges = [(settings["normal"].probability[n], settings["hazardous"].probability[n]) for n in nodes]
    checks = []
    for corner in product(*ranges):
        setting = FailureSetting("corner", dict(zip(nodes, corner, strict=True)))
        where = ", ".join(f"{node} {100 * p:g} %" for node, p in setting.probability.items())
        for other in ("dfg", "vanilla"):
            difference = measured.average(artefact, "resilinet", setting) - measured.average(
                artefact, other, setting
            )
            checks.append(check(f"ResiliNet minus {SCHEMES[other].name} where {where} fail", difference))
    return checks


def peak_with_all_skips(measured: Numbers, artefact: str) -> list[Check]:
    """Fig. 4: with all skips the average accuracy is highest."""
    last = len(ARTEFACTS[artefact].experiment.configs)
    return [
        config_over(measured, artefact, last, other, setting)
        for setting in FAILURES
        for other in range(1, last)
    ]


def quantity(measured: Numbers, artefact: str, series: str, condition: str) -> Sample:
    """What a table or a figure shows for a series (a scheme, a rate, a set of skips) under a condition.

    Args:
        measured: the results.
        artefact: which one.
        series: its row, or empty where there is one series alone (Fig. 3).
        condition: a failure setting, a scenario, or ``average``, which is Table 1's name for Normal.
    """
    match ARTEFACTS[artefact].exhibit:
        case "figure-3":
            return weight_spread(measured, artefact, condition)
        case "table-3":
            return rate_sample(measured, artefact, series, condition)
    if condition in (*SETTINGS, "average"):
        return measured.average(artefact, series, "normal" if condition == "average" else condition)
    return measured.scenario(artefact, series, condition)
