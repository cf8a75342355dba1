"""The paper's experiments and artefacts, and the trials behind each."""

from companion.experiments.artefacts import (
    ARTEFACTS,
    PLANNED,
    Artefact,
    all_trials,
    artefact_of,
    planned_trials,
    trials_of,
)
from companion.experiments.catalogue import EXPERIMENTS, is_known
from companion.experiments.experiment import PROFILES, Experiment, Size

__all__ = [
    "ARTEFACTS",
    "EXPERIMENTS",
    "PLANNED",
    "PROFILES",
    "Artefact",
    "Experiment",
    "Size",
    "all_trials",
    "artefact_of",
    "is_known",
    "planned_trials",
    "trials_of",
]
