"""Live updates of a job: wait for its next change, or stream its events."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from orchestrator.domain.job import Job
from orchestrator.engine.resources import Connections
from orchestrator.errors import StoreUnavailableError
from orchestrator.store.events import EventBatch, EventStore, LiveEvent
from orchestrator.store.job_changes import ChangeFeed
from orchestrator.store.jobs import JobStore

__all__ = ["BEGINNING", "LiveUpdates"]

BEGINNING: Final = "0-0"
"""An event id that precedes every event."""

_READERS: Final = 16  # concurrent reads; a change may wake a thousand clients at once
_RETRY_S: Final = 1.0  # between reads while Redis is away


class LiveUpdates:
    """Serves all clients of this process that follow a job.

    A client costs one waiting thread (a greenlet in the API), but neither a connection nor
    polling: one subscription wakes all clients.

    Args:
        connections: The process's connections.
    """

    def __init__(self, connections: Connections) -> None:
        connection, settings = connections.connection, connections.settings
        self._heartbeat_s = settings.sse_heartbeat_s
        self._jobs = JobStore(connection, settings)
        self._events = EventStore(connection)
        self._feed = ChangeFeed(connection)
        self._readers = threading.BoundedSemaphore(_READERS)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Limit concurrent reads, so that many clients woken at once need few connections."""
        with self._readers:
            yield

    def await_change(self, job: Job, *, wait_s: float) -> Job:
        """Block until the job changes or ``wait_s`` elapses, then return it.

        Raises:
            JobNotFoundError: The job was deleted meanwhile.
            StoreUnavailableError: Redis does not answer.
        """
        deadline = time.monotonic() + wait_s
        known = _state(job)
        with self._feed.watch(job.job_id) as watch:
            while not job.status.is_terminal:
                with self.reading():
                    job = self._jobs.get(job.job_id)
                left_s = deadline - time.monotonic()
                if _state(job) != known or left_s <= 0:
                    break
                watch.wait(left_s)
        return job

    def events_after(self, job_id: str, *, after: str) -> EventBatch:
        """Return the events of a job after the event ``after``."""
        with self.reading():
            return self._events.read_after(job_id, after=after)

    def follow(self, job_id: str, *, after: str) -> Iterator[list[LiveEvent]]:
        """Yield a job's events as they happen, until the job has ended.

        While Redis is away no events are yielded; they follow when it is back.

        Args:
            job_id: The job.
            after: The id of the last event that the client has received.

        Yields:
            The next events; an empty list as a heartbeat if there were none for a while.
        """
        yielded_at = time.monotonic()
        with self._feed.watch(job_id) as watch:
            while True:
                pause_s = yielded_at + self._heartbeat_s - time.monotonic()
                try:
                    news = self.events_after(job_id, after=after)
                except StoreUnavailableError:
                    news, pause_s = EventBatch((), is_over=False), min(pause_s, _RETRY_S)
                if news.events or pause_s <= 0:
                    yield list(news.events)
                    yielded_at = time.monotonic()
                if news.events:
                    after = news.events[-1].event_id
                if news.is_over:
                    return
                if not news.events:
                    watch.wait(max(pause_s, 0.0))


def _state(job: Job) -> tuple[object, ...]:
    stages = tuple((one.status, one.progress, one.attempt) for one in job.stages.values())
    return job.status, job.stage, job.overall_progress, stages
