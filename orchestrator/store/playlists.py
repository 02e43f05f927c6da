"""Listings of playlists: how far each is, for batches that are made of one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from orchestrator.domain.pipeline import STAGES
from orchestrator.domain.sources import Source
from orchestrator.store.connection import Connection

__all__ = [
    "Listing",
    "ListingChange",
    "ListingStatus",
    "ListingStore",
    "decode_listing",
    "encode_new",
]

_SERVICE = STAGES[0].service.name


class ListingStatus(StrEnum):
    """Where the listing of a playlist is."""

    PENDING = "pending"  # the service is at it, or will be
    DONE = "done"  # the batch has its videos
    FAILED = "failed"  # it has none, and will have none


@dataclass(frozen=True)
class Listing:
    """What is known of a playlist."""

    source: Source
    status: ListingStatus = ListingStatus.PENDING
    title: str | None = None
    is_truncated: bool = False
    """Whether it has more videos than the batch."""
    skipped: int = 0
    """Entries that are not accepted as a source."""
    attempt: int = 1
    """The number of the remote job that is worked on, from 1; part of the idempotency key."""
    parks: int = 0
    """Times in a row that the service could not be used."""
    remote_id: str | None = None
    instance: str | None = None
    error_code: str | None = None
    error_message: str | None = None


@dataclass(frozen=True)
class ListingChange:
    """One atomic step of a listing.

    Args:
        set: Fields of the listing, or of the batch where they have no ``listing.`` before them.
        due_in_ms: When it goes on.
        over: It does not go on.
        has_jobs: The jobs of the batch can be submitted.
        begins_anew: Its remote job is of no use any more.
    """

    set: Mapping[str, str | int] = field(default_factory=dict)
    due_in_ms: int = 0
    over: bool = False
    has_jobs: bool = False
    begins_anew: bool = False


class ListingStore:
    """Takes listings that are due, and writes what becomes of them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, *, limit: int, again_in_s: float) -> Sequence[str]:
        """Return batches whose listing is due; nobody else gets them for a while.

        Args:
            limit: How many at the most.
            again_in_s: When they are due again unless something is written, in seconds.
        """
        taken: list[str] = self._connection.run("listing", "take", limit, round(again_in_s * 1000))
        return taken

    def write(self, batch_id: str, listing: Listing, change: ListingChange) -> bool:
        """Write a step; returns whether it was still wanted. Repeating it does no harm."""
        body = json.dumps(asdict(change))
        attempt = str(listing.attempt)
        return bool(self._connection.run("listing", "write", batch_id, attempt, _SERVICE, body))

    def cancel(self, batch_id: str) -> None:
        """Note that no more jobs of a batch are to be submitted; its listing ends too."""
        self._connection.run("listing", "cancel", batch_id, _SERVICE)


def encode_new(listing: Listing) -> dict[str, str]:
    """Return the fields of a batch's hash that hold a listing which has not begun."""
    return {
        "listing.url": listing.source.url,
        "listing.status": listing.status,
        "listing.attempt": str(listing.attempt),
    }


def decode_listing(record: Mapping[str, str]) -> Listing | None:
    """Build the listing of a batch's hash; ``None`` for a batch that needed none."""
    own = {
        name.removeprefix("listing."): value
        for name, value in record.items()
        if name.startswith("listing.")
    }
    if "url" not in own:
        return None
    return Listing(
        source=Source(own["url"]),
        status=ListingStatus(own["status"]),
        title=own.get("title"),
        is_truncated=own.get("is_truncated") == "1",
        skipped=int(own.get("skipped", 0)),
        attempt=int(own["attempt"]),
        parks=int(own.get("parks", 0)),
        remote_id=own.get("remote_id"),
        instance=own.get("instance"),
        error_code=own.get("error_code"),
        error_message=own.get("error_message"),
    )
