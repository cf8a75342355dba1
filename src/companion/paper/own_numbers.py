"""The paper's own numbers as if they had been measured, so that each statement can be held to them, too."""

from __future__ import annotations

import math
from collections.abc import Mapping

from companion.experiments import ARTEFACTS, Experiment
from companion.experiments.trial import Trial
from companion.paper.measured import Measured
from companion.paper.printed import printed_values
from companion.paper.samples import Sample
from resilinet.failures import FailureSetting, scenario_key, scenarios
from resilinet.routing import routes
from resilinet.schemes import RESILINET
from resilinet.topology import Topology

TABLE_1 = {"health": "table-1-health", "mobilenet": "table-1-mobilenet", "imagenet": "figure-2b-cells"}
"""Where accuracies by scenario are printed, by experiment."""


class OwnNumbers:
    """Answers what :class:`companion.paper.measured.Measured` answers, from what the paper prints.

    Each answer is a sample of one value, or an empty one where the paper prints nothing. An average that is not printed
    follows from the accuracies of Table 1 and the probabilities of Table 2; for a set of skips (Fig. 4) ResiliNet's
    accuracies are taken where a way to the cloud is left, and a printed guess elsewhere.
    """

    def running(self) -> OwnNumbers:
        """These numbers: the paper names no kind of batch statistics."""
        return self

    def rows(self, artefact: str) -> Mapping[str, list[Trial]]:
        """The rows of an artefact, as this edition trains them."""
        return ARTEFACTS[artefact].rows("published")

    def sample(self, *_: object) -> Sample:
        """Nothing: what a record alone holds is not printed."""
        return Sample({}, 1)

    def printed(self, artefact: str, *keys: str) -> Sample:
        """The first of some numbers of an artefact that is printed."""
        found = [printed_values()[artefact, key].value for key in keys if (artefact, key) in printed_values()]
        return Sample(dict(enumerate(found[:1])), 1)

    def scenario(self, artefact: str, row: str, scenario: str) -> Sample:
        """The printed accuracy while exactly the nodes of a scenario are failed, in percent."""
        return self.printed(artefact, f"{row}/{scenario}")

    def average(
        self, artefact: str, row: str, setting: str | FailureSetting, survival: str | None = None
    ) -> Sample:
        """The average under a failure setting, in percent: as printed, else as it follows from Table 1."""
        if survival is not None:
            return Sample({}, 1)
        series = row.split(":")[0]
        if isinstance(setting, str):
            other = {"normal": f"{series}/average", "no_failure": f"{series}/none"}.get(setting, "")
            found = self.printed(artefact, f"{series}/{setting}", other)
            if found.values:
                return found
        experiment = ARTEFACTS[artefact].experiment
        table = TABLE_1.get(experiment.key, "")
        if isinstance(setting, FailureSetting) or ARTEFACTS[artefact].exhibit in ("table-1", "figure-4"):
            return self._mixture(experiment, table, series, setting)
        return Sample({}, 1)

    def _mixture(
        self, experiment: Experiment, table: str, series: str, setting: str | FailureSetting
    ) -> Sample:
        chosen = experiment.settings[setting] if isinstance(setting, str) else setting
        topology, skips = experiment.topology(), None
        if series.startswith("Config "):
            skips = experiment.topology(skips=experiment.configs[int(series.removeprefix("Config ")) - 1])
            series = "resilinet"
        values = {
            failed: self.scenario(
                table, series if skips is None or reaches_cloud(skips, failed) else "vanilla", key
            )
            for failed in scenarios(topology)
            for key in [scenario_key(topology, failed)]
        }
        if not all(sample.values for sample in values.values()):
            return Sample({}, 1)
        weights = {failed: chosen.scenario_probability(topology, failed) for failed in values}
        return Sample({0: math.fsum(weights[failed] * one.values[0] for failed, one in values.items())}, 1)


def reaches_cloud(topology: Topology, failed: frozenset[str]) -> bool:
    """Whether the skips that a topology has lead information to the cloud while some nodes are failed."""
    return topology.cloud in routes(topology, topology.everyone - failed, RESILINET.skips)


OWN_NUMBERS = OwnNumbers()

Numbers = Measured | OwnNumbers
"""Our results, or the paper's own numbers in their place."""
