"""The tables that chapters show, and what they say in words of what stands in them."""

from resilinet.tables.artefacts import (
    averages,
    beside,
    best_rates,
    figure_3,
    figure_4,
    own_setting,
    short_recipe,
    survival_scaling,
    table_1,
    table_3,
    weight_rules,
)
from resilinet.tables.entries import MARKS, SPACE, cell, ours, printed, show_check, show_sample
from resilinet.tables.showing import offer, show
from resilinet.tables.verdicts import checks, differing, provenance
from resilinet.tables.words import in_short, leads, legend, size_notice, statement, statement_by_part

__all__ = [
    "MARKS",
    "SPACE",
    "averages",
    "beside",
    "best_rates",
    "cell",
    "checks",
    "differing",
    "figure_3",
    "figure_4",
    "in_short",
    "leads",
    "legend",
    "offer",
    "ours",
    "own_setting",
    "printed",
    "provenance",
    "short_recipe",
    "show",
    "show_check",
    "show_sample",
    "size_notice",
    "statement",
    "statement_by_part",
    "survival_scaling",
    "table_1",
    "table_3",
    "weight_rules",
]
