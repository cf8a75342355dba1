"""What can be wrong with an exercise."""


class TeachingError(ValueError):
    """An exercise that cannot be assigned or graded; the message names the page and the exercise."""
