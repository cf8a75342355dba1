"""The network that exercises train again and again: small, the same every time, and honest about what it refuses."""

import pytest

from companion.teaching.small import train_small
from resilinet.models.partitions import mlp
from resilinet.schemes import RESILINET, VANILLA


def test_a_training_is_the_same_every_time_and_other_with_another_seed() -> None:
    first = train_small(RESILINET, rows=200)
    assert first == train_small(RESILINET, {"n1": 0.1, "n2": 0.1, "n3": 0.1}, rows=200)
    assert first != train_small(RESILINET, rows=200, seed=1)


def test_scenarios_in_which_nothing_arrives_have_no_accuracy() -> None:
    found = train_small(VANILLA, rows=200)
    assert {key for key, accuracy in found.items() if accuracy is not None} == {"none"}
    around_n1 = train_small(RESILINET, topology=mlp(skips=(("i", "n2"),)), rows=200)
    assert {key for key, accuracy in around_n1.items() if accuracy is not None} == {"none", "n1"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rows": 50}, "100 rows or more, not 50"),
        ({"width": 0}, "width"),
        ({"failout": {"n9": 0.1}}, "n9"),
        ({"failout": {"n1": 1.5}}, "1.5"),
    ],
)
def test_what_cannot_be_trained_is_refused(options, message) -> None:
    with pytest.raises(ValueError, match=message):
        train_small(RESILINET, **options)
