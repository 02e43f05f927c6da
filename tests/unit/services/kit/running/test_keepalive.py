"""A job is reported while a call runs that reports nothing itself."""

import threading

from services.kit.running.keepalive import keepalive
from services.kit.work import JobCancelledError
from tools.waiting import wait_until

_INTERVAL_S = 0.01


def test_reports_are_repeated_while_the_block_runs() -> None:
    reports: list[int] = []
    with keepalive(lambda: reports.append(1), interval_s=_INTERVAL_S):
        wait_until(lambda: len(reports) > 2, timeout_s=5, what="three reports")
    count = len(reports)
    assert not threading.Event().wait(0.05)
    assert len(reports) == count


def test_a_cancelled_job_is_no_longer_reported_and_the_block_continues() -> None:
    reports: list[int] = []

    def report() -> None:
        reports.append(1)
        raise JobCancelledError

    with keepalive(report, interval_s=_INTERVAL_S):
        wait_until(lambda: reports, timeout_s=5, what="a report")
        assert not threading.Event().wait(0.05)
    assert len(reports) == 1
