"""The leases of running jobs, and the list of waiting jobs."""

from enum import StrEnum
from importlib.resources import files
from typing import cast

from redis import Redis

from services.kit.jobs.job import now
from services.kit.jobs.keys import LEASE_MS, MAX_RUNS, Keys


class RequeueOutcome(StrEnum):
    """The result of `Leases.requeue`."""

    REQUEUED = "requeued"  # the job waits for another run
    EXHAUSTED = "exhausted"  # it has used all its runs; nothing was written
    KEPT = "kept"  # its lease is valid, or it has ended or was deleted


class Leases:
    """The leases of one service's running jobs, and its list of waiting jobs.

    A run owns a job while it renews the lease. ``JobStore.claim`` grants the lease; it ends with
    the job.
    """

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        scripts = files("services.kit.jobs") / "lua"
        self._renew = redis.register_script((scripts / "renew.lua").read_text())
        self._requeue = redis.register_script((scripts / "requeue.lua").read_text())

    def renew(self, job_id: str, owner: str) -> bool:
        """Extend a lease; return whether ``owner`` still owns the job."""
        keys = [self._keys.job(job_id), self._keys.running]
        return bool(self._renew(keys=keys, args=[job_id, owner, LEASE_MS]))

    def requeue(self, job_id: str, *, worker: str = "") -> RequeueOutcome:
        """Requeue a running job; further writes of its owner are refused.

        Args:
            job_id: The job.
            worker: The worker that hands the job back, which does not count as a run. If empty,
                the job is requeued only if its lease has expired and it has a run left.
        """
        outcome = self._requeue(
            keys=[
                self._keys.job(job_id),
                self._keys.running,
                self._keys.waiting,
                self._keys.totals,
            ],
            args=[job_id, worker, MAX_RUNS, now(), self._keys.changes],
        )
        return RequeueOutcome(outcome)

    def list_running(self) -> list[str]:
        """Return the ids of the running jobs."""
        return cast("list[str]", self._redis.zrange(self._keys.running, 0, -1))

    def list_waiting(self) -> list[tuple[str, float]]:
        """Return the ids of the waiting jobs, each with the start of its wait in milliseconds."""
        waiting = self._redis.zrange(self._keys.waiting, 0, -1, withscores=True)
        return cast("list[tuple[str, float]]", waiting)

    def move_to_end(self, job_id: str) -> None:
        """Move a waiting job to the end of the list."""
        self._redis.zadd(self._keys.waiting, {job_id: self.now_ms()}, xx=True)

    def now_ms(self) -> int:
        """Return the time of Redis, which stamps leases and waits, in milliseconds."""
        seconds, microseconds = self._redis.time()
        return int(seconds) * 1000 + int(microseconds) // 1000
