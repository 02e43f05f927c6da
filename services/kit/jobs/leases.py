"""Who works on which job, and which jobs wait: what is needed to miss neither."""

from enum import StrEnum
from importlib.resources import files
from typing import cast

from redis import Redis

from services.kit.jobs.job import now
from services.kit.jobs.keys import LEASE_MS, MAX_RUNS, Keys


class Requeued(StrEnum):
    """What became of a job that might have lost its worker."""

    REQUEUED = "requeued"  # it waits for another run
    SPENT = "spent"  # it has lost as many workers as a job may; nothing was written
    KEPT = "kept"  # it is in good hands, has ended, or is gone


class Leases:
    """The leases of the running jobs of one service, and the line of the waiting ones.

    A job is its owner's while the owner renews the lease. ``JobStore.claim`` gives it, and
    whatever ends the job ends it.
    """

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        scripts = files("services.kit.jobs") / "lua"
        self._renew = redis.register_script((scripts / "renew.lua").read_text())
        self._requeue = redis.register_script((scripts / "requeue.lua").read_text())

    def renew(self, job_id: str, owner: str) -> bool:
        """Lengthen a lease; return whether the job is still its owner's."""
        keys = [self._keys.job(job_id), self._keys.running]
        return bool(self._renew(keys=keys, args=[job_id, owner, LEASE_MS]))

    def requeue(self, job_id: str, *, worker: str = "") -> Requeued:
        """Let a running job wait again; its owner's writes are refused from now on.

        Args:
            job_id: The job.
            worker: The worker that hands it back, which counts as no run. If not given, only a
                job whose lease has run out waits again, and only if it has a run left.
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
        return Requeued(outcome)

    def list_running(self) -> list[str]:
        """Return the ids of the jobs in work."""
        return cast("list[str]", self._redis.zrange(self._keys.running, 0, -1))

    def list_waiting(self) -> list[tuple[str, float]]:
        """Return the ids of the jobs that no worker has begun, and since when each waits, in ms."""
        waiting = self._redis.zrange(self._keys.waiting, 0, -1, withscores=True)
        return cast("list[tuple[str, float]]", waiting)

    def wait_anew(self, job_id: str) -> None:
        """Put a waiting job at the end of the queue."""
        self._redis.zadd(self._keys.waiting, {job_id: self.now_ms()}, xx=True)

    def now_ms(self) -> int:
        """Return Redis's time, by which leases and waits are stamped, in milliseconds."""
        seconds, microseconds = self._redis.time()
        return int(seconds) * 1000 + int(microseconds) // 1000
