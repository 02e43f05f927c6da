"""Holds a job while its work goes on, and ends a work that does not let go."""

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
"""A work that reports stops within a second. One that hangs for longer is killed."""


class Lease:
    """Renews the lease of a running job from a thread of its own.

    Args:
        leases: All leases of the service.
        job_id: The job.
        owner: The token of this run.
        end: Called when the job is no longer the owner's and its work still goes on after
            ``GRACE_S``; it ends this process.
    """

    def __init__(self, leases: Leases, job_id: str, owner: str, end: Callable[[], None]) -> None:
        self._leases = leases
        self._job_id = job_id
        self._owner = owner
        self._end = end
        self._parent = os.getppid()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._hold, name=f"lease-{job_id}", daemon=True)

    def _hold(self) -> None:
        with exempt():
            self._renew()

    def _renew(self) -> None:
        while not self._is_over.wait(HEARTBEAT_INTERVAL_S):
            if os.getppid() != self._parent:  # where a parent's death is no signal
                self._end()
            if not self._is_held() and not self._is_over.wait(GRACE_S):
                _log.warning("The work of job %s does not stop: it is killed", self._job_id)
                self._end()

    def _is_held(self) -> bool:
        try:
            return self._leases.renew(self._job_id, self._owner)
        except RedisError as error:
            _log.warning("The lease of job %s was not renewed: %s", self._job_id, error)
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
        self._is_over.set()
        self._thread.join()
