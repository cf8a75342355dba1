"""The tables that chapters show."""

from companion.tables.alternatives import (
    depths,
    option_averages,
    option_costs,
    option_scenarios,
    power_cuts,
    ranking,
)
from companion.tables.cells import MARKS, SPACE, cell, ours, printed, show_check, show_sample
from companion.tables.claims import UnfoundedError, claims
from companion.tables.exhibits import (
    averages,
    beside,
    by_failure,
    figure_2b_cells,
    figure_4,
    own_setting,
    short_recipe,
    survival_scaling,
    table_1,
    table_3,
    weight_rules,
)
from companion.tables.html import offer, show
from companion.tables.origins import provenance
from companion.tables.statistics_gains import by_statistics

__all__ = [
    "MARKS",
    "SPACE",
    "UnfoundedError",
    "averages",
    "beside",
    "by_failure",
    "by_statistics",
    "cell",
    "claims",
    "depths",
    "figure_2b_cells",
    "figure_4",
    "offer",
    "option_averages",
    "option_costs",
    "option_scenarios",
    "ours",
    "own_setting",
    "power_cuts",
    "printed",
    "provenance",
    "ranking",
    "short_recipe",
    "show",
    "show_check",
    "show_sample",
    "survival_scaling",
    "table_1",
    "table_3",
    "weight_rules",
]
