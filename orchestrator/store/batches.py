"""Batches: their URLs and options, and which of them still have jobs to submit."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.job import JobRequest, instant
from orchestrator.domain.sources import Source
from orchestrator.store import keys
from orchestrator.store.connection import Connection
from orchestrator.store.playlists import (
    PlaylistRecord,
    PlaylistStatus,
    decode_playlist,
    encode_playlist,
)
from orchestrator.store.records import decode_request, encode_request

__all__ = ["Batch", "BatchStore"]


@dataclass(frozen=True)
class Batch:
    """Videos that were submitted together."""

    batch_id: str
    sources: Sequence[Source]
    request: JobRequest
    """The options of every job; its URL is unused."""
    created_at: datetime
    """On Redis's clock."""
    is_cancelled: bool
    is_pending: bool
    """Whether it may still have jobs to submit."""
    playlist: PlaylistRecord | None = None
    """The playlist that it was made from, if any."""
    age_s: float = 0.0
    """Seconds from its submission until it was read, on Redis's clock."""


class BatchStore:
    """Batches by id.

    Args:
        connection: To Redis.
        retention_s: Seconds that a batch is kept after its submission.
    """

    def __init__(self, connection: Connection, *, retention_s: float) -> None:
        self._connection = connection
        self._retention_s = round(retention_s)

    def create(
        self, sources: Sequence[Source], request: JobRequest, *, playlist: Source | None = None
    ) -> Batch:
        """Store a batch, atomically.

        Args:
            sources: Its videos; empty for a playlist, whose entries are not known yet.
            request: The options of every job.
            playlist: The playlist or channel, if any.
        """
        batch_id = secrets.token_hex(8)
        created_ms = self._connection.now_ms()
        listing = PlaylistRecord(playlist) if playlist else None
        fields = encode_request(request) | (encode_playlist(listing) if listing else {})
        fields |= {
            "urls": json.dumps([source.url for source in sources]),
            "batch_created_at": str(created_ms),
        }
        with self._connection.commands() as client:
            transaction = client.pipeline(transaction=True)
            transaction.hset(keys.batch(batch_id), mapping=fields)
            transaction.expire(keys.batch(batch_id), self._retention_s)
            transaction.zadd(keys.LISTINGS if playlist else keys.BATCHES, {batch_id: created_ms})
            transaction.execute()
        created_at = instant(created_ms)
        return Batch(
            batch_id,
            sources,
            request,
            created_at,
            is_cancelled=False,
            is_pending=True,
            playlist=listing,
        )

    def get(self, batch_id: str) -> Batch | None:
        """Return a batch, or ``None`` if it does not exist or has expired."""
        with self._connection.commands() as client:
            pipeline = client.pipeline(transaction=True)
            pipeline.hgetall(keys.batch(batch_id))
            pipeline.zscore(keys.BATCHES, batch_id)
            pipeline.time()
            record, pending_since, (now_s, _) = pipeline.execute()
        if not record:
            return None
        playlist = decode_playlist(record)
        is_listing = playlist is not None and playlist.status is PlaylistStatus.PENDING
        created_ms = int(record["batch_created_at"])
        return Batch(
            batch_id=batch_id,
            sources=[Source(url) for url in json.loads(record["urls"])],
            request=decode_request(record),
            created_at=instant(created_ms),
            is_cancelled=record.get("is_cancelled") == "1",
            is_pending=is_listing or pending_since is not None,
            playlist=playlist,
            age_s=int(now_s) - created_ms / 1000,
        )

    def owner(self, batch_id: str) -> str:
        """Return the owner of a batch; empty if it has none or does not exist."""
        with self._connection.commands() as client:
            return client.hget(keys.batch(batch_id), "owner") or ""

    def pending(self, *, limit: int) -> Sequence[Batch]:
        """Return batches that may still have jobs to submit, oldest first."""
        with self._connection.commands() as client:
            batch_ids = client.zrange(keys.BATCHES, 0, limit - 1)
        found = {batch_id: self.get(batch_id) for batch_id in batch_ids}
        for batch_id, batch in found.items():
            if batch is None:
                self.finish(batch_id)
        return [batch for batch in found.values() if batch is not None]

    def finish(self, batch_id: str) -> None:
        """Record that all jobs of a batch were submitted."""
        with self._connection.commands() as client:
            client.zrem(keys.BATCHES, batch_id)

    def is_cancelled(self, batch_id: str) -> bool:
        """Return whether a batch was cancelled."""
        with self._connection.commands() as client:
            return bool(client.hget(keys.batch(batch_id), "is_cancelled") == "1")
