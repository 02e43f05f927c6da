"""A job of a fast fake service: its state is a function of the time, so nothing has to tick."""

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
_GOLDEN = (math.sqrt(5) - 1) / 2  # its multiples fill the unit interval most evenly


@dataclass(frozen=True)
class JobPlan:
    """How the jobs of a service go."""

    stage_s: float = 2.0
    """How long a job takes at the least, in seconds."""
    spread: float = 1.0
    """How many times as long it takes at the most."""
    progress_step: float = 100.0
    """Points of progress between two ETags; with 100 a waiting call is answered at the end."""
    honours_wait: bool = True
    """Whether a call may wait for a change."""
    tags_submissions: bool = True
    """Whether the answer to a submission has an ``ETag``, where calls may wait."""
    tags_polls: bool = True
    """Whether the answers to polls have one."""

    def duration_s(self, number: int) -> float:
        """Return how long a service's job takes, by its number; the same in every run."""
        return self.stage_s * (1 + (self.spread - 1) * (number * _GOLDEN % 1))

    def mean_s(self, jobs: int) -> float:
        """Return how long each of so many jobs takes on average, in seconds."""
        return math.fsum(map(self.duration_s, range(jobs))) / jobs


@dataclass
class FakeJob:
    """One accepted job.

    Args:
        job_id: What the service calls it.
        plan: How it goes.
        duration_s: How long it takes, in seconds.
    """

    job_id: str
    plan: JobPlan
    duration_s: float
    accepted_at: float = field(default_factory=time.monotonic)
    """An instant of ``time.monotonic``."""

    @property
    def is_done(self) -> bool:
        """Whether the work has ended."""
        return time.monotonic() - self.accepted_at >= self.duration_s

    def progress(self) -> float:
        """Return how much is done, in whole steps, as points of 100."""
        if self.is_done:
            return 100.0
        share = (time.monotonic() - self.accepted_at) / self.duration_s
        return math.floor(100 * share / self.plan.progress_step + _ROUNDING) * (
            self.plan.progress_step
        )

    def etag(self) -> str:
        """Return the mark of the present state, as it stands in the header."""
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
        """Return when the state is no longer the one marked, or time is up."""
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
    """Return the seconds in a ``Prefer`` header's wish to wait, ``None`` where there is none."""
    found = _WAIT.search(preferences)
    return float(found[1]) if found else None
