"""PlaylistRecord of playlists and channels by the downloader, for batches made from them."""

import time
from collections.abc import Callable
from typing import Final

from orchestrator.domain.pipeline import STAGES
from orchestrator.engine.resources import Resources
from orchestrator.errors import (
    BreakerOpenError,
    DeadlineExceededError,
    RemoteJobFailedError,
    RemoteJobLostError,
    ServiceOverloadedError,
    ServiceRejectedError,
    ServiceUnavailableError,
    StageError,
    TurnInterruptedError,
)
from orchestrator.microservice import Playlist, Poll, RemoteStatus, park_s, poll_waits
from orchestrator.store.batches import Batch, BatchStore
from orchestrator.store.playlists import PlaylistChange, PlaylistRecord, PlaylistStore
from orchestrator.telemetry.log import LOGGER
from orchestrator.use_cases.playlist_changes import (
    failed,
    listed,
    postponed,
    started_over,
    submitted,
)

__all__ = ["PlaylistLister"]

_SERVICE: Final = STAGES[0].service.name
_LISTINGS: Final = 10  # per round
_TURN_S: Final = 20.0  # then the listing continues in the next round
_CONTINUE_IN_S: Final = 1.0  # after this round, which otherwise would not end
_HELD_S: Final = 30.0  # longer than a turn; if the worker dies, the listing is due again then
_NO_SUCH_ROUTE: Final = frozenset({404, 405, 501})


class PlaylistLister:
    """Gives turns to listings that are due: submit the remote job, poll it, store the result.

    A turn may be lost, repeated or late. Each write and each remote job's idempotency key carry the
    attempt; writes of an earlier attempt are refused.

    Args:
        resources: The worker's resources; their stop signal interrupts turns here too.
        announce: Triggers the upkeep task that submits pending batches.
    """

    def __init__(self, resources: Resources, announce: Callable[[], None]) -> None:
        settings = resources.settings
        self._resources = resources
        self._settings = settings
        self._announce = announce
        self._client = resources.clients[_SERVICE]
        self._store = PlaylistStore(resources.connection)
        self._batches = BatchStore(resources.connection, retention_s=settings.retention_s * 2)

    def list_due(self) -> int:
        """Give each listing that is due a turn; return how many had one."""
        for count in range(_LISTINGS):
            # One at a time, so that another worker can take the next one meanwhile.
            if self._resources.stop.is_set:
                return count
            taken = self._store.take_due(limit=1, visibility_timeout_s=_HELD_S)
            if not taken:
                return count
            batch = self._batches.get(taken[0])
            if batch is not None and batch.playlist is not None:
                self._take_turn(batch, batch.playlist)
        return _LISTINGS

    def _take_turn(self, batch: Batch, listing: PlaylistRecord) -> None:
        try:
            change = self._continue(batch, listing)
        except (StageError, TurnInterruptedError) as error:
            change = self._decide(error, listing)
        is_written = self._store.write(batch.batch_id, listing, change)
        if is_written and change.has_jobs:
            self._announce()

    def _continue(self, batch: Batch, listing: PlaylistRecord) -> PlaylistChange:
        limit_s = self._settings.job_limit_s
        if batch.age_s > limit_s:
            raise DeadlineExceededError("JOB_TIMEOUT_MINUTES", limit_s)
        instance = self._instance(listing)
        try:
            return self._list_at(instance, batch, listing)
        except ServiceUnavailableError:
            self._resources.breakers.record_failure(_SERVICE, instance)
            raise

    def _instance(self, listing: PlaylistRecord) -> str | None:
        """Return the instance that runs the remote job, or a new one."""
        breakers = self._resources.breakers
        if listing.remote_id is None:
            instance = breakers.choose(_SERVICE)
            is_open = instance is None
        else:
            instance = listing.instance
            is_open = breakers.is_blocked(_SERVICE, instance)
        if is_open:
            raise BreakerOpenError(_SERVICE, "it failed repeatedly and is not called for now")
        return instance

    def _list_at(
        self, instance: str | None, batch: Batch, listing: PlaylistRecord
    ) -> PlaylistChange:
        remote_id, accepted = listing.remote_id, None
        if remote_id is None:
            key = f"{batch.batch_id}:listing:{listing.attempt}"
            url = listing.source.url
            poll = self._client.submit_playlist(url, idempotency_key=key, instance=instance)
            if poll.job is None:
                raise ServiceUnavailableError(_SERVICE, "the response contains no job")
            remote_id, accepted = poll.job.job_id, poll if poll.etag else None
            change = submitted(remote_id, instance or self._client.instance, held_s=_HELD_S)
            if not self._store.write(batch.batch_id, listing, change):
                return change  # no longer wanted; the caller's write is refused too
        playlist = self._poll(remote_id, instance, accepted)
        return postponed(_CONTINUE_IN_S) if playlist is None else listed(playlist, self._settings)

    def _poll(self, remote_id: str, instance: str | None, accepted: Poll | None) -> Playlist | None:
        """Poll for at most one turn; return the playlist, ``None`` if the remote job still runs.

        Args:
            remote_id: The remote job.
            instance: The URL of the service that runs it.
            accepted: The response to the submission; used as the first poll if it has an ETag.
        """
        waits, ends, etag = poll_waits(self._settings), time.monotonic() + _TURN_S, None
        while True:
            poll = accepted or self._client.poll(remote_id, etag=etag, instance=instance)
            self._resources.breakers.record_success(_SERVICE, instance)
            etag, job = poll.etag, poll.job
            if job is not None and job.failure:
                raise RemoteJobFailedError(_SERVICE, job.failure)
            if job is not None and job.status is RemoteStatus.COMPLETED:
                return self._client.fetch_playlist(remote_id, instance=instance)
            if time.monotonic() >= ends:
                return None
            if not (poll.has_waited or accepted):
                self._resources.stop.sleep(next(waits))
            accepted = None

    def _decide(
        self, error: StageError | TurnInterruptedError, listing: PlaylistRecord
    ) -> PlaylistChange:
        """Return the change after an error; its class decides, as for stages."""
        change = self._postpone(error, listing) or self._start_over(error, listing)
        if change is not None:
            return change
        LOGGER.warning("Could not list playlist %s: %s", listing.source.public_url, error)
        if isinstance(error, ServiceRejectedError) and error.status_code in _NO_SUCH_ROUTE:
            return failed("playlists_unsupported", f"{error.service} does not support playlists")
        return failed(error.code, str(error))

    def _postpone(self, error: Exception, listing: PlaylistRecord) -> PlaylistChange | None:
        match error:
            case TurnInterruptedError():
                return postponed(0)
            case ServiceOverloadedError():
                return postponed(error.retry_after_s)
            case BreakerOpenError():
                return postponed(self._settings.breaker_open_s)
            case ServiceUnavailableError():
                return postponed(park_s(listing.parks, self._settings), parks=listing.parks + 1)
        return None

    def _start_over(self, error: Exception, listing: PlaylistRecord) -> PlaylistChange | None:
        if listing.attempt >= self._settings.stage_max_attempts:
            return None
        match error:
            case RemoteJobLostError():
                return started_over(listing, in_s=0)
            case RemoteJobFailedError() if error.failure.retryable:
                return started_over(listing, in_s=park_s(listing.attempt, self._settings))
        return None
