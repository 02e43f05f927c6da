"""Percentiles and means."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from benchmarks.harness.percentiles import mean, percentile

VALUES = some.lists(some.floats(0, 1e6), min_size=1, max_size=50)


def test_the_median_of_five_is_the_middle_one() -> None:
    assert percentile([5, 1, 4, 2, 3], 50) == 3


def test_the_99th_of_a_hundred_leaves_one_above_it() -> None:
    assert percentile(list(range(1, 101)), 99) == 99


@given(VALUES, some.integers(1, 100))
def test_a_percentile_is_one_of_the_values_and_enough_are_not_above_it(
    values: list[float], share: int
) -> None:
    found = percentile(values, share)

    assert found in values
    assert sum(value <= found for value in values) >= share / 100 * len(values)


@given(VALUES)
def test_the_mean_lies_between_the_extremes(values: list[float]) -> None:
    assert min(values) * (1 - 1e-9) <= mean(values) <= max(values) * (1 + 1e-9)


@pytest.mark.parametrize("of_none", [lambda: percentile([], 50), lambda: mean([])])
def test_nothing_has_no_figure(of_none: object) -> None:
    assert callable(of_none)
    with pytest.raises(ValueError, match="no values"):
        of_none()
