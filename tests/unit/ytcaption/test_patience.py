"""How often to come back while the API is away."""

import pytest

from ytcaption.errors import UnreachableError, YTCaptionError, refusal_of
from ytcaption.patience import Patience

_AWAY = UnreachableError("http://api.test", "Connection refused")


class _Clock:
    """Time that passes only by sleeping."""

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


def patience(clock: _Clock, limit_s: float = 10.0) -> Patience:
    return Patience(limit_s, clock=clock, sleep=clock.sleep)


def test_pauses_grow_and_end_at_the_limit(clock: _Clock) -> None:
    bearing = patience(clock)
    for _ in range(6):
        bearing.bear(_AWAY)
    with pytest.raises(UnreachableError):
        bearing.bear(_AWAY)
    assert clock.slept == [0.25, 0.5, 1.0, 2.0, 4.0, 2.25]
    assert clock.now_s == 10.0


def test_an_answer_begins_it_anew(clock: _Clock) -> None:
    bearing = patience(clock)
    bearing.bear(_AWAY)
    bearing.bear(_AWAY)
    clock.now_s += 100
    bearing.restore()
    bearing.bear(_AWAY)
    assert clock.slept == [0.25, 0.5, 0.25]


def test_the_api_says_itself_when_to_come_back(clock: _Clock) -> None:
    patience(clock).bear(refusal_of(429, {}, "7"))
    patience(clock).bear(refusal_of(503, {}, "60"))
    assert clock.slept == [7, 10], "but no longer than the limit"


@pytest.mark.parametrize("status", [401, 403, 404, 410, 422])
def test_what_does_not_pass_is_raised_at_once(clock: _Clock, status: int) -> None:
    with pytest.raises(YTCaptionError):
        patience(clock).bear(refusal_of(status, {}, None))
    assert clock.slept == []
