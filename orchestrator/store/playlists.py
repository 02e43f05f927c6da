"""The extraction of playlists, for batches that are made from one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from orchestrator.domain.pipeline import STAGES
from orchestrator.domain.sources import Source
from orchestrator.store.commands import CancelPlaylist, TakePlaylists, WritePlaylist
from orchestrator.store.connection import Connection

__all__ = [
    "PlaylistChange",
    "PlaylistRecord",
    "PlaylistStatus",
    "PlaylistStore",
    "decode_playlist",
    "encode_playlist",
]

_SERVICE = STAGES[0].service.name


class PlaylistStatus(StrEnum):
    """The status of a playlist's extraction."""

    PENDING = "pending"  # not finished
    DONE = "done"  # the batch has its videos
    FAILED = "failed"  # the batch has no videos, finally


@dataclass(frozen=True)
class PlaylistRecord:
    """The state of a playlist's extraction."""

    source: Source
    status: PlaylistStatus = PlaylistStatus.PENDING
    title: str | None = None
    is_truncated: bool = False
    """Whether it has more videos than the batch."""
    skipped: int = 0
    """The number of entries that are no accepted source."""
    attempt: int = 1
    """The attempt, from 1; part of the remote job's idempotency key."""
    parks: int = 0
    """Consecutive times that the service was unavailable."""
    remote_id: str | None = None
    instance: str | None = None
    error_code: str | None = None
    error_message: str | None = None


@dataclass(frozen=True)
class PlaylistChange:
    """One atomic step of an extraction.

    Args:
        set: Fields of the batch; those of the playlist start with ``listing.``.
        due_in_ms: Milliseconds until the next step.
        is_over: There is no next step.
        has_jobs: The jobs of the batch can be submitted.
        drops_remote: The remote job is deleted.
    """

    set: Mapping[str, str | int] = field(default_factory=dict)
    due_in_ms: int = 0
    is_over: bool = False
    has_jobs: bool = False
    drops_remote: bool = False


class PlaylistStore:
    """Playlists whose extraction is due, and the steps that are written."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take_due(self, *, limit: int, visibility_timeout_s: float) -> Sequence[str]:
        """Return the ids of batches whose playlist is due, and hide them for a while.

        Args:
            limit: The maximum number of batches.
            visibility_timeout_s: Seconds until a batch becomes due again if no step is written.
        """
        command = TakePlaylists(limit, round(visibility_timeout_s * 1000))
        return list(self._connection.run(command))

    def write(self, batch_id: str, playlist: PlaylistRecord, change: PlaylistChange) -> bool:
        """Write a step, and return whether it was accepted; idempotent."""
        command = WritePlaylist(batch_id, playlist.attempt, _SERVICE, **vars(change))
        return bool(self._connection.run(command))

    def cancel(self, batch_id: str) -> None:
        """Cancel a batch: no more jobs are submitted, and its playlist's extraction ends."""
        self._connection.run(CancelPlaylist(batch_id, _SERVICE))


def encode_playlist(playlist: PlaylistRecord) -> dict[str, str]:
    """Return the hash fields of an extraction that has not started."""
    return {
        "listing.url": playlist.source.url,
        "listing.status": playlist.status,
        "listing.attempt": str(playlist.attempt),
    }


def decode_playlist(record: Mapping[str, str]) -> PlaylistRecord | None:
    """Build the playlist of a batch's hash; ``None`` for a batch without one."""
    own = {
        name.removeprefix("listing."): value
        for name, value in record.items()
        if name.startswith("listing.")
    }
    if "url" not in own:
        return None
    return PlaylistRecord(
        source=Source(own["url"]),
        status=PlaylistStatus(own["status"]),
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
