"""The turns that run in this process, and whether some should end early."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

__all__ = ["RunningTurns"]


class RunningTurns:
    """Notes which turns run; safe for all threads.

    Args:
        worker: The name of this worker process.
        capacity: How many turns it can drive at once.
    """

    def __init__(self, worker: str, *, capacity: int) -> None:
        self.worker = worker
        self.capacity = capacity
        self.processed = 0
        """Turns that have ended since the process began."""
        self._running: dict[str, str] = {}
        self._to_yield = 0
        self._lock = threading.Lock()

    @contextmanager
    def noted(self, job_id: str, turn: str) -> Iterator[None]:
        """Note a turn while it runs."""
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
        """Return the running turns by their job."""
        with self._lock:
            return dict(self._running)

    def ask_to_yield(self, waiting: int) -> None:
        """Have as many turns end at their next poll as messages wait, if all slots are taken."""
        with self._lock:
            is_full = len(self._running) >= self.capacity
            self._to_yield = min(waiting, len(self._running)) if is_full else 0

    def should_yield(self) -> bool:
        """Whether the turn that asks is to end now, so that a waiting job gets its slot."""
        with self._lock:
            if self._to_yield <= 0:
                return False
            self._to_yield -= 1
            return True
