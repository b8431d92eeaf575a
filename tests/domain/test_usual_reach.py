"""What is usual for a component, and when a reach is unusual."""

from __future__ import annotations

import pytest

from releasewatch.domain.usual_reach import Usual, is_unusual, usual_reach


def test_of_too_few_deployments_nothing_is_usual():
    assert usual_reach({"a": [1, 1, 1], "b": []}) == []
    assert not is_unusual(10**6, [])


def test_the_median_and_the_most_are_kept():
    assert usual_reach({"b": [4, 1, 2, 30], "a": [0, 0, 0, 0]}) == [Usual("a", 4, 0, 0), Usual("b", 4, 2, 30)]


@pytest.mark.parametrize(
    ("customers", "counts", "unusual"),
    [
        (7, [3, 3, 3, 6], True),
        (6, [3, 3, 3, 6], False),
        (7, [4, 4, 4, 6], False),
        (8, [4, 4, 4, 6], True),
        (1, [0, 0, 0, 0], True),
        (0, [0, 0, 0, 0], False),
    ],
)
def test_unusual_is_more_than_ever_and_twice_the_median(customers, counts, unusual):
    assert is_unusual(customers, usual_reach({"a": counts})) is unusual


def test_what_is_usual_for_one_component_is_usual():
    usual = usual_reach({"small": [1, 1, 1, 1], "large": [50, 50, 50, 50]})
    assert not is_unusual(60, usual)
    assert is_unusual(120, usual)
