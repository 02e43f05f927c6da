"""A stage, a job and the waiting each have a limit; only one of them runs at a time."""

from datetime import timedelta
from typing import Any

import pytest

from orchestrator.engine.clocks import Deadlines
from orchestrator.errors import DeadlineExceededError
from tests.support.jobs import NOW, make_job, make_settings
from tests.support.monotonic import Monotonic

STAGE = "POLL_INTERVAL × MAX_POLL_ATTEMPTS"
JOB = "JOB_TIMEOUT_MINUTES"
WAIT = "MAX_WAIT_HOURS"


@pytest.fixture
def monotonic() -> Monotonic:
    return Monotonic()


def clocks(monotonic: Monotonic, **facts: Any) -> Deadlines:
    """Return the deadlines of a job with 60 s for its stage, 100 s in all, and an hour to wait."""
    deadlines: dict[str, Any] = {
        "deadline_stage": NOW + timedelta(seconds=60),
        "deadline_job": NOW + timedelta(seconds=100),
        "stage_limit_s": 60.0,
        "job_limit_s": 100.0,
    }
    job = make_job(**(deadlines | facts))
    return Deadlines(job, NOW, make_settings(max_wait_hours=1), monotonic)


def limit_passed(one: Deadlines) -> str | None:
    try:
        one.check()
    except DeadlineExceededError as error:
        return error.limit
    return None


def test_a_stage_may_run_until_its_deadline(monotonic: Monotonic) -> None:
    one = clocks(monotonic)
    monotonic.pass_by(59)
    assert limit_passed(one) is None
    monotonic.pass_by(1)
    assert limit_passed(one) == STAGE


def test_the_deadline_of_the_job_ends_a_stage_that_has_time_left(monotonic: Monotonic) -> None:
    one = clocks(monotonic, deadline_job=NOW + timedelta(seconds=30))
    monotonic.pass_by(29)
    assert limit_passed(one) is None
    monotonic.pass_by(1)
    assert limit_passed(one) == JOB


def test_a_passed_deadline_names_its_limit(monotonic: Monotonic) -> None:
    one = clocks(monotonic)
    monotonic.pass_by(61)
    with pytest.raises(DeadlineExceededError, match=r"60 s \(POLL_INTERVAL × MAX_POLL_ATTEMPTS\)"):
        one.check()


def test_a_deadline_that_passed_before_the_claim_is_found_at_once(monotonic: Monotonic) -> None:
    assert limit_passed(clocks(monotonic, deadline_stage=NOW - timedelta(seconds=1))) == STAGE


def test_a_job_without_deadlines_has_its_whole_limits_left(monotonic: Monotonic) -> None:
    one = clocks(monotonic, deadline_stage=None, deadline_job=None, job_limit_s=50.0)
    monotonic.pass_by(49)
    assert limit_passed(one) is None
    monotonic.pass_by(1)
    assert limit_passed(one) == JOB


def test_paused_deadlines_do_not_pass(monotonic: Monotonic) -> None:
    one = clocks(monotonic)
    one.pause(is_paused=True)
    monotonic.pass_by(1000)
    assert limit_passed(one) is None


def test_resumed_deadlines_continue_where_they_were_paused(monotonic: Monotonic) -> None:
    one = clocks(monotonic)
    monotonic.pass_by(40)
    one.pause(is_paused=True)
    monotonic.pass_by(1000)
    one.pause(is_paused=False)
    monotonic.pass_by(19)
    assert limit_passed(one) is None
    monotonic.pass_by(1)
    assert limit_passed(one) == STAGE


def test_pausing_twice_changes_nothing(monotonic: Monotonic) -> None:
    one = clocks(monotonic)
    one.pause(is_paused=True)
    monotonic.pass_by(1000)
    one.pause(is_paused=True)
    one.pause(is_paused=False)
    monotonic.pass_by(59)
    assert limit_passed(one) is None


def test_waiting_has_a_limit_of_its_own(monotonic: Monotonic) -> None:
    one = clocks(monotonic)
    one.pause(is_paused=True)
    monotonic.pass_by(3599)
    assert limit_passed(one) is None
    monotonic.pass_by(1)
    assert limit_passed(one) == WAIT


def test_time_waited_before_the_claim_counts(monotonic: Monotonic) -> None:
    one = clocks(monotonic, waited_s=3000.0)
    one.pause(is_paused=True)
    monotonic.pass_by(599)
    assert limit_passed(one) is None
    monotonic.pass_by(1)
    assert limit_passed(one) == WAIT


def test_a_job_claimed_while_paused_has_the_time_left_when_it_was_paused(
    monotonic: Monotonic,
) -> None:
    since = NOW - timedelta(seconds=500)
    one = clocks(
        monotonic,
        paused_at=since,
        deadline_stage=since + timedelta(seconds=10),
        deadline_job=since + timedelta(seconds=100),
    )
    assert one.is_paused
    assert limit_passed(one) is None
    one.pause(is_paused=False)
    monotonic.pass_by(9)
    assert limit_passed(one) is None
    monotonic.pass_by(1)
    assert limit_passed(one) == STAGE


def test_a_job_claimed_while_paused_has_waited_since_it_was_paused(monotonic: Monotonic) -> None:
    one = clocks(monotonic, paused_at=NOW - timedelta(seconds=3000), waited_s=500.0)
    monotonic.pass_by(99)
    assert limit_passed(one) is None
    monotonic.pass_by(1)
    assert limit_passed(one) == WAIT


def test_a_job_that_runs_was_not_paused(monotonic: Monotonic) -> None:
    assert not clocks(monotonic).is_paused
