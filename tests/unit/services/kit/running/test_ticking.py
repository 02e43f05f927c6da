"""While a call goes on that reports nothing, somebody else reports."""

import threading

import pytest

from services.kit.running import ticking
from services.kit.work import JobCancelledError
from tools.waiting import wait_until


@pytest.fixture(autouse=True)
def short_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticking, "TICK_S", 0.01)


def test_ticks_come_as_long_as_the_block_runs_and_no_longer() -> None:
    ticks: list[int] = []
    with ticking.ticking(lambda: ticks.append(1)):
        wait_until(lambda: len(ticks) > 2, timeout_s=5, what="three ticks")
    count = len(ticks)
    assert not threading.Event().wait(0.05)
    assert len(ticks) == count


def test_a_cancelled_job_is_reported_no_more_and_the_block_goes_on() -> None:
    ticks: list[int] = []

    def tick() -> None:
        ticks.append(1)
        raise JobCancelledError

    with ticking.ticking(tick):
        wait_until(lambda: ticks, timeout_s=5, what="a tick")
        assert not threading.Event().wait(0.05)
    assert len(ticks) == 1
