"""The ledger: a verdict on every number the paper prints and every statement it makes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from companion.experiments import ARTEFACTS
from companion.paper.arithmetic import arithmetic
from companion.paper.comparisons import config_gain, quantity
from companion.paper.measured import Measured, Sample
from companion.paper.not_attempted import LEFT_OUT, ON_SUBSTITUTE
from companion.paper.printed import Printed, printed_values, runs_behind, series_of
from companion.paper.statements import claims
from companion.paper.verdicts import TOLERANCE, Check, Entry, Verdict, check, judge, judge_exact, judge_order
from companion.results.store import Store
from resilinet.expectation import GUESSES


def verify(
    store: Store,
    profile: str = "published",
    guess: str = "train-frequency",
    statistics: str = "running",
) -> list[Entry]:
    """Judge every printed number and every statement against the stored results.

    Args:
        store: the results.
        profile: whose trials count. What was trained tiny on synthetic data is shown, but with ``no verdict``.
        guess: how one guesses without information flow.
        statistics: of batch normalisation, ``running`` or ``per-route``.

    Raises:
        StoreError: a result file cannot be trusted.
        ValueError: the profile, the guess policy or the kind of statistics does not exist.
    """
    measured = Measured(store, profile, guess, statistics)
    entries = [number_entry(measured, number) for number in printed_values().values()]
    return [_without_verdict(entry) for entry in [*entries, *claims(measured)]]


def _without_verdict(entry: Entry) -> Entry:
    if entry.size != "smoke":
        return entry
    return replace(entry, verdict=Verdict.NONE, note=f"Size smoke: synthetic data. {entry.note}".strip())


def totals(entries: Iterable[Entry]) -> dict[Verdict, int]:
    """How many entries have each verdict, in the order of :class:`Verdict`."""
    counted = Counter(entry.verdict for entry in entries)
    return {verdict: counted[verdict] for verdict in Verdict if counted[verdict]}


def number_entry(measured: Measured, number: Printed) -> Entry:
    """The entry of one printed number."""
    entry = Entry(
        number.artefact,
        number.key,
        Verdict.NOT_ATTEMPTED,
        paper=number.value,
        digits=number.digits,
        unit=number.unit,
        source=number.source,
    )
    if number.unit in ("probability", "hours"):
        return replace(entry, verdict=Verdict.GIVEN, note="An input, taken over from the paper.")
    computed = arithmetic(number)
    if computed is not None:
        value, note = computed
        verdict = judge_exact(number.value, number.digits, value)
        return replace(entry, verdict=verdict, ours=value, note=note)
    if number.artefact in LEFT_OUT:
        return replace(entry, note=LEFT_OUT[number.artefact])
    if measured.substitute(number.artefact):
        return replace(entry, note=ON_SUBSTITUTE)
    return measured_entry(measured, number, replace(entry, size=measured.size(number.artefact).name))


def measured_entry(measured: Measured, number: Printed, entry: Entry) -> Entry:
    """The entry of a number that trials answer."""
    sample, tolerance = sample_of(measured, number), TOLERANCE
    series, _, condition = number.key.partition("/")
    notes = ["Short recipe."] if measured.is_short(number.artefact) else []
    guessed = ARTEFACTS[number.artefact].exhibit == "table-1" and measured.is_guess(
        number.artefact, series, condition
    )
    if ARTEFACTS[number.artefact].exhibit == "figure-3":
        compared, trending = [check("", sample, above=None, below=1.0)], "it stays below one point"
        tolerance = 0.0
    elif number.artefact == "figure-4a":
        compared, trending = [check("", sample)], "Config 6 is the better one"
        notes.append("The paper says up to.")
    elif guessed:
        compared, trending = [], "no information reaches the cloud, as in the paper"
        tolerance = guess_margin(measured, number.artefact, series)
        notes.append(other_guess(measured, number.artefact, series))
        entry = replace(entry, guess=True)
    else:
        compared, trending = compared_beside(measured, number), "the order is the printed one"
    if entry.size == "laptop" and not guessed:
        return smaller_entry(entry, sample, compared, trending)
    runs = runs_behind(number.artefact)
    verdict = judge(number.value, number.digits, sample, compared, tolerance, runs)
    if guessed and verdict is Verdict.NOT_REPRODUCED:
        verdict = Verdict.TREND
    if verdict is Verdict.INCOMPLETE:
        notes.insert(0, _missing(sample))
    elif verdict is Verdict.TREND:
        notes.insert(0, f"Beyond the margin, but {trending}.")
    elif verdict is Verdict.UNDECIDED:
        notes.insert(0, f"Within the margin, but {_decided(compared, trending)}.")
    elif verdict is Verdict.NOT_REPRODUCED:
        why = (
            _decided(compared, trending)
            if compared
            else "nothing is printed clearly apart from it to compare"
        )
        notes.insert(0, f"Beyond the margin, and {why}.")
    return with_sample(replace(entry, verdict=verdict, note=" ".join(notes)), sample)


def smaller_entry(entry: Entry, sample: Sample, compared: Sequence[Check], trending: str) -> Entry:
    """The entry of a number that a smaller network answers, which can bear out an order but no value."""
    verdict = judge_order(sample, compared)
    so_that = "Laptop size, so that values do not compare"
    why = {
        Verdict.INCOMPLETE: _missing(sample),
        Verdict.TREND: f"{so_that}, but {trending}.",
        Verdict.NOT_REPRODUCED: f"{so_that}, and {_decided(compared, trending)}.",
        Verdict.UNDECIDED: f"{so_that}, and {_decided(compared, trending)}.",
        Verdict.NOT_COMPARABLE: f"{so_that}, and nothing is printed clearly apart.",
    }
    return with_sample(replace(entry, verdict=verdict, note=why[verdict]), sample)


def _missing(sample: Sample) -> str:
    """Why an entry is incomplete."""
    if sample.complete:
        return "What it is compared with has not been trained for all seeds."
    return f"{len(sample.values)} of {sample.wanted} seeds."


def _decided(compared: Sequence[Check], trending: str) -> str:
    """Why what is printed does not come out: because the seeds say otherwise, or because they cannot tell."""
    against = sum(one.contradicted for one in compared)
    if len(compared) == 1:
        return f"it is not so that {trending}" if against else f"the seeds cannot tell whether {trending}"
    held = sum(one.holds for one in compared)
    return (
        f"of {len(compared)} comparisons {held} come out as printed, {against} the other way round, and "
        f"{len(compared) - held - against} cannot be told"
    )


def with_sample(entry: Entry, sample: Sample) -> Entry:
    """The entry with our mean, its interval and where it comes from."""
    found = sample.interval
    bounds = (None, None) if found is None or math.isnan(found.low) else (found.low, found.high)
    return replace(
        entry,
        ours=found.mean if found else None,
        low=bounds[0],
        high=bounds[1],
        seeds=len(sample.values),
        wanted=sample.wanted,
        trials=sample.trials,
    )


def sample_of(measured: Measured, number: Printed) -> Sample:
    """Our values for a printed number."""
    if number.artefact == "figure-4a":
        return config_gain(measured, number.artefact, 6, "hazardous")
    if number.artefact in ARTEFACTS:
        series, _, condition = number.key.rpartition("/")
        return quantity(measured, number.artefact, series, condition)
    raise KeyError(f"{number.artefact}, {number.key}: no trials answer this number.")


def compared_beside(measured: Measured, number: Printed) -> list[Check]:
    """Whether the numbers printed beside this one, where they are clearly apart, come out on the same side of ours.

    Clearly apart is more than :data:`TOLERANCE`; each comparison is paired by seed, and holds where its 95 % interval
    keeps to the printed side of zero.
    """
    condition = number.key.partition("/")[2]
    mine = sample_of(measured, number)
    compared = []
    for other in series_of(number.artefact, condition).values():
        apart = number.value - other.value
        if abs(apart) > TOLERANCE:
            theirs = sample_of(measured, other)
            compared.append(check("", mine - theirs if apart > 0 else theirs - mine))
    return compared


def guess_margin(measured: Measured, artefact: str, series: str) -> float:
    """How far the accuracy of one run's random guesses may stray, in points: its 95 % binomial margin."""
    record = measured.records(artefact, series)[0]
    chance = measured.chance(record)
    return 100 * 1.96 * math.sqrt(chance * (1 - chance) / record.total)


def other_guess(measured: Measured, artefact: str, series: str) -> str:
    """What a guess would be worth under each policy."""
    record = measured.records(artefact, series)[0]
    worth = ", ".join(f"{policy} {100 * measured.chance(record, policy):.2f} %" for policy in GUESSES)
    return f"A guess; by policy: {worth}."
