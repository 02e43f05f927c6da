"""Following a job while it goes on: waiting for its next change, and its stream of events."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from orchestrator.domain.job import Job
from orchestrator.engine.resources import Connections
from orchestrator.errors import StoreUnavailableError
from orchestrator.store.events import EventStore, LiveEvent, News
from orchestrator.store.job_changes import ChangeFeed
from orchestrator.store.jobs import JobStore

__all__ = ["BEGINNING", "Live"]

BEGINNING: Final = "0-0"
"""The id before every event's."""

_READERS: Final = 16  # a thousand who are woken at once read one after the other, not all at once
_AWAY_S: Final = 1.0  # between two looks while Redis is away


class Live:
    """Serves everybody in this process who follows a job.

    A follower costs a waiting thread (a greenlet in the API) and neither a connection nor a poll:
    one subscription wakes them all.

    Args:
        connections: What this process talks with.
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
        """Keep one of a few places, so that many who are woken at once need few connections."""
        with self._readers:
            yield

    def await_change(self, job: Job, *, wait_s: float) -> Job:
        """Return a job once its status, stage or progress differs, or as it is after a while.

        Raises:
            JobNotFoundError: It was deleted meanwhile.
            StoreUnavailableError: Redis does not answer.
        """
        deadline = time.monotonic() + wait_s
        known = _mark(job)
        with self._feed.watch(job.job_id) as watch:
            while not job.status.is_terminal:
                with self.reading():
                    job = self._jobs.get(job.job_id)
                left_s = deadline - time.monotonic()
                if _mark(job) != known or left_s <= 0:
                    break
                watch.wait(left_s)
        return job

    def news(self, job_id: str, *, after: str) -> News:
        """Return what happened to a job after an event."""
        with self.reading():
            return self._events.news(job_id, after=after)

    def follow(self, job_id: str, *, after: str) -> Iterator[list[LiveEvent]]:
        """Give what happens to a job as it happens, until it has ended.

        Redis may go away meanwhile: what happened is given when it is back.

        Args:
            job_id: The job.
            after: The id of the last event that is known.

        Yields:
            The next events; none as a sign of life, where nothing happened for a while.
        """
        spoke_at = time.monotonic()
        with self._feed.watch(job_id) as watch:
            while True:
                pause_s = spoke_at + self._heartbeat_s - time.monotonic()
                try:
                    news = self.news(job_id, after=after)
                except StoreUnavailableError:
                    news, pause_s = News((), is_over=False), min(pause_s, _AWAY_S)
                if news.events or pause_s <= 0:
                    yield list(news.events)
                    spoke_at = time.monotonic()
                if news.events:
                    after = news.events[-1].event_id
                if news.is_over:
                    return
                if not news.events:
                    watch.wait(max(pause_s, 0.0))


def _mark(job: Job) -> tuple[object, ...]:
    stages = tuple((one.status, one.progress, one.attempt) for one in job.stages.values())
    return job.status, job.stage, job.overall_progress, stages
