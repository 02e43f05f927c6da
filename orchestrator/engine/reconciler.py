"""Re-enqueues jobs that no worker will continue: of dead workers, due, or without a message."""

import time
from collections import Counter
from collections.abc import Callable, Mapping

from orchestrator.domain.job import WakeUp
from orchestrator.settings import Settings
from orchestrator.store.wake_up_calls import WakeUpCallStore
from orchestrator.store.workers import WorkerStore
from orchestrator.telemetry.log import LOGGER

__all__ = ["Reconciler"]

_LOCK_ROUNDS = 2.5  # the lock survives two missed rounds, and expires before its owner is dead


class Reconciler:
    """Runs a round every few seconds, in one process at a time; rounds are idempotent.

    Args:
        worker: The name of this worker process.
        workers: Heartbeats and leases.
        calls: Finds jobs to re-enqueue.
        settings: Limits and intervals.
        oldest_number: Returns the number of the oldest message in the queue: infinity if the
            queue is empty, ``None`` if the broker cannot be inspected.
        monotonic: Returns the seconds of a monotonic clock.
    """

    def __init__(
        self,
        worker: str,
        workers: WorkerStore,
        calls: WakeUpCallStore,
        settings: Settings,
        oldest_number: Callable[[], float | None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.recoveries: Counter[str] = Counter()
        """Re-enqueued jobs by reason; the caller removes what it has counted."""
        self._worker = worker
        self._workers = workers
        self._calls = calls
        self._settings = settings
        self._oldest_number = oldest_number
        self._monotonic = monotonic
        self._suspects: dict[tuple[str, int], float] = {}

    def run_round(self, *, may_declare_dead: bool) -> tuple[WakeUp, ...]:
        """Run one round, if no other process is reconciling.

        Args:
            may_declare_dead: Whether workers without a heartbeat count as dead.

        Returns:
            The wake-up calls to enqueue.

        Raises:
            StoreError: Redis did not answer; the next round finds the same jobs.
        """
        interval_s = self._settings.heartbeat_interval_s
        if not self._workers.lock_round(self._worker, seconds=interval_s * _LOCK_ROUNDS):
            self._suspects.clear()
            return ()
        limits = {name: service.max_inflight for name, service in self._settings.services.items()}
        return (
            *(self._recover_dead() if may_declare_dead else ()),
            *self._calls.wake_due(),
            *self._resend_lost(),
            *self._calls.admit(limits),
            *self._calls.inspect(longest_wait_s=self._settings.max_wait_hours * 3600),
        )

    def _recover_dead(self) -> tuple[WakeUp, ...]:
        """Recover the jobs of dead workers."""
        recovered: tuple[WakeUp, ...] = ()
        for worker, job_ids in self._workers.dead().items():
            found = (self._workers.recover(job_id, worker) for job_id in sorted(job_ids))
            calls = tuple(call for call in found if call)
            self._workers.forget(worker)
            self.recoveries["dead_worker"] += len(calls)
            if job_ids:
                LOGGER.warning(
                    "Worker %s has no heartbeat; re-enqueued its jobs: jobs=%d", worker, len(calls)
                )
            recovered += calls
        return recovered

    def _resend_lost(self) -> tuple[WakeUp, ...]:
        """Return new calls for jobs whose message is no longer in the queue."""
        oldest = self._oldest_number()
        grace_s = self._settings.heartbeat_interval_s * 0.9
        if oldest is None:
            oldest, grace_s = float("inf"), self._settings.turn_s
        lost = self._seen_for(grace_s, self._calls.waiting_below(oldest))
        if lost:
            self.recoveries["lost_message"] += len(lost)
            LOGGER.warning(
                "Lost messages from the queue; re-enqueued their jobs: jobs=%d", len(lost)
            )
        return self._calls.resend(lost)

    def _seen_for(self, grace_s: float, waiting: Mapping[str, int]) -> dict[str, int]:
        """Return the jobs that have waited under the same number for at least `grace_s`."""
        now = self._monotonic()
        self._suspects = {suspect: self._suspects.get(suspect, now) for suspect in waiting.items()}
        return {
            job_id: number
            for (job_id, number), since in self._suspects.items()
            if now - since >= grace_s
        }
