"""Recover jobs whose worker died and jobs whose message was lost."""

import logging
import time
from collections.abc import Callable

from kombu.exceptions import OperationalError

from services.kit.jobs.keys import LEASE_MS
from services.kit.jobs.leases import Leases, RequeueOutcome
from services.kit.jobs.queue import JobQueue
from services.kit.jobs.store import JobStore

_log = logging.getLogger(__name__)

_GRACE_S = LEASE_MS / 1000
"""After an outage of Redis all leases have expired; their owners get this long to renew them."""


class Recovery:
    """Periodic recovery; any number of workers may run it, because each write is atomic.

    Args:
        store: The jobs.
        leases: Their leases.
        queue: The queue of the workers.
        clock: Monotonic time in seconds.
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
        self.restart_grace_period()

    def restart_grace_period(self) -> None:
        """Recover no jobs for the lifetime of a lease, because Redis is or was unavailable."""
        self._grace_ends_at = self._clock() + _GRACE_S

    def run_once(self) -> None:
        """Requeue jobs with expired leases, and resend lost messages.

        Raises:
            RedisError: Redis is unavailable; call ``restart_grace_period``.
        """
        if self._clock() >= self._grace_ends_at:
            for job_id in self._leases.list_running():
                self._recover(job_id)
        self._resend_lost()

    def hand_back(self, worker: str) -> None:
        """Requeue every running job of a worker that stops.

        Raises:
            RedisError: Redis is unavailable; the jobs wait until their leases expire.
        """
        for job_id in self._leases.list_running():
            if self._leases.requeue(job_id, worker=worker) is RequeueOutcome.REQUEUED:
                _log.info("Job %s handed back: the worker stops", job_id)
                self._send(job_id)

    def _recover(self, job_id: str) -> None:
        outcome = self._leases.requeue(job_id)
        if outcome is RequeueOutcome.REQUEUED:
            _log.warning("Worker of job %s died; running the job again", job_id)
            self._send(job_id)
        elif outcome is RequeueOutcome.EXHAUSTED and self._store.fail_abandoned(job_id):
            _log.error("Job %s failed: its worker died again", job_id)

    def _resend_lost(self) -> None:
        """Resend messages of jobs that wait longer than the oldest message in the queue.

        The queue is first in, first out, so the message of such a job is lost. Two rounds must
        find it, to rule out a race. A superfluous message does no harm.
        """
        waiting = self._leases.list_waiting()
        limit_ms = self._find_limit_ms(waiting)
        lost = {job_id for job_id, since_ms in waiting if since_ms < limit_ms}
        for job_id in lost & self._suspects:
            _log.warning("Message of job %s was lost; sending another", job_id)
            self._leases.move_to_end(job_id)
            self._send(job_id)
        self._suspects = lost - self._suspects

    def _find_limit_ms(self, waiting: list[tuple[str, float]]) -> float:
        oldest_ms = self._queue.find_oldest_ms() if waiting else 0.0
        return float("inf") if oldest_ms is None else oldest_ms

    def _send(self, job_id: str) -> None:
        try:
            self._queue.enqueue(job_id)
        except OperationalError as error:  # a later round finds the message lost
            _log.warning("Could not enqueue job %s; retrying in a later round: %s", job_id, error)
