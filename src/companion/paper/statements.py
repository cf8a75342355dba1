"""The paper's statements, tested by comparisons that are paired by seed and held to the paper's own numbers, too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from companion.experiments import ARTEFACTS, EXPERIMENTS
from companion.paper.arithmetic import availability
from companion.paper.comparisons import (
    between_schemes,
    convergence,
    failout_rates,
    skip_sets,
    survival_scaling,
    weight_rules,
)
from companion.paper.measured import Measured
from companion.paper.not_attempted import IMAGENET
from companion.paper.own_numbers import OWN_NUMBERS, Numbers
from companion.paper.printed import printed_value, statements
from companion.paper.verdicts import (
    TOLERANCE,
    Check,
    Entry,
    Verdict,
    contradictions,
    judge_exact,
    judge_order,
    judge_statement,
)

Test = Callable[[Numbers, str], list[Check]]
"""From numbers and an artefact to the comparisons that decide a statement."""


class Claim(NamedTuple):
    """A part of a statement, and what it is tested by."""

    key: str
    """The statement's key and what part of it is meant."""
    artefact: str
    """Whose trials are compared."""
    test: Test
    note: str = ""
    """How the statement is read."""
    establishes: bool = True
    """Whether what is stated follows if every comparison holds."""
    refutes: bool = True
    """Whether what is stated fails if a comparison does."""
    unit: str = "points"
    """Of the differences."""


BORNE_OUT: Final = (Verdict.REPRODUCED, Verdict.TREND, Verdict.SAME_ORDER)
REFUTED: Final = (Verdict.NOT_REPRODUCED, Verdict.OPPOSITE_ORDER)
CNNS: Final = ("mobilenet", "resnet")
NETWORKS: Final = ("health", *CNNS)
"""The experiments that have Table 3 and Fig. 3."""
BY_A_POINT: Final = f"Read as: by more than {TOLERANCE:g} point"
BESIDES: Final = "The paper says so of Health and ImageNet; the same comparisons on another network."
GUESSES_ASIDE: Final = "Rows in which all schemes guess are left out: their order is chance."
TO_TARGET: Final = f"Epochs until a validation accuracy of {100 * convergence.TARGET:g} %"
CLAIMS: Final = (
    Claim("key-result-1/health", "figure-2a", between_schemes.better_schemes),
    Claim("key-result-1/imagenet", "figure-2b", between_schemes.better_schemes),
    Claim("key-result-1/mobilenet", "table-1-mobilenet", between_schemes.better_schemes, BESIDES),
    Claim("key-result-1/resnet", "figure-2c", between_schemes.better_schemes, BESIDES),
    *(
        Claim(
            f"key-result-1/{key}-repartitioned",
            f"figure-6-{key}",
            between_schemes.better_schemes,
            "Section 7.2 says so of Fig. 6.",
        )
        for key in ("health", "mobilenet")
    ),
    *(
        Claim(
            f"key-result-2/{key}",
            f"figure-3-{key}",
            weight_rules.alike_weights,
            "Retrained for each rule and setting; the statement's bound is one point.",
        )
        for key in NETWORKS
    ),
    Claim(
        "key-observation-1/health",
        "figure-3-health",
        weight_rules.wide_weights,
        f"{BY_A_POINT} in every setting.",
    ),
    *(
        Claim(
            f"key-observation-2/{key}",
            f"figure-3-{key}",
            weight_rules.harmless_wide_weights,
            f"Read as: by less than {TOLERANCE:g} point in every setting.",
        )
        for key in CNNS
    ),
    *(
        Claim(
            f"key-result-3/{key}",
            f"table-3-{key}",
            failout_rates.best_rate(rate),
            "Read as: best on average over the three settings with failures.",
        )
        for key, rate in (("mobilenet", "30%"), ("resnet", "failure"))
    ),
    *(Claim(f"key-observation-3/{key}", f"table-3-{key}", failout_rates.higher_rates) for key in NETWORKS),
    *(
        Claim(
            f"key-observation-4/{key}",
            f"table-3-{key}",
            failout_rates.no_rate_for_all,
            "Read as: for each fixed rate there is a setting with a better one. Compared is the pair in which Table 3 "
            "has the rate farthest behind; another might be found.",
            refutes=False,
        )
        for key in NETWORKS
    ),
    *(
        Claim(
            f"key-result-4/{key}",
            artefact,
            skip_sets.severity_of_skips,
            "Gain over Config 1, in Hazardous against Normal.",
        )
        for key, artefact in (("health", "figure-4a"), ("mobilenet", "figure-4b"), ("resnet", "figure-4c"))
    ),
    *(
        Claim(
            f"figure-4-{key}/growth",
            artefact,
            skip_sets.growing_configs,
            "Each configuration against the one before it.",
        )
        for key, artefact in (("health", "figure-4a"), ("mobilenet", "figure-4b"))
    ),
    Claim("figure-4-health/most-important", "figure-4a", skip_sets.input_skip_of_three),
    Claim("figure-4-mobilenet/skips", "figure-4b", skip_sets.input_skip_of_two),
    Claim("figure-4-resnet/skips", "figure-4c", skip_sets.later_skip_of_two),
    *(
        Claim(
            f"figure-4-{key}/peak",
            artefact,
            skip_sets.peak_with_all_skips,
            "Config 4 against each other configuration.",
        )
        for key, artefact in (("mobilenet", "figure-4b"), ("resnet", "figure-4c"))
    ),
    *(
        Claim(
            f"resilinet-plus/{key}",
            f"table-1-{key}",
            between_schemes.plus,
            f"Read as: above zero and below {TOLERANCE:g} point, in Table 1's average. The cost in bandwidth is "
            "Table 4's.",
        )
        for key in ("health", "mobilenet")
    ),
    *(
        Claim(f"survival-scaling/{key}", artefact, survival_scaling.survival, f"{BY_A_POINT}.")
        for key, artefact in (
            ("health", "section-2.3-health"),
            ("mobilenet", "table-1-mobilenet"),
            ("resnet", "figure-2c"),
        )
    ),
    *(
        Claim(
            f"section-3-2-probabilities/{key}",
            artefact,
            between_schemes.ahead_between_settings,
            "Read as: ResiliNet is ahead under all probabilities between Normal's and Hazardous's, for which it has to "
            "be ahead at each end.",
        )
        for key, artefact in (
            ("health", "table-1-health"),
            ("mobilenet", "table-1-mobilenet"),
            ("resnet", "figure-2c"),
        )
    ),
    Claim("section-3-3a-failures/health", "table-1-health", between_schemes.ahead_in_failures, GUESSES_ASIDE),
    Claim(
        "section-3-3a-surpass/health",
        "table-1-health",
        between_schemes.far_ahead,
        f"Greatly is read as: by more than {between_schemes.SUBSTANTIAL:g} points.",
    ),
    Claim(
        "section-3-3b-vanilla/mobilenet", "table-1-mobilenet", between_schemes.vanilla_behind, GUESSES_ASIDE
    ),
    Claim("section-3-3b-m2/mobilenet", "table-1-mobilenet", between_schemes.dfg_ahead_without_m2),
    Claim("section-3-3b-plus/mobilenet", "table-1-mobilenet", between_schemes.plus_ahead, GUESSES_ASIDE),
    Claim("section-3-3b-average/mobilenet", "table-1-mobilenet", between_schemes.ahead_on_average),
    *(
        Claim(
            f"section-3-3-intervals/{key}",
            artefact,
            between_schemes.narrow_intervals,
            f"Negligible is read as: below {TOLERANCE / 2:g} points.",
        )
        for key, artefact in (("health", "figure-2a"), ("imagenet", "figure-2b"))
    ),
    *(
        Claim(
            f"faq-10/{key}",
            f"table-3-{key}",
            failout_rates.below_half,
            "Half against 30 %, the next lower rate.",
        )
        for key in NETWORKS
    ),
    Claim(
        "section-6-convergence/health",
        "table-1-health",
        convergence.more_epochs,
        f"{TO_TARGET}, against the same network without failout.",
        unit="epochs",
    ),
    Claim(
        "faq-14/time-health",
        "table-1-health",
        convergence.fewer_epochs,
        f"{TO_TARGET}; how long one takes depends on the machine.",
        unit="epochs",
    ),
    *(
        Claim(
            f"faq-14/time-{key}",
            artefact,
            convergence.learns_faster,
            "How long an epoch takes depends on the machine. The mean validation accuracy over all epochs is an "
            "indirect sign.",
            establishes=False,
            refutes=False,
        )
        for key, artefact in (("mobilenet", "table-1-mobilenet"), ("resnet", "figure-2c"))
    ),
)


def claims(measured: Measured) -> Iterator[Entry]:
    """An entry for each part of each statement.

    Raises:
        ValueError: a statement is printed that no entry reads.
    """
    found = [
        *(statement(measured, claim) for claim in CLAIMS),
        *(parameters(key) for key in NETWORKS),
        share_of_time(),
        class_shares(measured),
        other_partitions(),
    ]
    read = {_name(entry.key) for entry in found}
    if unread := [key for key in statements() if key not in read]:
        raise ValueError(f"published_values.toml: no entry reads the statement {unread[0]!r}.")
    yield from found


def statement(measured: Measured, claim: Claim) -> Entry:
    """The entry of a statement, under both kinds of batch statistics where there are two.

    What decides it is the check with the least slack; of one that is not reproduced, among those that contradict it.
    """
    entry = _statement(measured, claim)
    if claim.test is survival_scaling.survival or not measured.has_routes(claim.artefact):
        return entry
    return replace(entry, per_route=_statement(measured.per_route(), claim))


def _statement(measured: Measured, claim: Claim) -> Entry:
    own = claim.test(OWN_NUMBERS, claim.artefact)
    checks = [
        replace(one, printed=printed.difference)
        for one, printed in zip(claim.test(measured, claim.artefact), own, strict=True)
    ]
    size = measured.size(claim.artefact).name
    judged = checks if size == "paper" else [one.order_alone() for one in checks]
    verdict = judge_statement(checks) if size == "paper" else judge_order(checks)
    against = contradictions(judged)
    weakest = min(against or judged, key=lambda one: one.slack)
    if verdict in (BORNE_OUT if not claim.establishes else ()) + (REFUTED if not claim.refutes else ()):
        verdict = Verdict.UNDECIDED
    seeds, wanted = min(one.seeds for one in checks), min(one.wanted for one in checks)
    if verdict is Verdict.INCOMPLETE:
        told = f"{seeds} of {wanted} seeds."
    else:
        held = sum(one.holds for one in judged)
        told = f"{held} of {len(checks)} comparisons hold" + (
            f", {len(against)} contradicted" if against else ""
        )
        told += f". Decided by {weakest.what}{_by(weakest, claim.unit)}."
    short = "Short recipe." if measured.is_short(claim.artefact) else ""
    note = " ".join(part for part in (told, claim.note, own_numbers(checks, claim.unit), short) if part)
    if found := measured.substitute(claim.artefact):
        verdict, note = Verdict.NOT_ATTEMPTED, f"{IMAGENET} On a substitute, {found}: {note}"
    return Entry(
        "claims",
        claim.key,
        verdict,
        _words(claim.key),
        unit=claim.unit,
        ours=weakest.difference,
        low=weakest.low,
        high=weakest.high,
        seeds=seeds,
        wanted=wanted,
        size=size,
        note=note,
        trials=tuple(dict.fromkeys(name for one in checks for name in one.trials)),
        checks=tuple(checks),
        experiment=ARTEFACTS[claim.artefact].experiment.key,
    )


def _by(one: Check, unit: str) -> str:
    """The size of a difference in words, with its 95 % interval; nothing where there is none yet."""
    if one.difference is None or one.low is None or one.high is None:
        return ""
    return f", {one.difference:+.2f} {unit} ({one.low:+.2f} to {one.high:+.2f})"


def own_numbers(checks: Sequence[Check], unit: str) -> str:
    """How the paper's own numbers fare in the comparisons of a statement."""
    known = [one for one in checks if one.printed is not None]
    if not known:
        return "The paper prints no numbers for it."
    failed = [one for one in known if not one.holds_in_print]
    implied = "" if len(known) == len(checks) else " that it prints or implies"
    told = f"The paper's own numbers keep {len(known) - len(failed)} of {len(known)}{implied}"
    if not failed:
        return f"{told}."
    worst = min(failed, key=lambda one: replace(one, difference=one.printed).slack)
    return f"{told}: not {worst.what}, {worst.printed:+.2f} {unit}."


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
        experiment=experiment,
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


def class_shares(measured: Measured) -> Entry:
    """Section 3.1: how large the smallest class of Health is, counted in the labels of the training part."""
    key, shown = "section-3-1-classes/health", "table-1-health"
    entry = Entry("claims", key, Verdict.INCOMPLETE, _words(key), experiment="health", note="0 of 1 seeds.")
    records = measured.records(shown, "vanilla")
    if not records:
        return entry
    counts = records[0].labels["train"]
    shares = {label: 100 * count / sum(counts) for label, count in enumerate(counts) if count}
    least = min(shares, key=lambda label: shares[label])
    even, others = 100 / len(shares), [share for label, share in shares.items() if label != least]
    return replace(
        entry,
        verdict=Verdict.REPRODUCED if 2 * shares[least] >= even else Verdict.NOT_REPRODUCED,
        ours=shares[least],
        note=f"Class {least} holds {shares[least]:.1f} % of the rows, the others between {min(others):.1f} and "
        f"{max(others):.1f} %. Roughly uniform is read as: no class has less than half of an even share, {even:.1f} %.",
        size="smoke" if measured.size(shown).name == "smoke" else "",
    )


def other_partitions() -> Entry:
    """Section 7.2: partitions that the paper tried and does not name."""
    key = "section-7-2-partitions/all"
    return Entry("claims", key, Verdict.NOT_ATTEMPTED, _words(key), note="The paper names none of them.")


def _name(key: str) -> str:
    """The statement that an entry is about: the longest one that its key begins with."""
    return max((name for name in statements() if key.startswith(name)), key=len)


def _words(key: str) -> str:
    return statements()[_name(key)]
