"""Every Redis key and every lifetime of a service."""

from dataclasses import dataclass
from hashlib import sha256

ACTIVE_LIFETIME_S = 7 * 24 * 3600
"""A job without any write for a week has no worker."""

CANCELLED_LIFETIME_S = 600
"""A cancelled job stays readable until every waiting client has seen it."""

HEARTBEAT_INTERVAL_S = 2.0
HEARTBEAT_LIFETIME_MS = 8000
"""Three heartbeats may be missing before the workers count as dead."""

LEASE_MS = 8000
"""Lifetime of a running job's lease; renewed at the interval of the heartbeat."""

MAX_RUNS = 2
"""A job whose worker died is run once more; a job that kills two workers would kill all."""


@dataclass(frozen=True)
class Keys:
    """The keys of one service."""

    service: str

    @property
    def job_prefix(self) -> str:
        """Return the prefix of the keys of jobs."""
        return f"{self.service}:job:"

    def job(self, job_id: str) -> str:
        """Return the key of a job's hash, the source of truth."""
        return f"{self.job_prefix}{job_id}"

    def idempotency(self, idempotency_key: str) -> str:
        """Return the key that maps an idempotency key to its job."""
        return f"{self.service}:idempotency:{sha256(idempotency_key.encode()).hexdigest()}"

    def reusable(self, reuse_key: str) -> str:
        """Return the key that maps a reuse key to the last job that completed with it."""
        return f"{self.service}:reusable:{sha256(reuse_key.encode()).hexdigest()}"

    @property
    def jobs(self) -> str:
        """Return the key of the sorted set of all jobs by creation time."""
        return f"{self.service}:jobs"

    @property
    def waiting(self) -> str:
        """Return the key of the sorted set of waiting jobs, by the start of their wait."""
        return f"{self.service}:waiting"

    @property
    def running(self) -> str:
        """Return the key of the sorted set of running jobs, by the expiry of their leases."""
        return f"{self.service}:running"

    @property
    def totals(self) -> str:
        """Return the key of the counters of ended jobs by status, and of recoveries."""
        return f"{self.service}:totals"

    @property
    def queue(self) -> str:
        """Return the key of Celery's list of messages, oldest last."""
        return f"{self.service}:celery:{self.service}"

    @property
    def changes(self) -> str:
        """Return the channel to which the ids of changed jobs are published."""
        return f"{self.service}:changes"

    @property
    def heartbeat(self) -> str:
        """Return the key of the heartbeat, which exists while at least one worker is alive."""
        return f"{self.service}:worker:heartbeat"

    def task_result(self, job_id: str) -> str:
        """Return Celery's key of a task's result; the task's id is the job's id."""
        return f"celery-task-meta-{job_id}"
