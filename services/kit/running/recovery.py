"""Finds what stands still and sends it on: jobs without a worker, jobs without a message."""

import logging
import time
from collections.abc import Callable

from kombu.exceptions import OperationalError

from services.kit.jobs.keys import LEASE_MS
from services.kit.jobs.leases import Leases, Requeued
from services.kit.jobs.queue import JobQueue
from services.kit.jobs.store import JobStore

_log = logging.getLogger(__name__)

_TRUST_AFTER_S = LEASE_MS / 1000
"""After Redis was away all leases have run out; so long their owners may take to renew them."""


class Recovery:
    """One round after another, in any number of workers at once: each write is atomic.

    Args:
        store: The jobs.
        leases: Their leases.
        queue: The way to the workers.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        store: JobStore,
        leases: Leases,
        queue: JobQueue,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._leases = leases
        self._queue = queue
        self._clock = clock
        self._suspects: set[str] = set()
        self.distrust()

    def distrust(self) -> None:
        """Declare nobody dead for the life of a lease: Redis was away, or may have been."""
        self._trusted_from = self._clock() + _TRUST_AFTER_S

    def run_once(self) -> None:
        """Let jobs wait again whose leases have run out, and send lost messages again.

        Raises:
            RedisError: Redis does not answer; call ``distrust``.
        """
        if self._clock() >= self._trusted_from:
            for job_id in self._leases.list_running():
                self._rescue(job_id)
        self._resend_lost()

    def hand_back(self, worker: str) -> None:
        """Let every job of a worker that stops be done by others.

        Raises:
            RedisError: Redis does not answer; the jobs wait until their leases have run out.
        """
        for job_id in self._leases.list_running():
            if self._leases.requeue(job_id, worker=worker) is Requeued.REQUEUED:
                _log.info("Job %s is handed back", job_id)
                self._send(job_id)

    def _rescue(self, job_id: str) -> None:
        outcome = self._leases.requeue(job_id)
        if outcome is Requeued.REQUEUED:
            _log.warning("Job %s has lost its worker and is run again", job_id)
            self._send(job_id)
        elif outcome is Requeued.SPENT and self._store.give_up(job_id):
            _log.error("Job %s has lost its worker again and has failed", job_id)

    def _resend_lost(self) -> None:
        """Send what waits longer than the queue's oldest message; seen twice, it is no race.

        The queue is first in, first out, so that such a job's own message must be gone. Another
        message too many does nothing.
        """
        waiting = self._leases.list_waiting()
        limit_ms = self._find_limit_ms(waiting)
        lost = {job_id for job_id, since_ms in waiting if since_ms < limit_ms}
        for job_id in lost & self._suspects:
            _log.warning("The message of job %s was lost and is sent again", job_id)
            self._leases.wait_anew(job_id)
            self._send(job_id)
        self._suspects = lost - self._suspects

    def _find_limit_ms(self, waiting: list[tuple[str, float]]) -> float:
        oldest_ms = self._queue.find_oldest_ms() if waiting else 0.0
        return float("inf") if oldest_ms is None else oldest_ms

    def _send(self, job_id: str) -> None:
        try:
            self._queue.enqueue(job_id)
        except OperationalError as error:  # as if lost, and found so in a later round
            _log.warning("Job %s could not be sent: %s", job_id, error)
