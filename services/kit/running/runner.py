"""Run one job: claim it, call the service's work, store its files, write its final status."""

import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import backoff
from redis.exceptions import RedisError

from foundation.log_lines import bound
from foundation.tracing import span, trace_id, traceparent
from services.kit.files.artifacts import ArtifactStore
from services.kit.jobs.job import Job, Status
from services.kit.jobs.leases import Leases
from services.kit.jobs.store import JobStore
from services.kit.running.keepalive import keepalive
from services.kit.running.lease_renewal import LeaseRenewal
from services.kit.running.partial_results import PartialResults
from services.kit.work import Artifact, JobCancelledError, JobContext, Work, WorkError

_log = logging.getLogger(__name__)

REPORT_INTERVAL_S = 0.2
"""Shorter intervals would only cost Redis calls: waiting clients see coarser steps."""

OUTAGE_S = 600
"""How long writing the final status of a job is retried while Redis is unavailable."""


class NothingToDoError(Exception):
    """The job is deleted, has ended, or belongs to another worker."""


@dataclass
class ProgressReport:
    """The ``report`` of one running job: writes progress to Redis at a bounded rate."""

    store: JobStore
    job_id: str
    owner: str
    status: str = Status.PROCESSING
    details: dict[str, Any] = field(default_factory=dict)
    _next_write: float = 0.0
    _progress: float = 0.0

    def __call__(
        self,
        progress: float,
        *,
        status: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Write progress; see ``services.kit.work.Report``."""
        is_urgent = (status is not None and status != self.status) or bool(details)
        self._progress = progress
        self.status = status or self.status
        self.details.update(details or {})
        if not is_urgent and time.monotonic() < self._next_write:
            return
        self._next_write = time.monotonic() + REPORT_INTERVAL_S
        if not self._write(progress):
            raise JobCancelledError(self.job_id)

    def repeat(self) -> None:
        """Repeat the last report, to show that the job is still running."""
        self(self._progress)

    def _write(self, progress: float) -> bool:
        try:
            return self.store.report(self.job_id, self.owner, self.status, progress, self.details)
        except RedisError as error:
            # Without Redis the job cannot have been cancelled, so the work continues.
            _log.warning("Could not write progress of job %s: %s", self.job_id, error)
            return True


@dataclass(frozen=True)
class JobRunner:
    """Runs the jobs of a worker process, one at a time."""

    work: Work
    store: JobStore
    leases: Leases
    artifacts: ArtifactStore
    worker: str
    """The worker of this process, which may hand its jobs back."""
    kill_process: Callable[[], None]
    """Kills this process and all that the work started, if the work does not stop."""

    def run(self, job_id: str) -> None:
        """Run a job to its end.

        Raises:
            NothingToDoError: The job was not waiting; nothing was done.
            JobCancelledError: The job was cancelled or taken over by another run; the files of
                this run are removed.
            WorkError: The work failed, and the job is marked as failed.
        """
        owner = uuid.uuid4().hex
        job = self.store.claim(job_id, owner, self.worker)
        if job is None:
            raise NothingToDoError(job_id)
        with (
            bound(job=job_id, trace=trace_id(job.traceparent)),
            span("run_job", parent=job.traceparent, kind="consumer", attributes={"job_id": job_id}),
            LeaseRenewal(self.leases, job_id, owner, lambda: self._kill(job_id)),
        ):
            _log.info("Job started")
            _Run(self, job, owner).execute()
            _log.info("Job completed")

    def remove_unneeded_files(self, job_id: str) -> None:
        """Remove the files of a job that failed, was cancelled or was deleted."""
        job = self.store.get(job_id)
        if job is None or job.status in {Status.CANCELLED, Status.FAILED}:
            self.artifacts.remove(job_id)

    def _kill(self, job_id: str) -> None:
        try:
            self.remove_unneeded_files(job_id)
        finally:
            self.kill_process()


class _Run:
    """One run of one job, from its claim to its final status."""

    def __init__(self, runner: JobRunner, job: Job, owner: str) -> None:
        self._runner = runner
        self._job = job
        self._owner = owner
        self._files = runner.artifacts.open_run(job.id, owner)
        self._report = ProgressReport(runner.store, job.id, owner)

    def execute(self) -> None:
        """Call the work and write the final status."""
        try:
            with span("work"):
                artifact = self._runner.work(self._make_context())
            self._complete(artifact)
        except JobCancelledError:
            self._discard()
            raise
        except WorkError as error:
            self._fail(error)
            raise
        except Exception as error:  # the process's outermost edge: a work may raise anything
            _log.exception("Job %s failed unexpectedly", self._job.id)
            failure = WorkError(
                "internal",
                "The service failed unexpectedly; submit the job again, and report it "
                "if it fails again.",
                retryable=True,
            )
            self._fail(failure)
            raise failure from error

    def _make_context(self) -> JobContext:
        partial = PartialResults(self._files)
        with keepalive(self._report.repeat):  # may copy gigabytes from another machine
            upload = self._files.fetch_upload()
        return JobContext(
            job_id=self._job.id,
            options=self._job.options,
            work_dir=self._files.work_dir,
            report=self._report,
            upload=upload,
            upload_name=self._job.upload_name,
            traceparent=traceparent() or self._job.traceparent,
            reuse=self._reuse,
            publish=partial.publish,
            save_checkpoint=partial.save_checkpoint,
            checkpoint=self._files.read_checkpoint(),
        )

    def _reuse(self, key: str) -> Artifact | None:
        job = self._runner.store.find_reusable(key)
        path = self._files.copy_artifact(job) if job else None
        if job is None or path is None:
            return None
        self._runner.store.touch(job.id)
        media_type = job.media_type or "application/octet-stream"
        return Artifact(path, job.filename or path.name, media_type, job.details, reuse_key=key)

    def _complete(self, artifact: Artifact) -> None:
        with keepalive(self._report.repeat):
            stored = self._files.store(artifact.path, artifact.documents)
        self._finish(
            Status.COMPLETED,
            {
                "filename": artifact.filename,
                "media_type": artifact.media_type,
                "size_bytes": stored.size_bytes,
                "sha256": stored.sha256,
                "adler32": stored.adler32,
                "details": {**self._report.details, **artifact.details},
            },
        )
        if artifact.reuse_key:
            self._runner.store.register_reusable(self._job.id, artifact.reuse_key)
        self._files.remove_inputs()

    def _fail(self, error: WorkError) -> None:
        try:
            self._finish(
                Status.FAILED,
                {"error": error.message, "error_code": error.code, "retryable": error.retryable},
            )
        except JobCancelledError:
            self._discard()
            raise
        self._runner.artifacts.remove(self._job.id)

    def _finish(self, status: Status, fields: Mapping[str, Any]) -> None:
        retrying = backoff.on_exception(backoff.expo, RedisError, max_time=OUTAGE_S, max_value=5)
        if not retrying(self._runner.store.finish)(self._job.id, self._owner, status, fields):
            raise JobCancelledError(self._job.id)

    def _discard(self) -> None:
        self._files.remove()
        self._runner.remove_unneeded_files(self._job.id)
