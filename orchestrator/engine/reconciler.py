"""Finds what stands still and sends it on: dead workers' jobs, due jobs, lost messages."""

import time
from collections import Counter
from collections.abc import Callable, Mapping

from orchestrator.domain.job import WakeUp
from orchestrator.settings import Settings
from orchestrator.store.wake_up_calls import CallStore
from orchestrator.store.workers import WorkerStore
from orchestrator.telemetry.log import LOGGER

__all__ = ["Reconciler"]

_LOCK_ROUNDS = 2.5  # the lock outlives two missed rounds, and is free before its owner is dead


class Reconciler:
    """One round every few seconds, in one process at a time; a round may be repeated.

    Args:
        worker: Who reconciles.
        workers: Signs of life and leases.
        calls: Finds jobs to wake.
        settings: Limits and intervals.
        oldest_number: Returns the number of the oldest message in the queue; infinity where the
            queue is empty, ``None`` where the broker cannot be looked into.
        monotonic: Seconds of a clock that never goes back.
    """

    def __init__(
        self,
        worker: str,
        workers: WorkerStore,
        calls: CallStore,
        settings: Settings,
        oldest_number: Callable[[], float | None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.recoveries: Counter[str] = Counter()
        """Jobs that were sent on, by reason; whoever counts them takes them away."""
        self._worker = worker
        self._workers = workers
        self._calls = calls
        self._settings = settings
        self._oldest_number = oldest_number
        self._monotonic = monotonic
        self._suspects: dict[tuple[str, int], float] = {}

    def run_round(self, *, may_judge: bool) -> tuple[WakeUp, ...]:
        """Look at everything once.

        Args:
            may_judge: Whether workers without a sign of life count as dead.

        Returns:
            The calls to enqueue.

        Raises:
            StoreError: Redis did not answer; the next round finds the same.
        """
        interval_s = self._settings.heartbeat_interval_s
        if not self._workers.lock_round(self._worker, seconds=interval_s * _LOCK_ROUNDS):
            self._suspects.clear()
            return ()
        limits = {name: service.max_inflight for name, service in self._settings.services.items()}
        return (
            *(self._bury() if may_judge else ()),
            *self._calls.due(),
            *self._resend(),
            *self._calls.admit(limits),
            *self._calls.inspect(longest_wait_s=self._settings.max_wait_hours * 3600),
        )

    def _bury(self) -> tuple[WakeUp, ...]:
        """Take the jobs of workers that are dead."""
        recovered: tuple[WakeUp, ...] = ()
        for worker, job_ids in self._workers.dead().items():
            found = (self._workers.recover(job_id, worker) for job_id in sorted(job_ids))
            calls = tuple(call for call in found if call)
            self._workers.forget(worker)
            self.recoveries["dead_worker"] += len(calls)
            if job_ids:
                LOGGER.warning("Worker %s is dead: %d jobs sent on", worker, len(calls))
            recovered += calls
        return recovered

    def _resend(self) -> tuple[WakeUp, ...]:
        """Make new calls for jobs whose message is not in the queue any more."""
        oldest = self._oldest_number()
        grace_s = self._settings.heartbeat_interval_s * 0.9
        if oldest is None:
            oldest, grace_s = float("inf"), self._settings.turn_s
        lost = self._seen_for(grace_s, self._calls.waiting_below(oldest))
        if lost:
            self.recoveries["lost_message"] += len(lost)
            LOGGER.warning("%d messages were lost: sent again", len(lost))
        return self._calls.resend(lost)

    def _seen_for(self, grace_s: float, waiting: Mapping[str, int]) -> dict[str, int]:
        """Return those that have been under the same number for some seconds already."""
        now = self._monotonic()
        self._suspects = {suspect: self._suspects.get(suspect, now) for suspect in waiting.items()}
        return {
            job_id: number
            for (job_id, number), since in self._suspects.items()
            if now - since >= grace_s
        }
