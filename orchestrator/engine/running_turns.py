"""The turns that are running in this process, and requests to end some of them early."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

__all__ = ["RunningTurns"]


class RunningTurns:
    """The registry of running turns; thread-safe.

    Args:
        worker: The name of this worker process.
        capacity: How many turns it can run at once.
    """

    def __init__(self, worker: str, *, capacity: int) -> None:
        self.worker = worker
        self.capacity = capacity
        self.processed = 0
        """Turns that have ended since the process started."""
        self._running: dict[str, str] = {}
        self._to_yield = 0
        self._lock = threading.Lock()

    @contextmanager
    def track(self, job_id: str, turn: str) -> Iterator[None]:
        """Register a turn while it runs."""
        with self._lock:
            self._running[job_id] = turn
        try:
            yield
        finally:
            with self._lock:
                self.processed += 1
                if self._running.get(job_id) == turn:
                    del self._running[job_id]

    def snapshot(self) -> Mapping[str, str]:
        """Return the ids of the running turns, by job id."""
        with self._lock:
            return dict(self._running)

    def request_yield(self, waiting: int) -> None:
        """Request one turn per waiting message to end at its next poll, if all slots are taken.

        Args:
            waiting: How many messages wait in the queue.
        """
        with self._lock:
            is_full = len(self._running) >= self.capacity
            self._to_yield = min(waiting, len(self._running)) if is_full else 0

    def should_yield(self) -> bool:
        """Return whether the calling turn should end now; each request is granted once."""
        with self._lock:
            if self._to_yield <= 0:
                return False
            self._to_yield -= 1
            return True
