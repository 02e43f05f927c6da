"""Counts of requests, for rate limits."""

from orchestrator.store import keys
from orchestrator.store.connection import Connection

__all__ = ["LimitStore"]


class LimitStore:
    """Counts in windows of fixed length, which begin with their first request."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count(self, bucket: str, *, window_s: int) -> tuple[int, float]:
        """Count a request.

        Returns:
            How many there have been in this window, and the seconds until it ends.

        Raises:
            StoreUnavailableError: Redis does not answer.
        """
        count, left_ms = self._connection.run("count", bucket, window_s)
        return int(count), int(left_ms) / 1000

    def look(self, bucket: str) -> tuple[int, float]:
        """Return the same without counting anything."""
        with self._connection.commands() as client:
            pipeline = client.pipeline(transaction=False)
            pipeline.get(keys.limit(bucket))
            pipeline.pttl(keys.limit(bucket))
            count, left_ms = pipeline.execute()
        return int(count or 0), max(int(left_ms), 0) / 1000
