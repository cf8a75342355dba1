"""The paper's statements, tested on Health by comparisons that are paired by seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from resilinet.paper.measured import Measured, Sample, spread
from resilinet.paper.printed import printed_value, statements
from resilinet.paper.verdicts import TOLERANCE, Check, Entry, Verdict, check, judge_exact, judge_statement

FAILURES: Final = ("normal", "poor", "hazardous")
SETTINGS: Final = ("no_failure", *FAILURES)
CNN = "The CNNs are not trained in this edition."
RULES: Final = ("one", "reliability", "relative-reliability", "U(0,1)")

PENDING: Final = {
    "key-result-1/cnn": CNN,
    "key-result-2/cnn": CNN,
    "key-observation-2/cnn": CNN,
    "key-result-3/cnn": CNN,
    "key-observation-3/cnn": CNN,
    "key-result-4/cnn": CNN,
    "figure-4-mobilenet/skips": CNN,
    "figure-4-resnet/skips": CNN,
    "resilinet-plus/cnn": CNN,
    "survival-scaling/cnn": CNN,
    "faq-10/cnn": CNN,
    "faq-14/cnn": CNN,
    "faq-14/time": "The trials share their cores with each other, so that their wall times measure no training speed.",
}
"""Parts of statements that nothing here tests yet, and why."""


def name_of(setting: str) -> str:
    """A failure setting as the paper writes it."""
    return setting.replace("_", " ").title()


def claims(measured: Measured) -> Iterator[Entry]:
    """An entry for each part of each statement."""
    tests = (
        ("key-result-1/health", better_schemes, ""),
        (
            "key-result-2/health",
            alike_weights,
            "Retrained for each rule and setting; the statement's bound is one point.",
        ),
        (
            "key-observation-1/health",
            wide_weights,
            f"Read as: by more than {TOLERANCE:g} point in every setting.",
        ),
        (
            "key-result-3/health",
            failure_rate,
            "The paper names no best rate for Health; tested is what Table 3 shows.",
        ),
        ("key-observation-3/health", higher_rates, _observation_3()),
        ("key-result-4/health", severity_of_skips, "Gain over Config 1, in Hazardous against Normal."),
        ("figure-4-health/growth", growing_configs, "Each configuration against the one before it."),
        ("figure-4-health/most-important", most_important_skip, ""),
        (
            "resilinet-plus/health",
            plus,
            f"Read as: above zero and below {TOLERANCE:g} point, in Table 1's average.",
        ),
        ("survival-scaling/health", survival, f"Read as: by more than {TOLERANCE:g} point."),
        ("faq-10/health", below_half, "Half against 30 %, the next lower rate."),
    )
    for key, test, note in tests:
        yield statement(key, test(measured), note)
    yield parameters(measured)
    yield availability()
    for key, reason in PENDING.items():
        yield Entry("claims", key, Verdict.NOT_ATTEMPTED, _words(key), unit="points", note=reason)


def statement(key: str, checks: Sequence[Check], note: str) -> Entry:
    """The entry of a statement: what decides it is the check with the least slack."""
    weakest = min(checks, key=lambda one: one.slack)
    verdict = judge_statement(checks)
    seeds, wanted = min(one.seeds for one in checks), min(one.wanted for one in checks)
    held = sum(one.holds for one in checks)
    if verdict is Verdict.INCOMPLETE:
        note = f"{seeds} of {wanted} seeds. {note}"
    else:
        note = f"{held} of {len(checks)} comparisons hold; the closest: {weakest.what}. {note}"
    return Entry(
        "claims",
        key,
        verdict,
        _words(key),
        unit="points",
        ours=weakest.difference,
        low=weakest.low,
        high=weakest.high,
        seeds=seeds,
        wanted=wanted,
        note=note.strip(),
        trials=tuple(dict.fromkeys(name for one in checks for name in one.trials)),
        checks=tuple(checks),
    )


def better_schemes(measured: Measured) -> list[Check]:
    """Key result 1: ResiliNet above the others in each setting, and further above the severer it is."""

    def margin(other: str, setting: str) -> Sample:
        ours = measured.average("figure-2a", "resilinet", setting)
        return ours - measured.average("figure-2a", other, setting)

    checks = [
        check(f"ResiliNet minus {name} in {name_of(setting)}", margin(other, setting))
        for other, name in (("dfg", "DFG"), ("vanilla", "Vanilla"))
        for setting in FAILURES
    ]
    for milder, severer in (("normal", "poor"), ("poor", "hazardous")):
        for other, name in (("dfg", "DFG"), ("vanilla", "Vanilla")):
            growth = margin(other, severer) - margin(other, milder)
            checks.append(check(f"margin over {name}, {name_of(severer)} minus {name_of(milder)}", growth))
    return checks


def weight_samples(measured: Measured, setting: str) -> dict[str, Sample]:
    """Fig. 3: the average accuracy of each weight rule in a setting; the reliability rules were trained for it."""
    rows = measured.rows("figure-3-health")
    return {
        rule: measured.average(
            "figure-3-health", next((r for r in (f"{rule}:{setting}", rule) if r in rows), "one"), setting
        )
        for rule in RULES
    }


def weight_spread(measured: Measured, setting: str) -> Sample:
    """Fig. 3: the standard deviation among the four weight rules in a setting, in points."""
    return spread(weight_samples(measured, setting).values())


def alike_weights(measured: Measured) -> list[Check]:
    """Key result 2: the standard deviation among four weight rules stays below a point."""
    return [
        check(
            f"standard deviation among weight rules in {name_of(setting)}",
            weight_spread(measured, setting),
            above=-1.0,
            below=1.0,
        )
        for setting in SETTINGS
    ]


def wide_weights(measured: Measured) -> list[Check]:
    """Key observation 1: weights from U(0,10) do worse than weights of one."""
    return [
        check(
            f"weights of one minus U(0,10) in {name_of(setting)}",
            measured.average("figure-3-health", "one", setting)
            - measured.average("figure-3-health", "U(0,10)", setting),
            above=TOLERANCE,
        )
        for setting in SETTINGS
    ]


def rate_sample(measured: Measured, rate: str, setting: str) -> Sample:
    """Table 3: the average accuracy with a failout rate; "failure" was trained for the setting."""
    row = f"failure:{setting}" if rate == "failure" else rate
    return measured.average("table-3-health", row, setting)


def failure_rate(measured: Measured) -> list[Check]:
    """Key result 3, as far as Table 3 speaks of Health: in Hazardous the rate "Failure" beats ResiliNet's 10 %."""
    difference = rate_sample(measured, "failure", "hazardous") - rate_sample(measured, "10%", "hazardous")
    return [check("failout rate Failure minus 10 % in Hazardous", difference)]


def higher_rates(measured: Measured) -> list[Check]:
    """Key observation 3: each higher rate is worse, in every setting."""
    return [
        check(
            f"{lower} minus {higher} in {name_of(setting)}".replace("%", " %"),
            rate_sample(measured, lower, setting) - rate_sample(measured, higher, setting),
        )
        for setting in SETTINGS
        for lower, higher in (("5%", "10%"), ("10%", "30%"), ("30%", "50%"))
    ]


def _observation_3() -> str:
    falls = sum(
        printed_value("table-3-health", f"{lower}/{setting}")
        > printed_value("table-3-health", f"{higher}/{setting}")
        for setting in SETTINGS
        for lower, higher in (("5%", "10%"), ("10%", "30%"), ("30%", "50%"))
    )
    return f"In the paper's own Table 3, {falls} of these 12 comparisons go that way."


def config_gain(measured: Measured, number: int, setting: str, over: int = 1) -> Sample:
    """Fig. 4a: how much more accurate a configuration of skips is than another."""
    better = measured.average("figure-4a", f"Config {number}", setting)
    return better - measured.average("figure-4a", f"Config {over}", setting)


def severity_of_skips(measured: Measured) -> list[Check]:
    """Key result 4: each single skip gains more in Hazardous than in Normal."""
    return [
        check(
            f"gain of Config {number}, Hazardous minus Normal",
            config_gain(measured, number, "hazardous") - config_gain(measured, number, "normal"),
        )
        for number in (2, 3, 4)
    ]


def growing_configs(measured: Measured) -> list[Check]:
    """Fig. 4a: every configuration is better than the one before it."""
    return [
        check(
            f"Config {number} minus Config {number - 1} in {name_of(setting)}",
            config_gain(measured, number, setting, over=number - 1),
        )
        for setting in FAILURES
        for number in range(2, 9)
    ]


def most_important_skip(measured: Measured) -> list[Check]:
    """Fig. 4a: alone, and beside n2 to n4, the skip from the input does most."""
    return [
        check(
            f"Config {better} minus Config {other} in {name_of(setting)}",
            config_gain(measured, better, setting, over=other),
        )
        for setting in FAILURES
        for better, other in ((4, 2), (4, 3), (6, 5))
    ]


def plus(measured: Measured) -> list[Check]:
    """ResiliNet+ is better, negligibly."""
    difference = measured.average("table-1-health", "resilinet-plus", "normal") - measured.average(
        "table-1-health", "resilinet", "normal"
    )
    return [check("ResiliNet+ minus ResiliNet in Normal", difference, below=TOLERANCE)]


def survival_loss(measured: Measured, scheme: str, setting: str, source: str) -> Sample:
    """Section 2.3: what scaling by survival probabilities costs on average, in points.

    Args:
        measured: the results.
        scheme: the row of Table 1.
        setting: under which the average is expected.
        source: of the survival probabilities: ``failout``, or a failure setting.
    """
    plain = measured.average("section-2.3-health", scheme, setting)
    return plain - measured.average("section-2.3-health", scheme, setting, survival=source)


def survival(measured: Measured) -> list[Check]:
    """Section 2.3: scaling costs ResiliNet more than a point, whichever survival probabilities are meant."""
    return [
        check(
            f"unscaled minus scaled by the survival of {what} in {name_of(setting)}",
            survival_loss(measured, "resilinet", setting, source),
            above=TOLERANCE,
        )
        for setting in FAILURES
        for what, source in (("failout", "failout"), ("the setting", setting))
    ]


def below_half(measured: Measured) -> list[Check]:
    """FAQ 8.10: a rate of one half is too much."""
    return [
        check(
            f"30 % minus 50 % in {name_of(setting)}",
            rate_sample(measured, "30%", setting) - rate_sample(measured, "50%", setting),
        )
        for setting in SETTINGS
    ]


def parameters(measured: Measured) -> Entry:
    """FAQ 8.14: the share of parameters that skips add, which the networks themselves tell."""
    key, words = "faq-14/health", _words("faq-14/health")
    counts = {
        scheme: {record.id: record.parameters for record in measured.records("table-1-health", scheme)[:1]}
        for scheme in ("resilinet", "vanilla")
    }
    if not all(counts.values()):
        return Entry(
            "claims", key, Verdict.INCOMPLETE, words, wanted=1, note="A trial of each scheme is needed."
        )
    (plain,), (skips,) = counts["vanilla"].values(), counts["resilinet"].values()
    share = 100 * (skips - plain) / plain
    return Entry(
        "claims",
        key,
        Verdict.REPRODUCED if share < 5 else Verdict.NOT_REPRODUCED,
        words,
        ours=share,
        seeds=1,
        wanted=1,
        note=f"{skips - plain:,} parameters more than Vanilla's {plain:,}, {share:.2f} %, all in the skip out of the "
        "input. Negligible is read as below 5 %.",
        trials=tuple(name for found in counts.values() for name in found),
    )


def availability() -> Entry:
    """FAQ 8.2: availability = MTBF / (MTBF + MTTR)."""
    between, repair = printed_value("faq-8.2", "mtbf"), printed_value("faq-8.2", "mttr")
    value, paper = 100 * between / (between + repair), printed_value("faq-8.2", "availability")
    note = f"{between:g} / ({between:g} + {repair:g}) = {value:.2f} %."
    verdict = judge_exact(paper, 0, value)
    return Entry(
        "claims", "faq-2/availability", verdict, _words("faq-2/availability"), paper, 0, ours=value, note=note
    )


def _words(key: str) -> str:
    return statements()[key.split("/")[0]]
