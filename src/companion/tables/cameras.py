"""The camera experiment as tables: each node failed alone, and fewer and fewer views."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from statistics import fmean

import pandas as pd

from companion.experiments import ARTEFACTS
from companion.paper.measured import Measured
from companion.paper.samples import Sample
from companion.results.accuracy import by_scenario
from companion.tables.cells import show_sample
from companion.tables.exhibits import scheme_names
from resilinet.failures import scenario_key
from resilinet.topology import Topology

SCHEMES = ("vanilla", "dfg", "resilinet", "resilinet-plus")


def alone(measured: Measured, artefact: str) -> pd.DataFrame:
    """Accuracy of every scheme without failures, and with each node failed that can fail, in percent."""
    topology = ARTEFACTS[artefact].experiment.topology()
    rows = {"none": "none"} | {node: node for node in topology.failable}
    table = {
        name: {
            title: show_sample(measured.scenario(artefact, scheme, key))
            for scheme, title in scheme_names(*SCHEMES).items()
        }
        for key, name in rows.items()
    }
    return pd.DataFrame.from_dict(table, orient="index").rename_axis("Failed")


def scenarios_without_views(topology: Topology) -> dict[int, list[str]]:
    """For each number of lost views the scenarios in which edge nodes alone have failed and just so many are lost.

    An edge node is one that receives from sources; with it the views of its sources are lost.
    """
    views = {
        node: sum(link.target == node for link in topology.links if link.source in topology.sources)
        for node in topology.failable
    }
    edge = [node for node, count in views.items() if count]
    found: dict[int, list[str]] = defaultdict(list)
    for size in range(len(edge) + 1):
        for failed in combinations(edge, size):
            found[sum(views[node] for node in failed)].append(scenario_key(topology, frozenset(failed)))
    return dict(sorted(found.items()))


def without_views(measured: Measured, artefact: str, scheme: str) -> dict[int, Sample]:
    """For each number of lost views the expected accuracy in percent, each of its scenarios being equally likely."""

    def mean_over(keys: list[str]) -> Sample:
        return measured.sample(
            artefact,
            scheme,
            lambda record: fmean(
                by_scenario(record, measured.counts(record), measured.guess)[key] for key in keys
            ),
        )

    lost = scenarios_without_views(ARTEFACTS[artefact].experiment.topology())
    return {views: mean_over(keys) for views, keys in lost.items()}


def by_views(measured: Measured, artefact: str) -> pd.DataFrame:
    """Expected accuracy of every scheme as one view after another fails, in percent."""
    columns = {
        title: {views: show_sample(one) for views, one in without_views(measured, artefact, scheme).items()}
        for scheme, title in scheme_names(*SCHEMES).items()
    }
    return pd.DataFrame(columns).rename_axis("Views lost")
