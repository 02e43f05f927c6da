"""Jobs: submit, read, list, cancel, retry and delete. Read this file first.

``web`` and ``tasks`` parse a request, call a use case and return its result. A job is stored before
its wake-up call is enqueued. If the call cannot be enqueued, the reconciler finds that the job
waits without a message and enqueues another one.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from orchestrator.domain.job import Acceptance, Job, JobRequest, JobStatus, Transcript, WakeUp
from orchestrator.domain.work_keys import derive_work_keys
from orchestrator.engine.resources import Connections
from orchestrator.engine.uploads import Draft
from orchestrator.errors import QueueFullError
from orchestrator.store.events import EventStore
from orchestrator.store.jobs import Cursor, JobPage, JobStore
from orchestrator.telemetry.log import LOGGER
from orchestrator.use_cases.capabilities import CapabilityChecker
from orchestrator.use_cases.webhooks import check_callback

__all__ = ["Jobs"]


class Jobs:
    """The use cases of single jobs.

    Args:
        connections: The process's connections.
        enqueue: Enqueues a wake-up call on the broker.
    """

    def __init__(self, connections: Connections, enqueue: Callable[[WakeUp], None]) -> None:
        connection, settings = connections.connection, connections.settings
        self._settings = settings
        self._enqueue = enqueue
        self._jobs = JobStore(connection, settings)
        self._events = EventStore(connection)
        self._uploads = connections.uploads
        self._capabilities = CapabilityChecker(connections.clients)

    def check(self, request: JobRequest, *, pointer: str = "#/youtube_url") -> None:
        """Raise if a request cannot be accepted.

        Args:
            request: The request.
            pointer: The request field that contains the URL, for the errors.

        Raises:
            ForbiddenAddressError: The URL's host is in a private network.
            UnsupportedSourceError: The URL's source is not allowed.
            UnsupportedLanguageError: The transcriber does not support a language.
            OptionUnavailableError: An option needs a component that is not installed.
            InvalidRequestError: Webhooks cannot be sent to the callback URL.
        """
        self._check_urls(request, pointer)
        self._capabilities.check(request)

    def check_options(self, request: JobRequest) -> None:
        """Raise as ``check`` does, for a request whose URL or file is not known yet."""
        self._check_callback(request)
        self._capabilities.check(request)

    def check_capacity(self) -> None:
        """Raise if one more job would not be accepted.

        Raises:
            QueueFullError: ``MAX_QUEUED_JOBS`` jobs have not ended yet.
        """
        if self._jobs.count_active() >= self._settings.max_queued_jobs:
            raise QueueFullError(self._settings.max_queued_jobs)

    def submit(
        self, request: JobRequest, *, job_id: str | None = None, is_checked: bool = False
    ) -> Acceptance:
        """Accept a job. It is stored durably when this returns.

        Args:
            request: The request.
            job_id: The job's id; submitting the same id again changes nothing. A new id by default.
            is_checked: Whether the options were checked before, as those of a batch.

        Returns:
            The accepted job.

        Raises:
            ForbiddenAddressError: The URL's host is in a private network.
            UnsupportedSourceError: The URL's source is not allowed.
            UnsupportedLanguageError: The transcriber does not support a language.
            OptionUnavailableError: An option needs a component that is not installed.
            StoreUnavailableError: Redis does not answer; the job was not accepted.
        """
        self._check_urls(request)
        if not is_checked:
            self._capabilities.check(request)
        job_id = job_id or secrets.token_hex(8)
        works = derive_work_keys(job_id, request, is_shared=self._settings.cache_shared)
        accepted, call = self._jobs.create(job_id, request, works)
        self._wake(call)
        return accepted

    def submit_upload(
        self, request: JobRequest, draft: Draft, *, job_id: str | None = None
    ) -> Acceptance:
        """Accept a job for a file that was received completely; ``job_id`` as for ``submit``.

        Raises:
            QueueFullError: ``MAX_QUEUED_JOBS`` jobs have not ended yet; the file is not kept.
            UnsupportedLanguageError: The transcriber does not support a language.
            OptionUnavailableError: An option needs a component that is not installed.
            StoreUnavailableError: Redis or the disk failed; the job was not accepted.
        """
        self.check(request)
        job_id = job_id or secrets.token_hex(8)
        self._uploads.keep(draft, job_id)
        try:
            return self.submit(request, job_id=job_id, is_checked=True)
        except QueueFullError:
            self._uploads.remove(job_id)
            raise

    def find(self, job_ids: Sequence[str]) -> Sequence[Job | None]:
        """Return jobs in the order of their ids; ``None`` for those that do not exist."""
        return self._jobs.find(job_ids)

    def get(self, job_id: str) -> Job:
        """Return a job.

        Raises:
            JobNotFoundError: There is no such job, or it has expired.
        """
        return self._jobs.get(job_id)

    def transcript(self, job: Job, *, with_words: bool = False) -> Transcript | None:
        """Return the transcript of a completed job, else ``None``; word timings on request."""
        if job.status is not JobStatus.COMPLETED:
            return None
        found = self._jobs.transcript(job.job_id, with_words=with_words)
        return replace(found, findings=job.findings) if found else None

    def queue_position(self, job: Job) -> int | None:
        """Return a job's position in the admission queue, ``None`` if it is not queued."""
        return self._jobs.position(job) if job.paused_at else None

    def page(
        self,
        *,
        limit: int,
        status: JobStatus | None = None,
        owner: str | None = None,
        note: tuple[str, str] | None = None,
        cursor: Cursor | None = None,
    ) -> JobPage:
        """Return the newest jobs; see ``JobStore.page``."""
        return self._jobs.page(
            limit=limit, status=status, owner=owner, metadata=note, cursor=cursor
        )

    def history(self, job_id: str) -> Sequence[Mapping[str, Any]]:
        """Return the events of a job, oldest first.

        Raises:
            JobNotFoundError: There is no such job, or it has expired.
        """
        self._jobs.get(job_id)
        return self._events.history(job_id)

    def cancel(self, job_id: str) -> Job:
        """Cancel a job at once; its remote job is deleted soon after. Idempotent.

        Raises:
            JobNotFoundError: There is no such job.
        """
        was_running, calls = self._jobs.cancel(job_id)
        if was_running:
            LOGGER.info("Job %s cancelled", job_id)
        for call in calls:
            self._wake(call)
        return self._jobs.get(job_id)

    def retry(self, job_id: str) -> Job:
        """Resume a failed or cancelled job at the stage where it stopped.

        Raises:
            JobNotFoundError: There is no such job.
            IllegalTransitionError: The job is neither failed nor cancelled.
        """
        self._wake(self._jobs.retry(self._jobs.get(job_id)))
        return self._jobs.get(job_id)

    def delete(self, job_id: str) -> None:
        """Delete a job that has ended, its transcript, and remote jobs that only it uses.

        Raises:
            JobNotFoundError: There is no such job.
            IllegalTransitionError: The job has not ended.
        """
        self._jobs.remove(job_id)
        self._uploads.remove(job_id)

    def _check_urls(self, request: JobRequest, pointer: str = "#/youtube_url") -> None:
        self._check_callback(request)
        if request.upload is None:
            request.source.check_video(
                allowed_sources=self._settings.allowed_sources,
                allow_private=self._settings.allow_private_addresses,
                pointer=pointer,
            )

    def _check_callback(self, request: JobRequest) -> None:
        if request.callback_url is not None:
            check_callback(request.callback_url, self._settings)

    def _wake(self, call: WakeUp | None) -> None:
        if call is not None:
            self._enqueue(call)
