"""Playlists and channels: listed by the service that downloads, for batches made of one."""

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
from orchestrator.store.playlists import Listing, ListingChange, ListingStore
from orchestrator.telemetry.log import LOGGER
from orchestrator.use_cases.playlist_changes import begun_anew, failed, listed, put_off, submitted

__all__ = ["Listings"]

_SERVICE: Final = STAGES[0].service.name
_AT_ONCE: Final = 10
_TURN_S: Final = 20.0  # then others get the thread, and this one goes on in the next round
_GOES_ON_IN_S: Final = 1.0  # not in this round, which would never end
_HELD_S: Final = 30.0  # a bit more than a turn; if its worker dies, it is missed no earlier
_NO_SUCH_ROUTE: Final = frozenset({404, 405, 501})


class Listings:
    """Gives listings that are due a turn: submit or go on, poll for a while, write what came.

    A turn may be lost, doubled or late: whatever is written names its attempt and is refused
    where that is over, and the remote job's idempotency key names it too.

    Args:
        resources: The worker's clients and signs; it stops where the turns of stages do.
        announce: Has upkeep submit the jobs of a batch now.
    """

    def __init__(self, resources: Resources, announce: Callable[[], None]) -> None:
        settings = resources.settings
        self._resources = resources
        self._settings = settings
        self._announce = announce
        self._client = resources.clients[_SERVICE]
        self._store = ListingStore(resources.connection)
        self._batches = BatchStore(resources.connection, retention_s=settings.retention_s * 2)

    def list_due(self) -> int:
        """Give a turn to listings that are due; returns how many had one."""
        for count in range(_AT_ONCE):
            # One by one: what waits behind a slow one is taken by the next round meanwhile.
            if self._resources.stop.is_set:
                return count
            taken = self._store.take(limit=1, again_in_s=_HELD_S)
            if not taken:
                return count
            batch = self._batches.get(taken[0])
            if batch is not None and batch.listing is not None:
                self._take_turn(batch, batch.listing)
        return _AT_ONCE

    def _take_turn(self, batch: Batch, listing: Listing) -> None:
        try:
            change = self._go_on(batch, listing)
        except (StageError, TurnInterruptedError) as error:
            change = self._decide(error, listing)
        is_written = self._store.write(batch.batch_id, listing, change)
        if is_written and change.has_jobs:
            self._announce()

    def _go_on(self, batch: Batch, listing: Listing) -> ListingChange:
        limit_s = self._settings.job_limit_s
        if batch.age_s > limit_s:
            raise DeadlineExceededError("JOB_TIMEOUT_MINUTES", limit_s)
        instance = self._instance(listing)
        try:
            return self._list_at(instance, batch, listing)
        except ServiceUnavailableError:
            self._resources.breakers.record_failure(_SERVICE, instance)
            raise

    def _instance(self, listing: Listing) -> str | None:
        """Return the instance that has the listing, or gets it."""
        breakers = self._resources.breakers
        if listing.remote_id is None:
            instance = breakers.choose(_SERVICE)
            is_left_alone = instance is None
        else:
            instance = listing.instance
            is_left_alone = breakers.is_left_alone(_SERVICE, instance)
        if is_left_alone:
            raise BreakerOpenError(_SERVICE, "it has failed again and again; left alone")
        return instance

    def _list_at(self, instance: str | None, batch: Batch, listing: Listing) -> ListingChange:
        remote_id, accepted = listing.remote_id, None
        if remote_id is None:
            key = f"{batch.batch_id}:listing:{listing.attempt}"
            url = listing.source.url
            poll = self._client.submit_playlist(url, idempotency_key=key, instance=instance)
            if poll.job is None:
                raise ServiceUnavailableError(_SERVICE, "it gave no job")
            remote_id, accepted = poll.job.job_id, poll if poll.etag else None
            change = submitted(remote_id, instance or self._client.instance, held_s=_HELD_S)
            if not self._store.write(batch.batch_id, listing, change):
                return change  # not wanted any more: refused again, and nothing comes of it
        playlist = self._poll_on(remote_id, instance, accepted)
        return put_off(_GOES_ON_IN_S) if playlist is None else listed(playlist, self._settings)

    def _poll_on(
        self, remote_id: str, instance: str | None, accepted: Poll | None
    ) -> Playlist | None:
        """Poll for a turn's time; returns what was listed, or ``None`` while it goes on.

        Args:
            remote_id: The remote job.
            instance: Where it is.
            accepted: The answer to its submission, which is the first poll where it has an ETag.
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

    def _decide(self, error: StageError | TurnInterruptedError, listing: Listing) -> ListingChange:
        """Return what becomes of a listing after an error: its class decides, as for stages."""
        change = self._put_off(error, listing) or self._begin_anew(error, listing)
        if change is not None:
            return change
        LOGGER.warning("The playlist %s is not listed: %s", listing.source.public_url, error)
        if isinstance(error, ServiceRejectedError) and error.status_code in _NO_SUCH_ROUTE:
            return failed("playlists_unsupported", f"{error.service} lists no playlists")
        return failed(error.code, str(error))

    def _put_off(self, error: Exception, listing: Listing) -> ListingChange | None:
        match error:
            case TurnInterruptedError():
                return put_off(0)
            case ServiceOverloadedError():
                return put_off(error.retry_after_s)
            case BreakerOpenError():
                return put_off(self._settings.breaker_open_s)
            case ServiceUnavailableError():
                return put_off(park_s(listing.parks, self._settings), parks=listing.parks + 1)
        return None

    def _begin_anew(self, error: Exception, listing: Listing) -> ListingChange | None:
        if listing.attempt >= self._settings.stage_max_attempts:
            return None
        match error:
            case RemoteJobLostError():
                return begun_anew(listing, in_s=0)
            case RemoteJobFailedError() if error.failure.retryable:
                return begun_anew(listing, in_s=park_s(listing.attempt, self._settings))
        return None
