"""Does one job: claims it, lets the work do it, keeps what it made, writes how it ended."""

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
from services.kit.running.drafts import Drafts
from services.kit.running.lease import Lease
from services.kit.running.ticking import ticking
from services.kit.work import Artifact, JobCancelledError, JobContext, Work, WorkError

_log = logging.getLogger(__name__)

REPORT_INTERVAL_S = 0.2
"""Smaller steps would only cost Redis calls; nobody is told of them."""

OUTAGE_S = 600
"""How long the end of a job is kept in hand while Redis is away."""


class NothingToDoError(Exception):
    """The job is gone, has ended, or belongs to another worker."""


@dataclass
class ProgressReport:
    """The ``report`` of one running job; what it is told it writes, but not too often."""

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
        is_news = (status is not None and status != self.status) or bool(details)
        self._progress = progress
        self.status = status or self.status
        self.details.update(details or {})
        if not is_news and time.monotonic() < self._next_write:
            return
        self._next_write = time.monotonic() + REPORT_INTERVAL_S
        if not self._write(progress):
            raise JobCancelledError(self.job_id)

    def repeat(self) -> None:
        """Say that there is nothing new, but that the work goes on."""
        self(self._progress)

    def _write(self, progress: float) -> bool:
        try:
            return self.store.report(self.job_id, self.owner, self.status, progress, self.details)
        except RedisError as error:
            # Nobody can have cancelled the job meanwhile, and the work need not know.
            _log.warning("Progress of job %s was not written: %s", self.job_id, error)
            return True


@dataclass(frozen=True)
class JobRunner:
    """Runs jobs one after another in a worker process."""

    work: Work
    store: JobStore
    leases: Leases
    artifacts: ArtifactStore
    worker: str
    """The worker to which this process belongs, which may hand its jobs back."""
    end_process: Callable[[], None]
    """Ends this process and all that the work started, where a work does not stop by itself."""

    def run(self, job_id: str) -> None:
        """Do a job to its end.

        Raises:
            NothingToDoError: The job was not waiting; nothing was done.
            JobCancelledError: The job was cancelled or given to another run meanwhile; what
                this run made is gone.
            WorkError: The work failed; the job says so.
        """
        owner = uuid.uuid4().hex
        job = self.store.claim(job_id, owner, self.worker)
        if job is None:
            raise NothingToDoError(job_id)
        with (
            bound(job=job_id, trace=trace_id(job.traceparent)),
            span("run_job", parent=job.traceparent, kind="consumer", attributes={"job_id": job_id}),
            Lease(self.leases, job_id, owner, lambda: self._end(job_id)),
        ):
            _log.info("Work begins")
            _Run(self, job, owner).do()
            _log.info("Work is done")

    def clear(self, job_id: str) -> None:
        """Remove the files of a job that has ended without them, or is gone."""
        job = self.store.get(job_id)
        if job is None or job.status in {Status.CANCELLED, Status.FAILED}:
            self.artifacts.remove(job_id)

    def _end(self, job_id: str) -> None:
        try:
            self.clear(job_id)
        finally:
            self.end_process()


class _Run:
    """One run of one job, from its claim to its end."""

    def __init__(self, runner: JobRunner, job: Job, owner: str) -> None:
        self._runner = runner
        self._job = job
        self._owner = owner
        self._files = runner.artifacts.open_run(job.id, owner)
        self._report = ProgressReport(runner.store, job.id, owner)

    def do(self) -> None:
        """Let the work do the job; write how it ended."""
        try:
            with span("work"):
                artifact = self._runner.work(self._make_context())
            self._complete(artifact)
        except JobCancelledError:
            self._let_go()
            raise
        except WorkError as error:
            self._fail(error)
            raise
        except Exception as error:  # the process's outermost edge: any work may end here
            _log.exception("Job %s failed unexpectedly", self._job.id)
            failure = WorkError("internal", "The service failed unexpectedly.", retryable=True)
            self._fail(failure)
            raise failure from error

    def _make_context(self) -> JobContext:
        drafts = Drafts(self._files)
        with ticking(self._report.repeat):  # gigabytes may come from another machine
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
            publish=drafts.publish,
            save_checkpoint=drafts.save_checkpoint,
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
        with ticking(self._report.repeat):
            stored = self._files.keep(artifact.path, artifact.documents)
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
            self._runner.store.offer(self._job.id, artifact.reuse_key)
        self._files.drop_inputs()

    def _fail(self, error: WorkError) -> None:
        try:
            self._finish(
                Status.FAILED,
                {"error": error.message, "error_code": error.code, "retryable": error.retryable},
            )
        except JobCancelledError:
            self._let_go()
            raise
        self._runner.artifacts.remove(self._job.id)

    def _finish(self, status: Status, fields: Mapping[str, Any]) -> None:
        patient = backoff.on_exception(backoff.expo, RedisError, max_time=OUTAGE_S, max_value=5)
        if not patient(self._runner.store.finish)(self._job.id, self._owner, status, fields):
            raise JobCancelledError(self._job.id)

    def _let_go(self) -> None:
        self._files.drop()
        self._runner.clear(self._job.id)
