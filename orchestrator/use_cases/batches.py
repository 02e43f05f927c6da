"""Batches: many videos submitted in one request, each of which gets its own job."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, Literal

from orchestrator.domain.job import Job, JobRequest
from orchestrator.domain.sources import Source
from orchestrator.engine.resources import Connections
from orchestrator.errors import (
    BatchNotFoundError,
    InvalidRequestError,
    JobNotFoundError,
    QueueFullError,
)
from orchestrator.store.batches import Batch, BatchStore
from orchestrator.store.playlists import PlaylistStatus, PlaylistStore
from orchestrator.telemetry.log import LOGGER
from orchestrator.use_cases.jobs import Jobs

__all__ = ["BatchStatus", "BatchView", "Batches", "Item"]

BatchStatus = Literal["listing", "running", "completed", "failed", "cancelled"]

_BATCHES: Final = 10  # per round of upkeep


@dataclass(frozen=True)
class Item:
    """One video of a batch."""

    source: Source
    job_id: str
    job: Job | None
    """``None`` before the job is submitted and after it has expired."""


@dataclass(frozen=True)
class BatchView:
    """A batch with the jobs of its videos."""

    batch: Batch
    items: Sequence[Item]

    @property
    def counts(self) -> Mapping[str, int]:
        """The number of jobs by status; ``unknown`` counts videos without a job."""
        counts: dict[str, int] = {}
        for item in self.items:
            status = item.job.status.value if item.job else "unknown"
            counts[status] = counts.get(status, 0) + 1
        return counts

    @property
    def status(self) -> BatchStatus:
        """``completed`` once every job has ended, whatever its result.

        ``listing`` while the playlist is listed; ``failed`` if it could not be listed.
        """
        listing = self.batch.playlist
        if self.batch.is_cancelled:
            return "cancelled"
        if listing and listing.status is not PlaylistStatus.DONE:
            return "listing" if listing.status is PlaylistStatus.PENDING else "failed"
        jobs = [item.job for item in self.items]
        if self.batch.is_pending or any(job and not job.status.is_terminal for job in jobs):
            return "running"
        return "completed"


class Batches:
    """The use cases of batches.

    A batch is stored with its URLs. Upkeep submits the jobs afterwards, under ids derived from the
    batch's id, so the submission can be interrupted and repeated at any point.

    Args:
        connections: The process's connections.
        jobs: Submits and cancels the single jobs.
        announce: Triggers the upkeep task that submits pending batches.
        announce_listing: Triggers the upkeep task that lists playlists.
    """

    def __init__(
        self,
        connections: Connections,
        jobs: Jobs,
        announce: Callable[[], None],
        announce_listing: Callable[[], None],
    ) -> None:
        connection, settings = connections.connection, connections.settings
        self._settings = settings
        self._jobs = jobs
        self._announce = announce
        self._announce_listing = announce_listing
        self._listings = PlaylistStore(connection)
        self._store = BatchStore(connection, retention_s=settings.retention_s * 2)

    def submit(self, sources: Sequence[Source], request: JobRequest) -> Batch:
        """Accept a batch.

        Args:
            sources: The videos, in order.
            request: The options for each video; its own source is ignored.

        Raises:
            InvalidRequestError: There are more videos than ``MAX_BATCH_ITEMS``.
            QueueFullError: ``MAX_QUEUED_JOBS`` jobs have not ended yet.
            ForbiddenAddressError: A URL's host is in a private network.
            UnsupportedSourceError: A URL's source is not allowed.
            UnsupportedLanguageError: The transcriber does not support a language.
            OptionUnavailableError: An option needs a component that is not installed.
            StoreUnavailableError: Redis does not answer; the batch was not accepted.
        """
        limit = self._settings.max_batch_items
        if len(sources) > limit:
            detail = f"A batch has at most {limit} videos (MAX_BATCH_ITEMS; got {len(sources)})"
            raise InvalidRequestError(detail, "too_many_videos", "#/youtube_urls", str(limit))
        self._jobs.check_capacity()
        for number, source in enumerate(sources):
            pointer = f"#/youtube_urls/{number}"
            self._jobs.check(replace(request, source=source), pointer=pointer)
        batch = self._store.create(sources, request)
        self._announce()
        return batch

    def submit_playlist(self, request: JobRequest) -> Batch:
        """Accept a batch of the videos of a playlist or a channel, which is listed first.

        Args:
            request: The playlist or channel as the source, and the options for each video.

        Raises:
            QueueFullError: ``MAX_QUEUED_JOBS`` jobs have not ended yet.
            ForbiddenAddressError: The URL's host is in a private network.
            UnsupportedSourceError: The URL names no playlist or its source is not allowed.
            UnsupportedLanguageError: The transcriber does not support a language.
            OptionUnavailableError: An option needs a component that is not installed.
            StoreUnavailableError: Redis does not answer; the batch was not accepted.
        """
        self._jobs.check_capacity()
        self._jobs.check_options(request)
        request.source.check_playlist(
            allowed_sources=self._settings.allowed_sources,
            allow_private=self._settings.allow_private_addresses,
            pointer="#/playlist_url",
        )
        batch = self._store.create((), request, playlist=request.source)
        self._announce_listing()
        return batch

    def get(self, batch_id: str) -> BatchView:
        """Return a batch.

        Raises:
            BatchNotFoundError: There is no such batch, or it has expired.
        """
        batch = self._store.get(batch_id)
        if batch is None:
            raise BatchNotFoundError(batch_id)
        job_ids = _job_ids(batch)
        jobs = self._jobs.find(job_ids)
        return BatchView(
            batch, [Item(*one) for one in zip(batch.sources, job_ids, jobs, strict=True)]
        )

    def owner(self, batch_id: str) -> str:
        """Return the owner of a batch; empty if it has none or does not exist."""
        return self._store.owner(batch_id)

    def cancel(self, batch_id: str) -> BatchView:
        """Cancel all jobs of a batch that have not ended. Idempotent.

        Raises:
            BatchNotFoundError: There is no such batch, or it has expired.
        """
        view = self.get(batch_id)
        if view.status in {"completed", "failed"}:
            return view
        self._listings.cancel(batch_id)
        view = self.get(batch_id)  # the playlist may have been listed meanwhile
        for item in view.items:
            if item.job is not None:
                with suppress(JobNotFoundError):  # it has just expired
                    self._jobs.cancel(item.job_id)
        return self.get(batch_id)

    def submit_pending(self) -> int:
        """Submit the jobs of pending batches; return how many batches were completely submitted."""
        pending = self._store.pending(limit=_BATCHES)
        for done, batch in enumerate(pending):
            try:
                self._submit_jobs(batch)
            except QueueFullError as error:
                LOGGER.info(
                    "Batch %s is partly submitted, will continue: %s", batch.batch_id, error
                )
                return done
            self._store.finish(batch.batch_id)
        return len(pending)

    def _submit_jobs(self, batch: Batch) -> None:
        for source, job_id in zip(batch.sources, _job_ids(batch), strict=True):
            if self._store.is_cancelled(batch.batch_id):
                return
            request = replace(batch.request, source=source)
            try:
                self._jobs.submit(request, job_id=job_id, is_checked=True)
            except (
                InvalidRequestError
            ) as error:  # the settings changed since the batch was accepted
                url = source.public_url
                LOGGER.error("Skipped %s of batch %s: %s", url, batch.batch_id, error)
            if self._store.is_cancelled(batch.batch_id):  # meanwhile
                self._jobs.cancel(job_id)


def _job_ids(batch: Batch) -> list[str]:
    """Derive the ids of a batch's jobs from its own id."""
    return [
        hashlib.sha256(f"{batch.batch_id}:{number}".encode()).hexdigest()[:16]
        for number in range(len(batch.sources))
    ]
