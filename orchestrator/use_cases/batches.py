"""Batches: many videos asked for at once, each a job of its own."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, Literal

from orchestrator.domain.job import Job, JobRequest
from orchestrator.domain.sources import Source
from orchestrator.errors import (
    BatchNotFoundError,
    InvalidRequestError,
    JobNotFoundError,
    QueueFullError,
)
from orchestrator.store.batches import Batch, BatchStore
from orchestrator.store.playlists import ListingStatus, ListingStore
from orchestrator.telemetry.log import LOGGER
from orchestrator.use_cases.jobs import Operations

__all__ = ["BatchStatus", "BatchView", "Batches", "Item"]

BatchStatus = Literal["listing", "running", "completed", "failed", "cancelled"]

_AT_ONCE: Final = 10  # batches that one round of upkeep goes on with


@dataclass(frozen=True)
class Item:
    """One video of a batch."""

    source: Source
    job_id: str
    job: Job | None
    """``None`` while it has not been submitted, and after its job has expired."""


@dataclass(frozen=True)
class BatchView:
    """A batch with what has become of its videos."""

    batch: Batch
    items: Sequence[Item]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many of its jobs have which status."""
        counts: dict[str, int] = {}
        for item in self.items:
            word = item.job.status.value if item.job else "unknown"
            counts[word] = counts.get(word, 0) + 1
        return counts

    @property
    def status(self) -> BatchStatus:
        """``completed`` when every job has ended, in whatever way.

        ``listing`` while its playlist is listed; ``failed`` where that came to nothing.
        """
        listing = self.batch.listing
        if self.batch.is_cancelled:
            return "cancelled"
        if listing and listing.status is not ListingStatus.DONE:
            return "listing" if listing.status is ListingStatus.PENDING else "failed"
        jobs = [item.job for item in self.items]
        if self.batch.is_pending or any(job and not job.status.is_terminal for job in jobs):
            return "running"
        return "completed"


class Batches:
    """What can be done with batches.

    A batch is stored with its addresses; its jobs are submitted afterwards by upkeep, under ids
    that follow from the batch's, so that it may be interrupted and begun again at any point.

    Args:
        operations: Submits the single jobs.
        announce: Has upkeep go on with pending batches now.
        announce_listing: Has upkeep list playlists now.
    """

    def __init__(
        self,
        operations: Operations,
        announce: Callable[[], None],
        announce_listing: Callable[[], None],
    ) -> None:
        self._operations = operations
        self._announce = announce
        self._announce_listing = announce_listing
        self._listings = ListingStore(operations.connections.connection)
        self._store = BatchStore(
            operations.connections.connection, retention_s=operations.settings.retention_s * 2
        )

    def submit(self, sources: Sequence[Source], request: JobRequest) -> Batch:
        """Accept a batch.

        Args:
            sources: The videos, in order.
            request: What is asked for each of them; its own source does not matter.

        Raises:
            InvalidRequestError: They are more than one batch may have.
            QueueFullError: As many jobs as may have not ended.
            UnsupportedSourceError: An address is not of a source that is accepted.
            UnsupportedLanguageError: The transcriber does not know a language.
            OptionUnavailableError: A part that an option needs is not installed.
            StoreUnavailableError: It was not accepted, since Redis does not answer.
        """
        most = self._operations.settings.max_batch_items
        if len(sources) > most:
            detail = f"A batch has at most {most} videos (MAX_BATCH_ITEMS)"
            raise InvalidRequestError(detail, "too_many_videos", "#/youtube_urls", str(most))
        self._operations.check_room()
        for number, source in enumerate(sources):
            pointer = f"#/youtube_urls/{number}"
            self._operations.check(replace(request, source=source), pointer=pointer)
        batch = self._store.create(sources, request)
        self._announce()
        return batch

    def submit_playlist(self, request: JobRequest) -> Batch:
        """Accept a batch of the videos of a playlist or a channel, which are listed first.

        Args:
            request: The playlist or channel, and what is asked for each of its videos.

        Raises:
            QueueFullError: As many jobs as may have not ended.
            ForbiddenAddressError: The address leads into a private network.
            UnsupportedSourceError: The address is of no playlist of a source that is accepted.
            UnsupportedLanguageError: The transcriber does not know a language.
            OptionUnavailableError: A part that an option needs is not installed.
            StoreUnavailableError: It was not accepted, since Redis does not answer.
        """
        settings, pointer = self._operations.settings, "#/playlist_url"
        self._operations.check_room()
        self._operations.check_options(request)
        request.source.check_playlist(
            allowed_sources=settings.allowed_sources,
            allow_private=settings.allow_private_addresses,
            pointer=pointer,
        )
        batch = self._store.create((), request, playlist=request.source)
        self._announce_listing()
        return batch

    def get(self, batch_id: str) -> BatchView:
        """Return a batch.

        Raises:
            BatchNotFoundError: There is none, or not any more.
        """
        batch = self._store.get(batch_id)
        if batch is None:
            raise BatchNotFoundError(batch_id)
        job_ids = _job_ids(batch)
        jobs = self._operations.find(job_ids)
        return BatchView(
            batch, [Item(*one) for one in zip(batch.sources, job_ids, jobs, strict=True)]
        )

    def owner(self, batch_id: str) -> str:
        """Return whose a batch is; the empty text for nobody's, and where there is none."""
        return self._store.owner(batch_id)

    def cancel(self, batch_id: str) -> BatchView:
        """Cancel every job of a batch that has not ended; idempotent.

        Raises:
            BatchNotFoundError: There is none, or not any more.
        """
        view = self.get(batch_id)
        if view.status in {"completed", "failed"}:
            return view
        self._listings.cancel(batch_id)
        view = self.get(batch_id)  # a playlist may just have been listed
        for item in view.items:
            if item.job is not None:
                with suppress(JobNotFoundError):  # it has expired in this instant
                    self._operations.cancel(item.job_id)
        return self.get(batch_id)

    def submit_pending(self) -> int:
        """Submit the jobs of batches that are not done yet; returns how many batches are now."""
        pending = self._store.pending(limit=_AT_ONCE)
        for done, batch in enumerate(pending):
            try:
                self._submit_jobs(batch)
            except QueueFullError as error:
                LOGGER.info("Batch %s goes on later: %s", batch.batch_id, error)
                return done
            self._store.finish(batch.batch_id)
        return len(pending)

    def _submit_jobs(self, batch: Batch) -> None:
        for source, job_id in zip(batch.sources, _job_ids(batch), strict=True):
            if self._store.is_cancelled(batch.batch_id):
                return
            request = replace(batch.request, source=source)
            try:
                self._operations.submit(request, job_id=job_id, is_promised=True)
            except InvalidRequestError as error:  # by settings that are not those of its acceptance
                url = source.public_url
                LOGGER.error("Batch %s goes on without %s: %s", batch.batch_id, url, error)
            if self._store.is_cancelled(batch.batch_id):  # in the same instant
                self._operations.cancel(job_id)


def _job_ids(batch: Batch) -> list[str]:
    """Return the ids of a batch's jobs: the same whenever they are asked for."""
    return [
        hashlib.sha256(f"{batch.batch_id}:{number}".encode()).hexdigest()[:16]
        for number in range(len(batch.sources))
    ]
