"""The paper's statements, tested by comparisons that are paired by seed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from companion.experiments import EXPERIMENTS
from companion.experiments.names import SETTINGS
from companion.paper import comparisons as compare
from companion.paper.arithmetic import availability
from companion.paper.measured import Measured
from companion.paper.not_attempted import IMAGENET
from companion.paper.printed import printed_value, statements
from companion.paper.verdicts import TOLERANCE, Check, Entry, Verdict, judge_exact, judge_statement


class Claim(NamedTuple):
    """A part of a statement, and what it is tested by."""

    key: str
    """The statement's key and what part of it is meant."""
    artefact: str
    """Whose trials are compared."""
    test: compare.Test
    note: str = ""
    """How the statement is read."""
    indirect: bool = False
    """Whether the comparison is only a sign of what is stated, which it can neither establish nor refute."""


CNNS: Final = ("mobilenet", "resnet")
NETWORKS: Final = ("health", *CNNS)
"""The experiments that have Table 3 and Fig. 3."""
BY_A_POINT: Final = f"Read as: by more than {TOLERANCE:g} point"
CLAIMS: Final = (
    Claim("key-result-1/health", "figure-2a", compare.better_schemes),
    Claim("key-result-1/mobilenet", "table-1-mobilenet", compare.better_schemes),
    Claim("key-result-1/resnet", "figure-2c", compare.better_schemes),
    Claim("key-result-1/imagenet", "figure-2b", compare.better_schemes),
    *(
        Claim(
            f"key-result-1/{key}-repartitioned",
            f"figure-6-{key}",
            compare.better_schemes,
            "Cut as in Fig. 6.",
        )
        for key in ("health", "mobilenet")
    ),
    *(
        Claim(
            f"key-result-2/{key}",
            f"figure-3-{key}",
            compare.alike_weights,
            "Retrained for each rule and setting; the statement's bound is one point.",
        )
        for key in NETWORKS
    ),
    Claim(
        "key-observation-1/health", "figure-3-health", compare.wide_weights, f"{BY_A_POINT} in every setting."
    ),
    *(
        Claim(
            f"key-observation-2/{key}",
            f"figure-3-{key}",
            compare.harmless_wide_weights,
            f"Read as: by less than {TOLERANCE:g} point in every setting.",
        )
        for key in CNNS
    ),
    Claim(
        "key-result-3/mobilenet", "table-3-mobilenet", compare.best_rate("30%"), "Against every other rate."
    ),
    Claim("key-result-3/resnet", "table-3-resnet", compare.best_rate("failure"), "Against every other rate."),
    *(Claim(f"key-observation-3/{key}", f"table-3-{key}", compare.higher_rates) for key in NETWORKS),
    *(
        Claim(
            f"key-result-4/{key}",
            artefact,
            compare.severity_of_skips,
            "Gain over Config 1, in Hazardous against Normal.",
        )
        for key, artefact in (("health", "figure-4a"), ("mobilenet", "figure-4b"), ("resnet", "figure-4c"))
    ),
    Claim(
        "figure-4-health/growth",
        "figure-4a",
        compare.growing_configs,
        "Each configuration against the one before it.",
    ),
    Claim("figure-4-health/most-important", "figure-4a", compare.input_skip_of_three),
    Claim("figure-4-mobilenet/skips", "figure-4b", compare.input_skip_of_two),
    Claim("figure-4-resnet/skips", "figure-4c", compare.later_skip_of_two),
    *(
        Claim(
            f"resilinet-plus/{key}",
            f"table-1-{key}",
            compare.plus,
            f"Read as: above zero and below {TOLERANCE:g} point, in Table 1's average. The cost in bandwidth is "
            "Table 4's.",
        )
        for key in ("health", "mobilenet")
    ),
    *(
        Claim(f"survival-scaling/{key}", artefact, compare.survival, f"{BY_A_POINT}.")
        for key, artefact in (
            ("health", "section-2.3-health"),
            ("mobilenet", "table-1-mobilenet"),
            ("resnet", "figure-2c"),
        )
    ),
    *(
        Claim(
            f"faq-10/{key}", f"table-3-{key}", compare.below_half, "Half against 30 %, the next lower rate."
        )
        for key in NETWORKS
    ),
    *(
        Claim(
            f"faq-14/time-{key}",
            artefact,
            compare.learns_faster,
            "How long an epoch takes depends on the machine. That more is learnt per epoch, by the mean validation "
            "accuracy over all epochs, is an indirect sign, and no more than a trend.",
            indirect=True,
        )
        for key, artefact in zip(NETWORKS, ("figure-2a", "table-1-mobilenet", "figure-2c"), strict=True)
    ),
)


def claims(measured: Measured) -> Iterator[Entry]:
    """An entry for each part of each statement."""
    for claim in CLAIMS:
        note = claim.note
        if claim.test is compare.higher_rates:
            note = _printed_rates(claim.artefact)
        yield statement(measured, claim, note)
    for key in NETWORKS:
        yield parameters(key)
    yield share_of_time()


def statement(measured: Measured, claim: Claim, note: str) -> Entry:
    """The entry of a statement.

    What decides it is the check with the least slack; of one that is not reproduced, among those that contradict it.
    """
    checks = claim.test(measured, claim.artefact)
    verdict = judge_statement(checks)
    against_it = verdict is Verdict.NOT_REPRODUCED
    weakest = min(checks, key=lambda one: (against_it and not one.contradicted, one.slack))
    if claim.indirect:
        verdict = {Verdict.REPRODUCED: Verdict.TREND, Verdict.NOT_REPRODUCED: Verdict.UNDECIDED}.get(
            verdict, verdict
        )
    seeds, wanted = min(one.seeds for one in checks), min(one.wanted for one in checks)
    held, against = sum(one.holds for one in checks), sum(one.contradicted for one in checks)
    if verdict is Verdict.INCOMPLETE:
        note = f"{seeds} of {wanted} seeds. {note}"
    else:
        told = f"{held} of {len(checks)} comparisons hold" + (f", {against} contradicted" if against else "")
        note = f"{told}. Decided by {weakest.what}{_by(weakest)}. {note}"
    if measured.is_short(claim.artefact):
        note = f"{note.rstrip()} Short recipe."
    if found := measured.substitute(claim.artefact):
        verdict, note = Verdict.NOT_ATTEMPTED, f"{IMAGENET} On a substitute, {found}: {note}"
    return Entry(
        "claims",
        claim.key,
        verdict,
        _words(claim.key),
        unit="points",
        ours=weakest.difference,
        low=weakest.low,
        high=weakest.high,
        seeds=seeds,
        wanted=wanted,
        size=measured.size(claim.artefact).name,
        note=note.strip(),
        trials=tuple(dict.fromkeys(name for one in checks for name in one.trials)),
        checks=tuple(checks),
    )


def _by(one: Check) -> str:
    """The size of a difference in words, with its 95 % interval; nothing where there is none yet."""
    if one.difference is None or one.low is None or one.high is None:
        return ""
    return f", {one.difference:+.2f} points ({one.low:+.2f} to {one.high:+.2f})"


def _printed_rates(artefact: str) -> str:
    """How often the paper's own table bears its statement on rates out."""
    pairs = list(pairwise(compare.FIXED_RATES))
    falls = sum(
        printed_value(artefact, f"{lower}/{setting}") > printed_value(artefact, f"{higher}/{setting}")
        for setting in SETTINGS
        for lower, higher in pairs
    )
    return (
        f"In the paper's own Table 3, {falls} of these {len(pairs) * len(SETTINGS)} comparisons go that way."
    )


def parameters(experiment: str) -> Entry:
    """FAQ 8.14: the share of parameters that skips add, counted in the paper's network itself."""
    from companion.paper.skip_costs import (
        parameters as count,  # builds networks, so only where it is asked for
    )

    key = f"faq-14/{experiment}"
    plain, skips = count(EXPERIMENTS[experiment])
    share = 100 * (skips - plain) / plain
    return Entry(
        "claims",
        key,
        Verdict.REPRODUCED if share < 5 else Verdict.NOT_REPRODUCED,
        _words(key),
        ours=share,
        note=f"{skips - plain:,} parameters more than Vanilla's {plain:,}, {share:.2f} %, all in the adapters of the "
        "skips. Negligible is read as below 5 %.",
    )


def share_of_time() -> Entry:
    """FAQ 8.2: how much of the time a machine is available that fails and is repaired as often as stated."""
    between, repair = printed_value("faq-8.2", "mtbf"), printed_value("faq-8.2", "mttr")
    value, paper = availability(), printed_value("faq-8.2", "availability")
    note = f"{between:g} / ({between:g} + {repair:g}) = {value:.2f} %."
    verdict = judge_exact(paper, 0, value)
    return Entry(
        "claims", "faq-2/availability", verdict, _words("faq-2/availability"), paper, 0, ours=value, note=note
    )


def _words(key: str) -> str:
    return statements()[key.split("/")[0]]
