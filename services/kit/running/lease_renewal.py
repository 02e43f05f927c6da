"""Renew the lease of a running job, and kill the job's process once the lease is lost."""

import logging
import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from redis.exceptions import RedisError

from services.kit.jobs.keys import HEARTBEAT_INTERVAL_S
from services.kit.jobs.leases import Leases
from services.kit.running.exemption import exempt

_log = logging.getLogger(__name__)

GRACE_S = 3.0
"""Time to stop after the lease is lost; a job that reports progress stops within a second."""


class LeaseRenewal:
    """A context manager that renews the lease of a running job in a thread.

    Args:
        leases: All leases of the service.
        job_id: The job.
        owner: The token of this run.
        kill: Called when the lease is lost and the job still runs ``GRACE_S`` later; it kills
            this process.
    """

    def __init__(self, leases: Leases, job_id: str, owner: str, kill: Callable[[], None]) -> None:
        self._leases = leases
        self._job_id = job_id
        self._owner = owner
        self._kill = kill
        self._parent = os.getppid()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"lease-{job_id}", daemon=True)

    def _run(self) -> None:
        with exempt():
            self._renew()

    def _renew(self) -> None:
        while not self._ended.wait(HEARTBEAT_INTERVAL_S):
            if os.getppid() != self._parent:  # the parent died, which sends no signal everywhere
                self._kill()
            if not self._is_held() and not self._ended.wait(GRACE_S):
                _log.warning(
                    "Job %s lost its lease and did not stop within %g s; killing its process",
                    self._job_id,
                    GRACE_S,
                )
                self._kill()

    def _is_held(self) -> bool:
        try:
            return self._leases.renew(self._job_id, self._owner)
        except RedisError as error:
            _log.warning(
                "Could not renew the lease of job %s; retrying in %g s: %s",
                self._job_id,
                HEARTBEAT_INTERVAL_S,
                error,
            )
            return True

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
