"""A job of a fast fake service, whose state is a function of the time."""

import asyncio
import math
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

__all__ = ["FakeJob", "JobPlan", "read_wait_s"]

_WAIT = re.compile(r"\bwait=(\d+)")
_ROUNDING = 1e-9
_GOLDEN = (math.sqrt(5) - 1) / 2  # its multiples are distributed evenly over the unit interval


@dataclass(frozen=True)
class JobPlan:
    """The duration and behaviour of a service's jobs."""

    stage_s: float = 2.0
    """Minimum duration of a job, in seconds."""
    spread: float = 1.0
    """Maximum duration as a multiple of the minimum."""
    progress_step: float = 100.0
    """Points of progress between two ETags; with 100, waiting calls return at the end."""
    honours_wait: bool = True
    """Whether calls can wait for a change."""
    tags_submissions: bool = True
    """Whether the response to a submission has an ``ETag``, if calls can wait."""
    tags_polls: bool = True
    """Whether the responses to polls have an ``ETag``."""

    def duration_s(self, number: int) -> float:
        """Return the duration of a job by its number; equal in every run."""
        return self.stage_s * (1 + (self.spread - 1) * (number * _GOLDEN % 1))

    def mean_s(self, jobs: int) -> float:
        """Return the mean duration of jobs, in seconds."""
        return math.fsum(map(self.duration_s, range(jobs))) / jobs


@dataclass
class FakeJob:
    """One accepted job.

    Args:
        job_id: Its id at the service.
        plan: Its behaviour.
        duration_s: Its duration, in seconds.
    """

    job_id: str
    plan: JobPlan
    duration_s: float
    accepted_at: float = field(default_factory=time.monotonic)
    """An instant of ``time.monotonic``."""

    @property
    def is_done(self) -> bool:
        """Whether the job has completed."""
        return time.monotonic() - self.accepted_at >= self.duration_s

    def progress(self) -> float:
        """Return the progress in whole steps, from 0 to 100."""
        if self.is_done:
            return 100.0
        share = (time.monotonic() - self.accepted_at) / self.duration_s
        return math.floor(100 * share / self.plan.progress_step + _ROUNDING) * (
            self.plan.progress_step
        )

    def etag(self) -> str:
        """Return the ``ETag`` of the current state."""
        return f'"{"done" if self.is_done else "running"}-{self.progress():g}"'

    def describe(self) -> dict[str, Any]:
        """Return the job object of the contract."""
        return {
            "id": self.job_id,
            "status": "completed" if self.is_done else "processing",
            "progress": self.progress(),
            "updated_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }

    async def wait_for_change(self, etag: str, wait_s: float) -> None:
        """Wait until the state differs from an ``ETag``, or a timeout."""
        deadline = time.monotonic() + wait_s
        while not self.is_done and self.etag() == etag:
            now = time.monotonic()
            if now >= deadline:
                return
            await asyncio.sleep(max(0.0005, min(deadline, self._next_change_at()) - now))

    def _next_change_at(self) -> float:
        points = min(100.0, self.progress() + self.plan.progress_step)
        return self.accepted_at + self.duration_s * points / 100


def read_wait_s(preferences: str) -> float | None:
    """Return the seconds of ``wait`` in a ``Prefer`` header, or ``None``."""
    found = _WAIT.search(preferences)
    return float(found[1]) if found else None
