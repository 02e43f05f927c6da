"""Periodic removal of expired jobs, unused uploads and remote jobs that are no longer needed."""

from collections.abc import Sequence
from typing import Final

from orchestrator.engine.resources import Connections
from orchestrator.errors import ServiceError
from orchestrator.store.deletions import Deletion, DeletionStore
from orchestrator.store.jobs import JobStore
from orchestrator.telemetry.log import LOGGER

__all__ = ["Upkeep"]

_DELETE_RETRY_S: Final = 30.0  # after a deletion that its service has not confirmed
_DELETIONS: Final = 100  # per round
_EXPIRED: Final = 1000  # per round


class Upkeep:
    """The periodic removals; each may be interrupted and repeated.

    Args:
        connections: The process's connections.
    """

    def __init__(self, connections: Connections) -> None:
        self._jobs = JobStore(connections.connection, connections.settings)
        self._deletions = DeletionStore(connections.connection)
        self._uploads = connections.uploads
        self._clients = connections.clients

    def remove_expired(self) -> int:
        """Remove expired jobs from the indexes; return how many."""
        expired = self._jobs.expired(limit=_EXPIRED)
        for job_id in expired:
            self._jobs.drop(job_id)
            self._uploads.remove(job_id)
        return len(expired)

    def sweep_uploads(self) -> int:
        """Remove incomplete uploads and those whose jobs are gone; return how many."""
        return self._uploads.sweep(self._missing_jobs)

    def delete_remote_jobs(self) -> int:
        """Delete remote jobs that no job needs; return how many were deleted."""
        due = self._deletions.take_due(limit=_DELETIONS, visibility_timeout_s=_DELETE_RETRY_S)
        return sum(self._delete_remote(deletion) for deletion in due)

    def _missing_jobs(self, job_ids: Sequence[str]) -> list[str]:
        jobs = self._jobs.find(job_ids)
        return [job_id for job_id, job in zip(job_ids, jobs, strict=True) if job is None]

    def _delete_remote(self, deletion: Deletion) -> bool:
        client = self._clients.get(deletion.service)
        try:
            if client is not None:
                client.delete(deletion.remote_id, instance=deletion.instance)
        except ServiceError as error:
            LOGGER.warning(
                "Could not delete remote job %s, will retry: %s", deletion.remote_id, error
            )
            return False
        self._deletions.confirm(deletion)
        return True
