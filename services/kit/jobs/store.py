"""The jobs of a service in Redis: a hash each, changed by scripts that check and write at once."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Any, cast

from redis import Redis

from services.kit.jobs.job import Job, Status, clamp_progress, encode_fields, make_tag, now
from services.kit.jobs.keys import ACTIVE_LIFETIME_S, CANCELLED_LIFETIME_S, LEASE_MS, Keys


class Submitted(StrEnum):
    """What became of a submission."""

    CREATED = "created"  # a new job
    EXISTING = "existing"  # the job of the same submission, made before
    MISMATCH = "mismatch"  # the same idempotency key named another submission
    FULL = "full"  # too many jobs wait; nothing was written


@dataclass(frozen=True)
class NewJob:
    """A submission that passed every check."""

    options: Mapping[str, Any]
    fingerprint: str
    idempotency_key: str | None = None
    upload_name: str | None = None
    traceparent: str | None = None


class JobStore:
    """Reads and writes the jobs of one service.

    Writes to a job that ended or is gone are refused: a terminal job never changes and a
    removed one is never recreated.
    """

    def __init__(self, redis: Redis, keys: Keys, *, id_prefix: str, kept_s: int) -> None:
        self._redis = redis
        self._keys = keys
        self._id_prefix = id_prefix
        self._kept_s = kept_s
        scripts = files("services.kit.jobs") / "lua"
        self._submit = redis.register_script((scripts / "submit.lua").read_text())
        self._change = redis.register_script((scripts / "change.lua").read_text())
        self._touch = redis.register_script((scripts / "touch.lua").read_text())
        self._remove = redis.register_script((scripts / "remove.lua").read_text())

    def new_id(self) -> str:
        """Return an id for a job that does not exist yet."""
        return f"{self._id_prefix}{uuid.uuid4().hex[:12]}"

    def submit(self, job_id: str, new: NewJob, *, max_queue: int) -> tuple[Submitted, str]:
        """Create a job, unless the same submission has one already.

        Args:
            job_id: Id of the job to create.
            new: The submission.
            max_queue: Number of waiting jobs from which on nothing is created.

        Returns:
            What became of it, and the id of the job that was created or found.
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
                ACTIVE_LIFETIME_S + self._kept_s,  # it leads nowhere once the job is gone
                *encode_fields(fields),
            ],
        )
        return Submitted(outcome), found

    def is_known(self, idempotency_key: str) -> bool:
        """Return whether a submission with this key has a job."""
        return bool(self._redis.exists(self._keys.idempotency(idempotency_key)))

    def get(self, job_id: str) -> Job | None:
        """Return a job, or nothing when there is none of this id."""
        fields = self._redis.hgetall(self._keys.job(job_id))
        return Job.model_validate(fields) if fields else None

    def list_recent(self, limit: int) -> list[Job]:
        """Return the newest jobs, newest first."""
        return self._get_many(self.list_ids()[:limit])

    def list_all(self) -> list[Job]:
        """Return every job there is, newest first."""
        return self._get_many(self.list_ids())

    def list_ids(self) -> list[str]:
        """Return the id of every job, newest first, expired ones included."""
        return cast("list[str]", self._redis.zrevrange(self._keys.jobs, 0, -1))

    def list_expired(self) -> list[str]:
        """Return the ids that are still listed although their jobs have expired."""
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
        """Return how many jobs no worker has begun."""
        return self._redis.zcard(self._keys.waiting)

    def count_ended(self) -> dict[str, int]:
        """Return how many jobs ended ever since by status, and how often one was recovered."""
        totals = cast("dict[str, str]", self._redis.hgetall(self._keys.totals))
        return {status: int(count) for status, count in totals.items()}

    def claim(self, job_id: str, owner: str, worker: str = "") -> Job | None:
        """Make ``owner`` the one that works on a waiting job, for as long as it renews its lease.

        Args:
            job_id: The job.
            owner: A token of this one run.
            worker: The worker to which the run belongs, which may hand it back.

        Returns:
            The job, or nothing when it is gone, has ended, or belongs to another owner.
        """
        fields = _status_fields(Status.PROCESSING, 0) | {"owner": owner, "worker": worker}
        return self.get(job_id) if self._write(job_id, "waiting", owner, fields) else None

    def give_up(self, job_id: str) -> bool:
        """End a job that has lost too many workers as failed; return whether that holds."""
        token = uuid.uuid4().hex
        fields = {
            "status": Status.FAILED.value,
            "tag": make_tag(Status.FAILED, 100),
            "completed_at": now(),
            "error": "The work ended twice without a result.",
            "error_code": "internal",
            "retryable": True,
            "owner": token,
        }
        return self._write(job_id, "anyone", token, fields, lifetime_s=self._kept_s)

    def report(
        self, job_id: str, owner: str, status: str, progress: float, details: Mapping[str, Any]
    ) -> bool:
        """Write how far the work is; return whether ``owner`` may go on."""
        fields = _status_fields(status, clamp_progress(progress)) | {"details": dict(details)}
        return self._write(job_id, "owner", owner, fields)

    def finish(self, job_id: str, owner: str, status: Status, fields: Mapping[str, Any]) -> bool:
        """End a job as completed or failed; return whether that holds."""
        progress = {"progress": 100} if status is Status.COMPLETED else {}
        ended = {"status": status.value, "tag": make_tag(status, 100), "completed_at": now()}
        return self._write(
            job_id, "owner", owner, {**fields, **ended, **progress}, lifetime_s=self._kept_s
        )

    def cancel(self, job_id: str) -> bool:
        """End a waiting or running job as cancelled; return whether it was one."""
        token = uuid.uuid4().hex
        fields = {
            "status": Status.CANCELLED.value,
            "tag": make_tag(Status.CANCELLED, 100),
            "completed_at": now(),
            "error": "The job was cancelled.",
            "error_code": "cancelled",
            "retryable": False,
            "owner": token,  # the worker owns it no longer
        }
        lifetime_s = min(CANCELLED_LIFETIME_S, self._kept_s)
        return self._write(job_id, "anyone", token, fields, lifetime_s=lifetime_s)

    def offer(self, job_id: str, reuse_key: str) -> None:
        """Let later jobs find what a completed job made."""
        self._redis.set(self._keys.reusable(reuse_key), job_id, ex=self._kept_s)

    def find_reusable(self, reuse_key: str) -> Job | None:
        """Return the last job that completed with a key, unless it is gone."""
        job_id = self._redis.get(self._keys.reusable(reuse_key))
        job = self.get(str(job_id)) if job_id else None
        return job if job and job.status == Status.COMPLETED else None

    def touch(self, job_id: str) -> None:
        """Remember that the file of a job was asked for just now."""
        self._touch(keys=[self._keys.job(job_id)], args=[now()])

    def remove(self, job_id: str) -> bool:
        """Remove every trace of a job; return whether there was one."""
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
