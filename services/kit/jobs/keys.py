"""Every Redis key of a service and every lifetime, in one place."""

from dataclasses import dataclass
from hashlib import sha256

ACTIVE_LIFETIME_S = 7 * 24 * 3600
"""A job that nobody wrote to for a week has no worker any more."""

CANCELLED_LIFETIME_S = 600
"""A cancelled job stays readable long enough for every waiting caller to learn of it."""

HEARTBEAT_INTERVAL_S = 2.0
HEARTBEAT_LIFETIME_MS = 8000
"""Three beats may be late before the workers count as gone."""

LEASE_MS = 8000
"""How long a job whose worker gives no sign is left alone; renewed as often as the heartbeat."""

MAX_RUNS = 2
"""A job whose worker died is run once more. What takes down two workers would take down all."""


@dataclass(frozen=True)
class Keys:
    """Names the keys of one service."""

    service: str

    @property
    def job_prefix(self) -> str:
        """Return what the key of every job begins with."""
        return f"{self.service}:job:"

    def job(self, job_id: str) -> str:
        """Return the key of a job's hash, which is the truth about the job."""
        return f"{self.job_prefix}{job_id}"

    def idempotency(self, idempotency_key: str) -> str:
        """Return the key that leads from a caller's name for a submission to its job."""
        return f"{self.service}:idempotency:{sha256(idempotency_key.encode()).hexdigest()}"

    def reusable(self, reuse_key: str) -> str:
        """Return the key that leads from what a file was made of to the job that made it."""
        return f"{self.service}:reusable:{sha256(reuse_key.encode()).hexdigest()}"

    @property
    def jobs(self) -> str:
        """Return the key of the sorted set of all jobs by creation time."""
        return f"{self.service}:jobs"

    @property
    def waiting(self) -> str:
        """Return the key of the sorted set of jobs that no worker has begun."""
        return f"{self.service}:waiting"

    @property
    def running(self) -> str:
        """Return the key of the sorted set of jobs in work by the instant their leases end."""
        return f"{self.service}:running"

    @property
    def totals(self) -> str:
        """Return the key of the counts, for ever growing, of what became of jobs."""
        return f"{self.service}:totals"

    @property
    def queue(self) -> str:
        """Return the key of the list in which Celery keeps the messages, oldest last."""
        return f"{self.service}:celery:{self.service}"

    @property
    def changes(self) -> str:
        """Return the channel on which the id of a changed job is published."""
        return f"{self.service}:changes"

    @property
    def heartbeat(self) -> str:
        """Return the key that lives while at least one worker does."""
        return f"{self.service}:worker:heartbeat"

    def task_result(self, job_id: str) -> str:
        """Return Celery's own key of a task's result; a task's id is its job's."""
        return f"celery-task-meta-{job_id}"
