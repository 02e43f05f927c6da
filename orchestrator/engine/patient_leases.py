"""Lease operations that wait until Redis is available."""

from collections.abc import Callable
from typing import Final, TypeVar

from orchestrator.domain.pipeline import Stage
from orchestrator.domain.transitions import Change
from orchestrator.errors import StoreUnavailableError
from orchestrator.http.stopping import StopSignal
from orchestrator.store.leases import Claim, Committed, Lease, LeaseStore, Placement

__all__ = ["PatientLeases"]

_RETRY_S: Final = 0.5

Result = TypeVar("Result")


class PatientLeases:
    """Repeats the operations of `LeaseStore`, all idempotent, while Redis is unavailable.

    If the worker stops meanwhile, a method raises `StoreUnavailableError`. The lease is kept then,
    and the reconciler re-enqueues the job.

    Args:
        store: The store.
        stop: Ends the waits.
    """

    def __init__(self, store: LeaseStore, stop: StopSignal) -> None:
        self._store = store
        self._stop = stop

    def claim(self, job_id: str, stage: Stage, *, worker: str, turn: str) -> Claim | None:
        """Take the lease on a stage, as `LeaseStore.claim` does."""
        return self._repeat(lambda: self._store.claim(job_id, stage, worker=worker, turn=turn))

    def place(self, lease: Lease, stage: Stage) -> Placement:
        """Choose the instance for the stage's remote job, as `LeaseStore.place` does."""
        return self._repeat(lambda: self._store.place(lease, stage))

    def commit(self, lease: Lease, change: Change, stage: Stage) -> Committed:
        """Write a change exactly once, however often the write is repeated.

        Raises:
            LeaseLostError: The stage has a newer owner, or the job has ended.
        """
        prepared = self._store.prepare(lease, change, stage)
        return self._repeat(lambda: self._store.write(lease, prepared))

    def _repeat(self, operation: Callable[[], Result]) -> Result:
        while True:
            try:
                return operation()
            except StoreUnavailableError:
                if self._stop.wait(_RETRY_S):
                    raise
