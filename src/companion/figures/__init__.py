"""The figures that chapters show: our means with intervals, the paper's printed values beside them."""

from companion.figures.batch_norm import statistics
from companion.figures.charts import averages, configs, rates, survival_scaling, weight_rules
from companion.figures.descriptions import alt_text, in_words, size_label
from companion.figures.histogram import received
from companion.figures.learning import history, learning_curves
from companion.figures.points import Point, numbers, points_of
from companion.figures.trade_offs import cost_front, depth_curves

__all__ = [
    "Point",
    "alt_text",
    "averages",
    "configs",
    "cost_front",
    "depth_curves",
    "history",
    "in_words",
    "learning_curves",
    "numbers",
    "points_of",
    "rates",
    "received",
    "size_label",
    "statistics",
    "survival_scaling",
    "weight_rules",
]
