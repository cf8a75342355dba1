"""A guess is right as often as its policy says."""

import pytest

from companion.results.accuracy import guess_accuracy

# Rows of each label, 0 to 12, in the training part and in the whole of Health.
TRAIN_ROWS = [0, 24544, 24569, 24476, 24641, 24510, 22740, 23674, 23448, 24561, 24582, 24531, 8272]
ALL_ROWS = [0, 30714, 30720, 30720, 30720, 30716, 28315, 29441, 29337, 30720, 30720, 30720, 10342]


def test_guessing_health_by_training_frequencies() -> None:
    labels = {"train": TRAIN_ROWS, "test": ALL_ROWS}
    assert f"{100 * guess_accuracy(labels):.2f}" == "8.65"
    assert guess_accuracy(labels) == guess_accuracy(labels, "train-frequency")


def test_guessing_as_the_released_code_does_names_classes_one_too_low() -> None:
    labels = {"train": TRAIN_ROWS, "test": ALL_ROWS}
    assert f"{100 * guess_accuracy(labels, 'released-code'):.2f}" == "8.02"


def test_guessing_by_hand() -> None:
    labels = {"train": [0, 3, 1], "test": [0, 1, 1]}
    assert guess_accuracy(labels) == pytest.approx(0.75 * 0.5 + 0.25 * 0.5)
    # Guesses 0 and 1 for what training calls 1 and 2: only "1" can be right, drawn as often as label 2 was.
    assert guess_accuracy(labels, "released-code") == pytest.approx(0.25 * 0.5)


def test_an_unknown_guess_policy_is_refused() -> None:
    with pytest.raises(
        ValueError, match="'lucky' is no guess policy; choose train-frequency or released-code"
    ):
        guess_accuracy({"train": [1], "test": [1]}, "lucky")
