"""The use cases. Read this file first: everything that a client or an operator can ask for.

``web`` and ``tasks`` parse, call one of these, and answer. A job is written before its wake-up
call is enqueued, and a call that cannot be enqueued is not lost: the reconciler sees that the
job waits without a message and makes a new one.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from orchestrator.domain.digests import digest_works
from orchestrator.domain.job import Acceptance, Job, JobRequest, JobStatus, Transcript, WakeUp
from orchestrator.engine.resources import Connections
from orchestrator.engine.uploads import Draft
from orchestrator.errors import QueueFullError, ServiceError
from orchestrator.operating.health import Health, HealthWatch
from orchestrator.store.deletions import Deletion, DeletionStore
from orchestrator.store.events import EventStore
from orchestrator.store.jobs import Cursor, JobPage, JobStore
from orchestrator.store.replies import ReplyStore
from orchestrator.telemetry.log import LOGGER
from orchestrator.use_cases.capabilities import CapabilityWatch
from orchestrator.use_cases.webhooks import check_callback

__all__ = ["Operations"]

_DELETE_AGAIN_S: Final = 30.0  # a deletion that is not confirmed is tried again
_BATCH: Final = 100


class Operations:
    """What can be done, for one process.

    Args:
        connections: What this process talks with.
        enqueue: Puts a wake-up call on the broker.
    """

    def __init__(self, connections: Connections, enqueue: Callable[[WakeUp], None]) -> None:
        connection, settings = connections.connection, connections.settings
        self.settings = settings
        self.connections = connections
        self._enqueue = enqueue
        self._jobs = JobStore(connection, settings)
        self._events = EventStore(connection)
        self._deletions = DeletionStore(connection)
        self._uploads = connections.uploads
        self.replies = ReplyStore(connection, retention_s=settings.retention_s)
        self._clients = connections.clients
        self._capabilities = CapabilityWatch(connections.clients)
        self._health = HealthWatch(settings, self._jobs, connections.breakers, self._clients)

    # --- jobs ---------------------------------------------------------------------------------

    def check(self, request: JobRequest, *, pointer: str = "#/youtube_url") -> None:
        """Make sure that a request can be accepted.

        Args:
            request: What is asked for.
            pointer: The field that has its address, for the errors.

        Raises:
            ForbiddenAddressError: The address leads into a private network.
            UnsupportedSourceError: The address is not of a source that is accepted.
            UnsupportedLanguageError: The transcriber does not know a language.
            OptionUnavailableError: A part that an option needs is not installed.
            InvalidRequestError: Notices cannot be sent to the client's own address.
        """
        self._check_address(request, pointer)
        self._capabilities.check(request)

    def check_options(self, request: JobRequest) -> None:
        """Do as ``check`` does for a request whose address or file is not known yet."""
        if request.callback_url is not None:
            check_callback(request.callback_url, self.settings)
        self._capabilities.check(request)

    def _check_address(self, request: JobRequest, pointer: str = "#/youtube_url") -> None:
        settings = self.settings
        if request.callback_url is not None:
            check_callback(request.callback_url, settings)
        if request.upload is not None:
            return
        request.source.check_video(
            allowed_sources=settings.allowed_sources,
            allow_private=settings.allow_private_addresses,
            pointer=pointer,
        )

    def check_room(self) -> None:
        """Make sure that one more job would be accepted.

        Raises:
            QueueFullError: As many jobs as may have not ended.
        """
        if self._jobs.count_active() >= self.settings.max_queued_jobs:
            raise QueueFullError(self.settings.max_queued_jobs)

    def submit(
        self, request: JobRequest, *, job_id: str | None = None, is_promised: bool = False
    ) -> Acceptance:
        """Accept a job.

        Args:
            request: What is asked for.
            job_id: The id that it gets, if it must be a certain one; submitting it again then
                changes nothing.
            is_promised: Whether its options were accepted before, as those of a batch.

        Returns:
            What became of the job; it is not lost from here on.

        Raises:
            ForbiddenAddressError: The address leads into a private network.
            UnsupportedSourceError: The address is not of a source that is accepted.
            UnsupportedLanguageError: The transcriber does not know a language.
            OptionUnavailableError: A part that an option needs is not installed.
            StoreUnavailableError: It was not accepted, since Redis does not answer.
        """
        self._check_address(request)
        if not is_promised:
            self._capabilities.check(request)
        job_id = job_id or secrets.token_hex(8)
        works = digest_works(job_id, request, is_shared=self.settings.cache_shared)
        accepted, call = self._jobs.create(job_id, request, works)
        self._call(call)
        return accepted

    def submit_upload(
        self, request: JobRequest, draft: Draft, *, job_id: str | None = None
    ) -> Acceptance:
        """Accept a job for a file that has come in whole; ``job_id`` as for ``submit``.

        Raises:
            QueueFullError: As many jobs as may have not ended; the file is not kept.
            UnsupportedLanguageError: The transcriber does not know a language.
            OptionUnavailableError: A part that an option needs is not installed.
            StoreUnavailableError: It was not accepted, since Redis or the disk does not answer.
        """
        self.check(request)
        job_id = job_id or secrets.token_hex(8)
        self._uploads.keep(draft, job_id)
        try:
            return self.submit(request, job_id=job_id, is_promised=True)
        except QueueFullError:
            self._uploads.remove(job_id)
            raise

    def find(self, job_ids: Sequence[str]) -> Sequence[Job | None]:
        """Return jobs in the order of their ids; ``None`` for those that do not exist."""
        return self._jobs.find(job_ids)

    def get(self, job_id: str) -> Job:
        """Return a job.

        Raises:
            JobNotFoundError: There is none, or not any more.
        """
        return self._jobs.get(job_id)

    def transcript(self, job: Job, *, with_words: bool = False) -> Transcript | None:
        """Return what a completed job has made, with its segments' words if asked, or ``None``."""
        if job.status is not JobStatus.COMPLETED:
            return None
        made = self._jobs.transcript(job.job_id, with_words=with_words)
        return replace(made, findings=job.findings) if made else None

    def queue_position(self, job: Job) -> int | None:
        """Return how far a job is from the head of the line; ``None`` where it is not in one."""
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
        return self._jobs.page(limit=limit, status=status, owner=owner, note=note, cursor=cursor)

    def history(self, job_id: str) -> Sequence[Mapping[str, Any]]:
        """Return what happened to a job, oldest first.

        Raises:
            JobNotFoundError: There is none, or not any more.
        """
        self._jobs.get(job_id)
        return self._events.history(job_id)

    def cancel(self, job_id: str) -> Job:
        """End a job at once; its remote job is deleted soon after. Idempotent.

        Raises:
            JobNotFoundError: There is no such job.
        """
        was_running, calls = self._jobs.cancel(job_id)
        if was_running:
            LOGGER.info("Job %s cancelled", job_id)
        for call in calls:
            self._call(call)
        return self._jobs.get(job_id)

    def retry(self, job_id: str) -> Job:
        """Send a failed or cancelled job on from the stage where it stopped.

        Raises:
            JobNotFoundError: There is no such job.
            IllegalTransitionError: It has not ended so.
        """
        self._call(self._jobs.retry(self._jobs.get(job_id)))
        return self._jobs.get(job_id)

    def remove(self, job_id: str) -> None:
        """Delete a job that has ended, with its transcript and what only it uses elsewhere.

        Raises:
            JobNotFoundError: There is no such job.
            IllegalTransitionError: It has not ended.
        """
        self._jobs.remove(job_id)
        self._uploads.remove(job_id)

    # --- upkeep -------------------------------------------------------------------------------

    def remove_expired(self) -> int:
        """Take jobs whose time is over out of the indexes; returns how many."""
        expired = self._jobs.expired(limit=_BATCH * 10)
        for job_id in expired:
            self._jobs.drop(job_id)
            self._uploads.remove(job_id)
        return len(expired)

    def sweep_uploads(self) -> int:
        """Remove uploads whose jobs are gone and what never became whole; returns how many."""
        return self._uploads.sweep(
            lambda job_ids: [
                job_id
                for job_id, job in zip(job_ids, self._jobs.find(job_ids), strict=True)
                if job is None
            ]
        )

    def delete_remote_jobs(self) -> int:
        """Delete remote jobs that nobody needs any more; returns how many are gone."""
        due = self._deletions.due(limit=_BATCH, again_in_s=_DELETE_AGAIN_S)
        return sum(self._delete_remote(deletion) for deletion in due)

    def _delete_remote(self, deletion: Deletion) -> bool:
        client = self._clients.get(deletion.service)
        try:
            if client is not None:
                client.delete(deletion.remote_id, instance=deletion.instance)
        except ServiceError as error:
            LOGGER.warning("Remote job %s is not deleted yet: %s", deletion.remote_id, error)
            return False
        self._deletions.confirm(deletion)
        return True

    # --- health -------------------------------------------------------------------------------

    def health(self) -> Health:
        """Tell how Redis and every service are, from a moment ago at the most."""
        return self._health.look()

    def _call(self, call: WakeUp | None) -> None:
        if call is not None:
            self._enqueue(call)
