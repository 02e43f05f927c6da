"""Counts of requests, for rate limits."""

from typing import Final

from orchestrator.job import Job
from orchestrator.store import keys
from orchestrator.store.connection import Connection
from orchestrator.store.records import pairs, recall_job

__all__ = ["LimitStore"]

_ENDLESS: Final = -1  # what PTTL says of a key without an end


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
        key = keys.limit(bucket)
        # A script would take Redis twice the CPU.
        commands = [("INCR", key), ("PTTL", key)]
        if job_id:
            commands.append(("HGETALL", keys.job(job_id)))
        count, left_ms, *records = self._connection.ask(*commands)
        if left_ms == _ENDLESS:  # it is the window's first, or who counted that one died
            self._connection.ask(("EXPIRE", key, window_s))
            left_ms = 1000 * window_s
        job = recall_job(job_id, pairs(records[0])) if records and records[0] else None
        return int(count), max(int(left_ms), 0) / 1000, job

    def look(self, bucket: str) -> tuple[int, float]:
        """Return the same without counting anything."""
        key = keys.limit(bucket)
        count, left_ms = self._connection.ask(("GET", key), ("PTTL", key))
        return int(count or 0), max(int(left_ms), 0) / 1000
