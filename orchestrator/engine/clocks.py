"""Redis's time on this host, and the deadlines that a turn checks."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from orchestrator.domain.job import Job
from orchestrator.errors import DeadlineExceededError
from orchestrator.settings import Settings

__all__ = ["Deadlines", "RedisClock"]


class RedisClock:
    """Redis's time, read once and advanced by the local monotonic clock.

    Compare timestamps from Redis with this clock. The host's own clock may be wrong by an hour.

    Args:
        now: Redis's current time.
        monotonic: Returns the seconds of a monotonic clock.
    """

    def __init__(self, now: datetime, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._read = now
        self._monotonic = monotonic
        self._mark = monotonic()

    def now(self) -> datetime:
        """Return Redis's time."""
        return self._read + timedelta(seconds=self._monotonic() - self._mark)

    def age_s(self, moment: datetime) -> float:
        """Return the seconds since an instant that Redis stamped."""
        return (self.now() - moment).total_seconds()


class Deadlines:
    """The deadlines of a job and its stage, and the limit on the time that a job may wait.

    The stored deadlines are instants of Redis's clock. From the claim on, the local monotonic
    clock counts, so that hosts whose clocks differ agree.

    Args:
        job: The job as it was claimed.
        now: The instant of the claim.
        settings: `MAX_WAIT_HOURS`.
        monotonic: Returns the seconds of a monotonic clock.
    """

    def __init__(
        self,
        job: Job,
        now: datetime,
        settings: Settings,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        since = job.paused_at
        counted_to = since or now
        self._monotonic = monotonic
        self._mark = monotonic() - ((now - since).total_seconds() if since else 0.0)
        self.is_paused = since is not None
        self._wait_limit_s = settings.max_wait_hours * 3600
        self._wait_left_s = self._wait_limit_s - job.waited_s
        self._stage_limit_s, self._job_limit_s = job.stage_limit_s, job.job_limit_s
        self._stage_left_s = _left_s(job.deadline_stage, counted_to, job.stage_limit_s)
        self._job_left_s = _left_s(job.deadline_job, counted_to, job.job_limit_s)

    def pause(self, is_paused: bool) -> None:  # noqa: FBT001 - the state itself is what is set
        """Pause the deadlines, or resume them; paused time counts towards `MAX_WAIT_HOURS`."""
        if is_paused != self.is_paused:
            self._count()
            self.is_paused = is_paused

    def check(self) -> None:
        """Raise an error if a deadline has passed.

        Raises:
            DeadlineExceededError: It names the setting of the limit.
        """
        self._count()
        if self._wait_left_s <= 0:
            raise DeadlineExceededError("MAX_WAIT_HOURS", self._wait_limit_s)
        if self._stage_left_s <= 0:
            raise DeadlineExceededError("POLL_INTERVAL × MAX_POLL_ATTEMPTS", self._stage_limit_s)
        if self._job_left_s <= 0:
            raise DeadlineExceededError("JOB_TIMEOUT_MINUTES", self._job_limit_s)

    def _count(self) -> None:
        now = self._monotonic()
        spent, self._mark = now - self._mark, now
        if self.is_paused:
            self._wait_left_s -= spent
        else:
            self._stage_left_s -= spent
            self._job_left_s -= spent


def _left_s(deadline: datetime | None, counted_to: datetime, limit_s: float) -> float:
    return (deadline - counted_to).total_seconds() if deadline else limit_s
