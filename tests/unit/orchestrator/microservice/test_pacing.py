"""Waits grow exponentially, have jitter, and have bounds."""

from itertools import islice

import pytest

from orchestrator.microservice.pacing import expected_wait_s, park_s, poll_waits
from tests.support.jobs import make_settings

_DRAWS = 300


def test_the_first_wait_between_polls_is_at_most_a_second() -> None:
    settings = make_settings(poll_interval=3)
    firsts = [next(poll_waits(settings)) for _ in range(_DRAWS)]
    assert 0.5 <= min(firsts) < 0.6
    assert 0.9 < max(firsts) <= 1.0


@pytest.mark.parametrize("interval_s", [0.1, 3.0])
def test_no_wait_between_polls_exceeds_the_poll_interval(interval_s: float) -> None:
    waits = list(islice(poll_waits(make_settings(poll_interval=interval_s)), _DRAWS))
    assert interval_s * 0.9 < max(waits) <= interval_s
    assert min(waits) >= min(0.5, interval_s / 2)


def test_a_poll_comes_just_after_the_expected_end() -> None:
    settings = make_settings(poll_interval=3)
    waits = [expected_wait_s(80.0, 8.0, settings) or 0.0 for _ in range(_DRAWS)]
    assert 2.0 <= min(waits) < max(waits) <= 2.0 * 1.05


def test_the_remaining_time_is_divided_evenly_among_few_polls() -> None:
    settings = make_settings(poll_interval=3)
    waits = [expected_wait_s(10.0, 1.0, settings) or 0.0 for _ in range(_DRAWS)]
    assert 4.5 <= min(waits) < max(waits) <= 4.5 * 1.05


@pytest.mark.parametrize("progress", [0.0, 4.9])
def test_little_progress_predicts_no_end(progress: float) -> None:
    assert expected_wait_s(progress, 10.0, make_settings(poll_interval=3)) is None


@pytest.mark.parametrize("progress", [99.9, 100.0])
def test_a_late_job_is_polled_at_short_intervals(progress: float) -> None:
    assert expected_wait_s(progress, 5.0, make_settings(poll_interval=3)) == 0.25


def test_a_park_lasts_at_least_half_of_its_bound() -> None:
    settings = make_settings(retry_backoff_base_s=1.5)
    for parks, bound_s in ((0, 1.5), (1, 3.0), (3, 12.0)):
        waits = [park_s(parks, settings) for _ in range(_DRAWS)]
        assert bound_s / 2 <= min(waits)
        assert bound_s * 0.9 < max(waits) <= bound_s


@pytest.mark.parametrize("first_s", [1.5, 0.01])
def test_no_park_exceeds_half_a_minute(first_s: float) -> None:
    settings = make_settings(retry_backoff_base_s=first_s)
    assert max(park_s(parks, settings) for parks in (5, 50, 5000) for _ in range(_DRAWS)) <= 30
