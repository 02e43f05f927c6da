"""A service's jobs in Redis: one hash each, written by scripts that check and write atomically."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Any, cast

from redis import Redis

from services.kit.jobs.job import Job, Status, clamp_progress, encode_fields, make_tag, now
from services.kit.jobs.keys import ACTIVE_LIFETIME_S, CANCELLED_LIFETIME_S, LEASE_MS, Keys


class SubmitOutcome(StrEnum):
    """The result of `JobStore.submit`."""

    CREATED = "created"  # a new job
    EXISTING = "existing"  # the job that the same submission created before
    MISMATCH = "mismatch"  # the idempotency key was used for another submission
    FULL = "full"  # too many jobs wait; nothing was written


@dataclass(frozen=True)
class NewJob:
    """A validated submission."""

    options: Mapping[str, Any]
    fingerprint: str
    idempotency_key: str | None = None
    upload_name: str | None = None
    traceparent: str | None = None


class JobStore:
    """Reads and writes the jobs of one service.

    Writes to ended and removed jobs are refused: a terminal job never changes, and a removed job
    is never recreated.
    """

    def __init__(self, redis: Redis, keys: Keys, *, id_prefix: str, retention_s: int) -> None:
        self._redis = redis
        self._keys = keys
        self._id_prefix = id_prefix
        self._retention_s = retention_s
        scripts = files("services.kit.jobs") / "lua"
        self._submit = redis.register_script((scripts / "submit.lua").read_text())
        self._change = redis.register_script((scripts / "change.lua").read_text())
        self._touch = redis.register_script((scripts / "touch.lua").read_text())
        self._remove = redis.register_script((scripts / "remove.lua").read_text())

    def new_id(self) -> str:
        """Return an id for a new job."""
        return f"{self._id_prefix}{uuid.uuid4().hex[:12]}"

    def submit(self, job_id: str, new: NewJob, *, max_queue: int) -> tuple[SubmitOutcome, str]:
        """Create a job, unless the same submission has created one before.

        Args:
            job_id: Id of the job to create.
            new: The submission.
            max_queue: Number of waiting jobs at which submissions are refused.

        Returns:
            The outcome, and the id of the job that was created or found.
        """
        instant = now()
        fields = {
            "id": job_id,
            "status": Status.QUEUED.value,
            "progress": 0,
            "tag": make_tag(Status.QUEUED, 0),
            "created_at": instant,
            "updated_at": instant,
            "options": dict(new.options),
            "upload_name": new.upload_name,
            "traceparent": new.traceparent,
        }
        key, keyed = new.idempotency_key or "", new.idempotency_key is not None
        outcome, found = self._submit(
            keys=[
                self._keys.job(job_id),
                self._keys.idempotency(key),
                self._keys.waiting,
                self._keys.jobs,
            ],
            args=[
                job_id,
                max_queue,
                new.fingerprint if keyed else "",
                self._keys.job_prefix,
                ACTIVE_LIFETIME_S,
                ACTIVE_LIFETIME_S
                + self._retention_s,  # outlives the job, and is ignored without it
                *encode_fields(fields),
            ],
        )
        return SubmitOutcome(outcome), found

    def is_known(self, idempotency_key: str) -> bool:
        """Return whether a submission with this key has a job."""
        return bool(self._redis.exists(self._keys.idempotency(idempotency_key)))

    def get(self, job_id: str) -> Job | None:
        """Return a job, or `None` if it does not exist."""
        fields = self._redis.hgetall(self._keys.job(job_id))
        return Job.model_validate(fields) if fields else None

    def list_recent(self, limit: int) -> list[Job]:
        """Return the newest jobs, newest first."""
        return self._get_many(self.list_ids()[:limit])

    def list_all(self) -> list[Job]:
        """Return all jobs, newest first."""
        return self._get_many(self.list_ids())

    def list_ids(self) -> list[str]:
        """Return the ids of all jobs, newest first, including expired ones."""
        return cast("list[str]", self._redis.zrevrange(self._keys.jobs, 0, -1))

    def list_expired(self) -> list[str]:
        """Return the listed ids of jobs that have expired."""
        job_ids = self.list_ids()
        pipeline = self._redis.pipeline(transaction=False)
        for job_id in job_ids:
            pipeline.exists(self._keys.job(job_id))
        return [
            job_id for job_id, exists in zip(job_ids, pipeline.execute(), strict=True) if not exists
        ]

    def _get_many(self, job_ids: list[str]) -> list[Job]:
        pipeline = self._redis.pipeline(transaction=False)
        for job_id in job_ids:
            pipeline.hgetall(self._keys.job(job_id))
        return [Job.model_validate(fields) for fields in pipeline.execute() if fields]

    def count_waiting(self) -> int:
        """Return the number of waiting jobs."""
        return self._redis.zcard(self._keys.waiting)

    def count_ended(self) -> dict[str, int]:
        """Return the total number of ended jobs by status, and of recoveries."""
        totals = cast("dict[str, str]", self._redis.hgetall(self._keys.totals))
        return {status: int(count) for status, count in totals.items()}

    def claim(self, job_id: str, owner: str, worker: str = "") -> Job | None:
        """Make ``owner`` the owner of a waiting job, for as long as it renews the lease.

        Args:
            job_id: The job.
            owner: The token of this run.
            worker: The worker of the run, which may hand the job back.

        Returns:
            The job, or `None` if it was removed, has ended, or has another owner.
        """
        fields = _status_fields(Status.PROCESSING, 0) | {"owner": owner, "worker": worker}
        return self.get(job_id) if self._write(job_id, "waiting", owner, fields) else None

    def fail_abandoned(self, job_id: str) -> bool:
        """Fail a job whose workers died too often; return whether it is failed now."""
        token = uuid.uuid4().hex
        fields = {
            "status": Status.FAILED.value,
            "tag": make_tag(Status.FAILED, 100),
            "completed_at": now(),
            "error": "The worker died twice while it ran this job; submit it again later.",
            "error_code": "internal",
            "retryable": True,
            "owner": token,
        }
        return self._write(job_id, "anyone", token, fields, lifetime_s=self._retention_s)

    def report(
        self, job_id: str, owner: str, status: str, progress: float, details: Mapping[str, Any]
    ) -> bool:
        """Write the progress of a job; return whether ``owner`` still owns it."""
        fields = _status_fields(status, clamp_progress(progress)) | {"details": dict(details)}
        return self._write(job_id, "owner", owner, fields)

    def finish(self, job_id: str, owner: str, status: Status, fields: Mapping[str, Any]) -> bool:
        """End a job as completed or failed; return whether the status is set now."""
        progress = {"progress": 100} if status is Status.COMPLETED else {}
        ended = {"status": status.value, "tag": make_tag(status, 100), "completed_at": now()}
        return self._write(
            job_id, "owner", owner, {**fields, **ended, **progress}, lifetime_s=self._retention_s
        )

    def cancel(self, job_id: str) -> bool:
        """Cancel a waiting or running job; return whether it was cancelled."""
        token = uuid.uuid4().hex
        fields = {
            "status": Status.CANCELLED.value,
            "tag": make_tag(Status.CANCELLED, 100),
            "completed_at": now(),
            "error": "The job was cancelled.",
            "error_code": "cancelled",
            "retryable": False,
            "owner": token,  # revokes the ownership of the worker
        }
        lifetime_s = min(CANCELLED_LIFETIME_S, self._retention_s)
        return self._write(job_id, "anyone", token, fields, lifetime_s=lifetime_s)

    def register_reusable(self, job_id: str, reuse_key: str) -> None:
        """Let later jobs reuse the file of a completed job."""
        self._redis.set(self._keys.reusable(reuse_key), job_id, ex=self._retention_s)

    def find_reusable(self, reuse_key: str) -> Job | None:
        """Return the last job that completed with a key, unless it was removed."""
        job_id = self._redis.get(self._keys.reusable(reuse_key))
        job = self.get(str(job_id)) if job_id else None
        return job if job and job.status == Status.COMPLETED else None

    def touch(self, job_id: str) -> None:
        """Record that the file of a job was downloaded now."""
        self._touch(keys=[self._keys.job(job_id)], args=[now()])

    def remove(self, job_id: str) -> bool:
        """Remove a job and all its keys; return whether it existed."""
        keys = self._keys
        removed = self._remove(
            keys=[
                keys.job(job_id),
                keys.waiting,
                keys.jobs,
                keys.task_result(job_id),
                keys.running,
            ],
            args=[job_id, keys.changes],
        )
        return bool(removed)

    def _write(
        self,
        job_id: str,
        expected: str,
        owner: str,
        fields: Mapping[str, Any],
        lifetime_s: int = ACTIVE_LIFETIME_S,
    ) -> bool:
        encoded = encode_fields({**fields, "updated_at": now()})
        written = self._change(
            keys=[
                self._keys.job(job_id),
                self._keys.waiting,
                self._keys.running,
                self._keys.totals,
            ],
            args=[job_id, expected, owner, self._keys.changes, lifetime_s, LEASE_MS, *encoded],
        )
        return bool(written)


def _status_fields(status: str, progress: float) -> dict[str, Any]:
    return {"status": str(status), "progress": progress, "tag": make_tag(status, progress)}
