"""The figures that chapters show: our means with intervals, the paper's printed values beside them."""

from companion.figures.charts import averages, configs, rates, survival_scaling, weight_rules
from companion.figures.descriptions import alt_text, in_words, size_label
from companion.figures.points import Point, numbers, points_of

__all__ = [
    "Point",
    "alt_text",
    "averages",
    "configs",
    "in_words",
    "numbers",
    "points_of",
    "rates",
    "size_label",
    "survival_scaling",
    "weight_rules",
]
