"""Counts of requests, for rate limits."""

from orchestrator.job import Job
from orchestrator.store import keys
from orchestrator.store.connection import Connection
from orchestrator.store.records import decode_job, pairs

__all__ = ["LimitStore"]


class LimitStore:
    """Counts in windows of fixed length, which begin with their first request."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count(
        self, bucket: str, *, window_s: int, job_id: str = ""
    ) -> tuple[int, float, Job | None]:
        """Count a request, and read the job that it asks for on the same way to Redis and back.

        Returns:
            How many there have been in this window, the seconds until it ends, and the job.

        Raises:
            StoreUnavailableError: Redis does not answer.
        """
        count, left_ms, record = self._connection.run("count", bucket, window_s, job_id)
        job = decode_job(job_id, pairs(record)) if record else None
        return int(count), int(left_ms) / 1000, job

    def look(self, bucket: str) -> tuple[int, float]:
        """Return the same without counting anything."""
        with self._connection.commands() as client:
            pipeline = client.pipeline(transaction=False)
            pipeline.get(keys.limit(bucket))
            pipeline.pttl(keys.limit(bucket))
            count, left_ms = pipeline.execute()
        return int(count or 0), max(int(left_ms), 0) / 1000
