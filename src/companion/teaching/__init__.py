"""Exercises of the chapters, and the assignments that are made from them.

An exercise stands once, in its chapter. From there it is shown with a hidden solution, run and checked whenever the
chapter runs, and turned into a notebook without solutions and a grader for it.
"""

from companion.teaching.exercises import Exercise, read_exercises
from companion.teaching.prompts import TeachingError

__all__ = ["Exercise", "TeachingError", "read_exercises"]
