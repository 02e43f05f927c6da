"""A worker's sign of life, which also keeps its leases honest."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from orchestrator.domain.job import WakeUp
from orchestrator.engine.running_turns import RunningTurns
from orchestrator.store.workers import WorkerStore

__all__ = ["Heartbeat"]


class Heartbeat:
    """Tells that a worker process lives, and hands back leases that no turn of it holds.

    Args:
        workers: Where the sign is given.
        turns: The turns that really run here.
        ttl_s: For how long one sign counts, in seconds.
        monotonic: Seconds of a clock that never goes back.
    """

    def __init__(
        self,
        workers: WorkerStore,
        turns: RunningTurns,
        *,
        ttl_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._workers = workers
        self._turns = turns
        self._ttl_s = ttl_s
        self._monotonic = monotonic
        self._started_at = datetime.now(UTC)
        self._last_beat: float | None = None
        self._blind_until = 0.0
        self._orphans: frozenset[tuple[str, str]] = frozenset()

    def beat(self) -> tuple[WakeUp, ...]:
        """Give one sign of life.

        Returns:
            Calls for jobs whose turn here has died: seen at two signs in a row, since a lease
            may be just taken or just given up.

        Raises:
            StoreUnavailableError: Redis did not take it.
        """
        running = self._turns.snapshot()
        leased = self._workers.beat(self._turns.worker, self._facts(len(running)))
        now = self._monotonic()
        if self._last_beat is not None and now - self._last_beat > self._ttl_s:
            self._blind_until = now + self._ttl_s
        self._last_beat = now
        return self._hand_back(leased - running.keys())

    @property
    def may_judge(self) -> bool:
        """Whether this process may declare others dead: not if it was itself cut off lately."""
        if self._last_beat is None:
            return False
        now = self._monotonic()
        # A cut-off that has just ended shows here before the next sign of life notes it.
        return now - self._last_beat <= self._ttl_s and now >= self._blind_until

    def _facts(self, active: int) -> dict[str, object]:
        return {
            "started_at": self._started_at.isoformat(),
            "concurrency": self._turns.capacity,
            "active": active,
            "processed": self._turns.processed,
        }

    def _hand_back(self, job_ids: frozenset[str]) -> tuple[WakeUp, ...]:
        seen = frozenset(
            (job_id, turn) for job_id in job_ids if (turn := self._workers.turn_of(job_id))
        )
        dead = seen & self._orphans
        self._orphans = seen - dead
        worker = self._turns.worker
        calls = (self._workers.recover(job_id, worker, turn=turn) for job_id, turn in dead)
        return tuple(call for call in calls if call)
