"""The figures that chapters show: our means with intervals, the paper's printed values beside them."""

from resilinet.figures.charts import averages, configs, rates, survival_scaling, weight_rules
from resilinet.figures.points import Point, numbers, points_of
from resilinet.figures.words import alt_text, in_words, size_label

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
