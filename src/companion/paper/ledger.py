"""The ledger: a verdict on every number the paper prints and every statement it makes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from companion.experiments import ARTEFACTS, EXPERIMENTS, PLANNED
from companion.paper.arithmetic import arithmetic
from companion.paper.comparisons.quantities import quantity
from companion.paper.comparisons.skip_sets import config_gain
from companion.paper.contributions import PARTS_OF, contributions
from companion.paper.measured import Measured
from companion.paper.not_attempted import IMAGENET_CELLS, LEFT_OUT, NOT_TRAINED, ON_SUBSTITUTE
from companion.paper.own_numbers import reaches_cloud
from companion.paper.printed import Printed, printed_values, series_of
from companion.paper.samples import Sample
from companion.paper.statements import claims
from companion.paper.verdicts import (
    HEALTH_TOLERANCE,
    TOLERANCE,
    Check,
    Entry,
    Verdict,
    check,
    contradictions,
    judge,
    judge_exact,
    judge_order,
)
from companion.results.store import Store
from resilinet.failures import failed_nodes


def verify(store: Store, profile: str = "published", guess: str = "train-frequency") -> list[Entry]:
    """Judge every printed number and every statement against the stored results.

    A network with batch normalisation is judged twice: under running statistics, as the released code evaluates, and
    under statistics of each route (:attr:`Entry.per_route`).

    Args:
        store: the results.
        profile: whose trials count. What was trained tiny on synthetic data is shown, but with ``no verdict``.
        guess: how one guesses without information flow.

    Raises:
        StoreError: a result file cannot be trusted.
        ValueError: the profile or the guess policy does not exist, or a printed number or statement has no entry.
    """
    measured = Measured(store, profile, guess)
    entries = [number_entry(measured, number) for number in printed_values().values()]
    return [_without_verdict(entry) for entry in [*entries, *claims(measured)]]


def _without_verdict(entry: Entry) -> Entry:
    if entry.size != "smoke":
        return entry
    other = None if entry.per_route is None else _without_verdict(entry.per_route)
    note = f"Size smoke: synthetic data. {entry.note}".strip()
    return replace(entry, verdict=Verdict.NONE, note=note, per_route=other)


def totals(entries: Iterable[Entry]) -> dict[Verdict, int]:
    """How many entries have each verdict, in the order of :class:`Verdict`."""
    counted = Counter(entry.verdict for entry in entries)
    return {verdict: counted[verdict] for verdict in Verdict if counted[verdict]}


def under_routes(entries: Iterable[Entry]) -> list[Entry]:
    """The entries with those of networks with batch normalisation under statistics of each route."""
    return [entry.per_route or entry for entry in entries]


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
        experiment=number.experiment,
    )
    if number.unit in ("probability", "hours"):
        return replace(entry, verdict=Verdict.GIVEN, note="An input, taken over from the paper.")
    computed = arithmetic(number)
    if computed is not None:
        value, note = computed
        verdict = judge_exact(number.value, number.digits, value)
        return replace(entry, verdict=verdict, ours=value, note=note)
    if number.artefact in IMAGENET_CELLS:
        return imagenet_cell(number, entry)
    if number.artefact in LEFT_OUT:
        return replace(entry, note=LEFT_OUT[number.artefact])
    if number.artefact not in ARTEFACTS:
        if number.artefact not in PLANNED:
            raise ValueError(f"published_values.toml: no entry reads {number.artefact}, {number.key}.")
        return replace(entry, note=NOT_TRAINED)
    if measured.substitute(number.artefact):
        return replace(entry, note=ON_SUBSTITUTE)
    entry = replace(entry, size=measured.size(number.artefact).name)
    found = measured_entry(measured, number, entry)
    if found.verdict is Verdict.GUESS or not measured.has_routes(number.artefact):
        return found
    return replace(found, per_route=measured_entry(measured.per_route(), number, entry))


def imagenet_cell(number: Printed, entry: Entry) -> Entry:
    """The entry of an accuracy on ImageNet by scenario: a guess among a thousand classes, or not attempted."""
    series, _, scenario = number.key.partition("/")
    experiment = EXPERIMENTS["imagenet"]
    topology = experiment.topology(skips=() if series == "vanilla" else experiment.skips)
    if not reaches_cloud(topology, failed_nodes(scenario)):
        note = "A guess; one of a thousand classes is right in 0.1 %."
        return replace(entry, verdict=Verdict.GUESS, ours=0.1, released=0.1, note=note)
    return replace(entry, note=IMAGENET_CELLS[number.artefact])


def measured_entry(measured: Measured, number: Printed, entry: Entry) -> Entry:
    """The entry of a number that trials answer."""
    sample, tolerance = sample_of(measured, number), tolerance_of(number)
    notes = ["Short recipe."] if measured.is_short(number.artefact) else []
    exhibit = ARTEFACTS[number.artefact].exhibit
    series, _, condition = number.key.partition("/")
    if exhibit == "table-1" and measured.is_guess(number.artefact, series, condition):
        return guess_entry(measured, number, with_sample(entry, sample))
    beside: dict[str, Printed] = {}
    if exhibit == "figure-3":
        compared, trending = [check("", sample, above=None, below=1.0)], "it stays below one point"
        tolerance = 0.0
    elif number.artefact == "figure-4a":
        compared, trending = [check("", sample)], "Config 6 is the better one"
        notes.append("The paper says up to.")
    else:
        beside = neighbours(number)
        compared, trending = compared_beside(measured, number), "the order is the printed one"
    if entry.size == "laptop":
        return smaller_entry(entry, sample, compared, trending)
    verdict = judge(number, sample, compared, tolerance, [one.value for one in beside.values()])
    why = {
        Verdict.INCOMPLETE: _missing(sample),
        Verdict.TREND: f"Not the number, but {trending}.",
        Verdict.UNDECIDED: f"Not clearly off, and {_decided(compared, trending)}.",
        Verdict.NOT_REPRODUCED: f"Beyond the margin, and {_decided(compared, trending)}.",
    }.get(verdict)
    entry = replace(entry, verdict=verdict, note=" ".join([*([why] if why else []), *notes]))
    return with_parts(measured, number, with_sample(entry, sample))


def with_parts(measured: Measured, number: Printed, entry: Entry) -> Entry:
    """The entry with the contributions of its parts, where an average is reproduced and they are not."""
    parts = contributions(measured, number) if entry.verdict is Verdict.REPRODUCED else {}
    table, series = PARTS_OF.get(number.artefact, ""), number.key.partition("/")[0]
    off = [
        scenario
        for scenario in parts
        if not measured.is_guess(table, series, scenario)
        and number_entry(measured, printed_values()[table, f"{series}/{scenario}"]).verdict
        is not Verdict.REPRODUCED
    ]
    if not off:
        return entry
    told = ", ".join(f"{scenario.replace('+', ', ')} {parts[scenario]:+.2f}" for scenario in off)
    note = f"{entry.note} Its parts are not reproduced and cancel: {told} points of the difference.".strip()
    return replace(entry, parts=tuple(parts.items()), note=note)


def tolerance_of(number: Printed) -> float:
    """Percentage points by which our mean may differ from a printed accuracy."""
    return HEALTH_TOLERANCE if number.experiment == "health" else TOLERANCE


def smaller_entry(entry: Entry, sample: Sample, compared: Sequence[Check], trending: str) -> Entry:
    """The entry of a number that a smaller network answers, which can bear out an order but no value."""
    verdict = judge_order(compared) if sample.complete else Verdict.INCOMPLETE
    why = {
        Verdict.INCOMPLETE: _missing(sample),
        Verdict.SAME_ORDER: f"Of this size {trending}.",
    }.get(verdict)
    if why is None:
        why = f"Of this size {_decided(compared, trending)}."
    return with_sample(replace(entry, verdict=verdict, note=why), sample)


def _missing(sample: Sample) -> str:
    """Why an entry is incomplete."""
    if sample.complete:
        return "What it is compared with has not been trained for all seeds."
    return f"{len(sample.values)} of {sample.wanted} seeds."


def _decided(compared: Sequence[Check], trending: str) -> str:
    """Why what is printed does not come out: because the seeds say otherwise, or because they cannot tell."""
    if not compared:
        return "nothing is printed clearly apart from it to compare"
    against = len(contradictions(compared))
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
    series, _, condition = number.key.rpartition("/")
    return quantity(measured, number.artefact, series, condition)


def neighbours(number: Printed) -> dict[str, Printed]:
    """What is printed for the same condition beside a number, by series."""
    found = series_of(number.artefact, number.key.partition("/")[2])
    return {series: other for series, other in found.items() if other.key != number.key}


def compared_beside(measured: Measured, number: Printed) -> list[Check]:
    """Whether the numbers printed beside this one, where they are clearly apart, come out on the same side of ours.

    Clearly apart is more than the tolerance; each comparison is paired by seed, and holds where its 95 % interval
    keeps to the printed side of zero.
    """
    mine = sample_of(measured, number)
    compared = []
    for other in neighbours(number).values():
        apart = number.value - other.value
        if abs(apart) > tolerance_of(number):
            theirs = sample_of(measured, other)
            compared.append(check("", mine - theirs if apart > 0 else theirs - mine))
    return compared


def guess_entry(measured: Measured, number: Printed, entry: Entry) -> Entry:
    """The entry of a guess: held to what one run's guesses vary by, by each policy, and neutral where one fits."""
    record = measured.records(number.artefact, number.key.partition("/")[0])[0]
    ours, theirs = (measured.chance(record, policy) for policy in (None, "released-code"))
    note = f"A guess; the released code's gives {100 * theirs:.2f}."
    if entry.seeds < entry.wanted:
        return replace(
            entry, verdict=Verdict.INCOMPLETE, note=f"{entry.seeds} of {entry.wanted} seeds. {note}"
        )
    fits = [
        words
        for words, chance in (("ours", ours), ("the released code's", theirs))
        if abs(number.value - 100 * chance) <= 196 * math.sqrt(chance * (1 - chance) / record.total)
    ]
    told = " and ".join(fits) or "neither"
    verdict = Verdict.GUESS if fits else Verdict.NOT_REPRODUCED
    return replace(
        entry, verdict=verdict, released=100 * theirs, note=f"{note} The printed number fits {told}."
    )
