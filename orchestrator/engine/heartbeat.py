"""The heartbeat of a worker process, which also recovers leases that no turn holds."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from orchestrator.domain.job import WakeUp
from orchestrator.engine.running_turns import RunningTurns
from orchestrator.store.workers import WorkerStore

__all__ = ["Heartbeat"]


class Heartbeat:
    """Renews the heartbeat of a worker process, and recovers its leases without a running turn.

    Args:
        workers: The heartbeats and leases.
        turns: The turns that are running in this process.
        ttl_s: Seconds after which a heartbeat expires.
        monotonic: Returns the seconds of a monotonic clock.
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
        """Renew the heartbeat.

        Returns:
            Wake-up calls for the jobs whose turn in this process has died. A lease counts as dead
            at the second heartbeat without its turn: it may have been taken or released just now.

        Raises:
            StoreUnavailableError: Redis did not answer; the heartbeat is not renewed.
        """
        running = self._turns.snapshot()
        leased = self._workers.beat(self._turns.worker, self._facts(len(running)))
        now = self._monotonic()
        if self._last_beat is not None and now - self._last_beat > self._ttl_s:
            self._blind_until = now + self._ttl_s
        self._last_beat = now
        return self._recover(leased - running.keys())

    @property
    def may_declare_dead(self) -> bool:
        """Whether this process may declare others dead: not soon after it was itself cut off.

        After an outage of Redis that is longer than a heartbeat lives, every worker looks dead.
        """
        if self._last_beat is None:
            return False
        now = self._monotonic()
        # An outage that has just ended shows here before the next heartbeat records it.
        return now - self._last_beat <= self._ttl_s and now >= self._blind_until

    def _facts(self, active: int) -> dict[str, object]:
        return {
            "started_at": self._started_at.isoformat(),
            "concurrency": self._turns.capacity,
            "active": active,
            "processed": self._turns.processed,
        }

    def _recover(self, job_ids: frozenset[str]) -> tuple[WakeUp, ...]:
        seen = frozenset(
            (job_id, turn) for job_id in job_ids if (turn := self._workers.turn_of(job_id))
        )
        dead = seen & self._orphans
        self._orphans = seen - dead
        worker = self._turns.worker
        calls = (self._workers.recover(job_id, worker, turn=turn) for job_id, turn in dead)
        return tuple(call for call in calls if call)
