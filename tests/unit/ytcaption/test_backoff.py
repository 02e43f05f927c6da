"""Exponential backoff while the API is unavailable."""

import pytest

from ytcaption.backoff import Backoff
from ytcaption.errors import UnreachableError, YTCaptionError, to_api_error

_AWAY = UnreachableError("http://api.test", "Connection refused")


class _Clock:
    """A clock that only ``sleep`` advances."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, pause_s: float) -> None:
        self.now_s += pause_s
        self.slept.append(pause_s)


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


def make_backoff(clock: _Clock, limit_s: float = 10.0) -> Backoff:
    return Backoff(limit_s, clock=clock, sleep=clock.sleep)


def test_pauses_grow_and_end_at_the_limit(clock: _Clock) -> None:
    backoff = make_backoff(clock)
    for _ in range(6):
        backoff.wait(_AWAY)
    with pytest.raises(UnreachableError):
        backoff.wait(_AWAY)
    assert clock.slept == [0.25, 0.5, 1.0, 2.0, 4.0, 2.25]
    assert clock.now_s == 10.0


def test_a_reset_restarts_pauses_and_limit(clock: _Clock) -> None:
    backoff = make_backoff(clock)
    backoff.wait(_AWAY)
    backoff.wait(_AWAY)
    clock.now_s += 100
    backoff.reset()
    backoff.wait(_AWAY)
    assert clock.slept == [0.25, 0.5, 0.25]


def test_retry_after_sets_the_pause(clock: _Clock) -> None:
    make_backoff(clock).wait(to_api_error(429, {}, "7"))
    make_backoff(clock).wait(to_api_error(503, {}, "60"))
    assert clock.slept == [7, 10], "but no longer than the limit"


@pytest.mark.parametrize("status", [401, 403, 404, 410, 422])
def test_permanent_errors_are_raised_at_once(clock: _Clock, status: int) -> None:
    with pytest.raises(YTCaptionError):
        make_backoff(clock).wait(to_api_error(status, {}, None))
    assert clock.slept == []
