"""The use cases of a service's API, without HTTP. Read this file first."""

import logging
from collections import Counter
from dataclasses import dataclass
from typing import Any, Self

from kombu.exceptions import OperationalError

from foundation.log_lines import bound
from foundation.tracing import trace_id
from services.kit.files.artifacts import ArtifactStore
from services.kit.files.sweep import sweep
from services.kit.http.problems import Problem, unknown_job
from services.kit.http.submission import Submission
from services.kit.jobs.changes import ChangeFeed
from services.kit.jobs.heartbeat import Heartbeat
from services.kit.jobs.job import Job, Status
from services.kit.jobs.keys import Keys
from services.kit.jobs.leases import Leases
from services.kit.jobs.queue import JobQueue
from services.kit.jobs.redis_client import connect
from services.kit.jobs.store import JobStore, NewJob, SubmitOutcome
from services.kit.service import Service
from services.kit.settings import ServiceSettings

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Operations:
    """Submits, reads, cancels and removes jobs."""

    service: Service
    settings: ServiceSettings
    store: JobStore
    artifacts: ArtifactStore
    queue: JobQueue
    feed: ChangeFeed
    leases: Leases
    heartbeat: Heartbeat

    @classmethod
    def build(cls, service: Service, settings: ServiceSettings) -> Self:
        """Create the folders and the collaborators, without connecting to anything."""
        keys, redis = Keys(service.name), connect(settings.redis_url)
        artifacts = ArtifactStore(settings.artifacts_dir, settings.artifacts_url)
        artifacts.prepare()
        store = JobStore(redis, keys, id_prefix=service.id_prefix, retention_s=settings.cache_ttl_s)
        queue, feed = JobQueue(service, settings), ChangeFeed(redis, keys.changes)
        # Without retries: a health check must answer before its caller times out.
        heartbeat = Heartbeat(connect(settings.redis_url, with_retries=False), keys)
        leases = Leases(redis, keys)
        return cls(service, settings, store, artifacts, queue, feed, leases, heartbeat)

    def get(self, job_id: str) -> Job:
        """Return a job.

        Raises:
            Problem: The job does not exist.
        """
        job = self.store.get(job_id)
        if job is None:
            raise unknown_job(job_id)
        return job

    def has_free_disk(self) -> bool:
        """Return whether the disk has the free space that a job needs."""
        return self.artifacts.measure_free() >= self.settings.min_free_bytes

    def check_capacity(self, idempotency_key: str | None = None) -> None:
        """Check that a submission can be accepted, before its file is read.

        Args:
            idempotency_key: The submission's key. A repeated submission is not limited by the
                queue, because its job exists.

        Raises:
            Problem: Too many jobs wait, or the disk is nearly full.
        """
        if not self.has_free_disk():
            detail = "The disk of the service is nearly full; retry after `Retry-After` seconds."
            raise Problem(503, "disk_low", detail, retryable=True)
        is_full = self.store.count_waiting() >= self.settings.max_queue
        if is_full and not (idempotency_key and self.store.is_known(idempotency_key)):
            raise _queue_full()

    def submit(self, submission: Submission) -> Job:
        """Create the job of a submission, or return the one that it created before.

        Raises:
            Problem: Too many jobs wait, or the idempotency key was used for another submission.
        """
        job_id = self.store.new_id()
        if submission.spool:
            self.artifacts.store_upload(job_id, submission.spool.path)
        outcome, found = self.store.submit(
            job_id, _to_new_job(submission), max_queue=self.settings.max_queue
        )
        if outcome is not SubmitOutcome.CREATED:
            self.artifacts.remove(job_id)
        if outcome is SubmitOutcome.FULL:
            raise _queue_full()
        if outcome is SubmitOutcome.MISMATCH:
            detail = "This Idempotency-Key was used for another submission; send a new key."
            raise Problem(422, "idempotency_mismatch", detail)
        with bound(job=found, trace=trace_id(submission.traceparent)):
            _log.info("Job submitted: outcome=%s", outcome)
            return self._wake(self.get(found), is_new=outcome is SubmitOutcome.CREATED)

    def _wake(self, job: Job, *, is_new: bool) -> Job:
        # The message of an existing job that waits may be lost, so send another.
        if job.status == Status.QUEUED:
            try:
                self.queue.enqueue(job.id)
            except OperationalError:
                if is_new:  # a refused submission must leave nothing behind
                    self._remove(job.id)
                raise
        return job

    def delete(self, job_id: str) -> Job:
        """Cancel a waiting or running job, or remove an ended one; remove its files in both cases.

        Returns:
            The last state of the job.
        """
        job = self.get(job_id)
        if self.store.cancel(job_id):
            self.artifacts.remove(job_id)
            return self.store.get(job_id) or job
        self._remove(job_id)
        return job

    def _remove(self, job_id: str) -> int:
        self.store.remove(job_id)
        return self.artifacts.remove(job_id)

    def clean_up(self, *, deep: bool, purge_queue: bool) -> dict[str, Any]:
        """Remove expired jobs and files, or with ``deep`` all jobs, including running ones.

        Args:
            deep: Whether to remove all jobs.
            purge_queue: Whether to cancel waiting jobs and remove their messages.

        Returns:
            The numbers of removed files, messages and jobs.
        """
        before = set(self.store.list_ids())
        purged, files = self._purge() if purge_queue else (0, 0)
        files += sum(self._cancel_and_remove(job_id) for job_id in before) if deep else 0
        files += sweep(self.store, self.artifacts, max_bytes=self.settings.max_cache_bytes)
        removed = len(before) - len(before.intersection(self.store.list_ids()))
        return {"files_removed": files, "tasks_purged": purged, "jobs_removed": removed}

    def _purge(self) -> tuple[int, int]:
        """Cancel waiting jobs; return the numbers of removed messages and files."""
        purged = self.queue.purge()
        waiting = [job.id for job in self.store.list_all() if job.status == Status.QUEUED]
        files = sum(
            self.artifacts.remove(job_id) for job_id in waiting if self.store.cancel(job_id)
        )
        return purged, files

    def _cancel_and_remove(self, job_id: str) -> int:
        self.store.cancel(job_id)
        return self._remove(job_id)

    def describe(self) -> dict[str, Any]:
        """Return job counts, disk usage and limits."""
        statuses = Counter(job.status for job in self.store.list_all())
        return {
            "jobs": {"total": statuses.total(), "by_status": dict(statuses)},
            "queue": {"waiting": self.store.count_waiting(), "limit": self.settings.max_queue},
            "artifacts": self.artifacts.measure(),
            "settings": {
                "cache_ttl_hours": self.settings.cache_ttl_hours,
                "max_cache_gb": self.settings.max_cache_gb,
                "max_file_size_mb": self.settings.max_file_size_mb,
                "min_free_disk_mb": self.settings.min_free_disk_mb,
            },
        }


def _queue_full() -> Problem:
    detail = "The queue of the service is full; retry after `Retry-After` seconds."
    return Problem(429, "queue_full", detail, retryable=True)


def _to_new_job(submission: Submission) -> NewJob:
    return NewJob(
        options=submission.options.model_dump(mode="json"),
        fingerprint=submission.fingerprint,
        idempotency_key=submission.idempotency_key,
        upload_name=submission.upload_name,
        traceparent=submission.traceparent,
    )
