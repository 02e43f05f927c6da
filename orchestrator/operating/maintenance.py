"""Cleanup and factory reset, on an operator's request."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from orchestrator.engine.resources import Connections
from orchestrator.errors import IllegalTransitionError, JobNotFoundError, ServiceError
from orchestrator.microservice import MicroserviceClient
from orchestrator.store.jobs import JobStore
from orchestrator.store.keyspace import Keyspace
from orchestrator.telemetry import log

__all__ = ["Maintenance", "Removed"]

_BATCH = 200


@dataclass(frozen=True)
class Removed:
    """The result of a cleanup or a factory reset."""

    jobs_removed: int
    logs_cleaned: bool
    microservices: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The result of each service: ``status`` with ``data`` or ``error``; for resets only."""


class Maintenance:
    """Removes jobs and other data when an operator asks for it.

    Args:
        connections: The process's connections.
        purge: Removes all messages from the broker.
    """

    def __init__(self, connections: Connections, purge: Callable[[], None]) -> None:
        self._settings = connections.settings
        self._purge = purge
        self._jobs = JobStore(connections.connection, connections.settings)
        self._keyspace = Keyspace(connections.connection)
        self._uploads = connections.uploads
        self._clients = connections.clients

    def clean_up(self, *, max_age_hours: float, deep: bool) -> Removed:
        """Remove jobs that have ended and were created at least ``max_age_hours`` ago.

        Args:
            max_age_hours: The minimum age, in hours since creation.
            deep: Whether to empty the logs too.
        """
        before_ms = self._keyspace.now_ms() - max_age_hours * 3_600_000
        removed = skipped = 0
        while True:
            job_ids = self._keyspace.created_before(before_ms, limit=_BATCH, offset=skipped)
            if not job_ids:
                return Removed(removed, deep and log.empty(self._settings))
            outcomes = [self._remove(job_id) for job_id in job_ids]
            removed += sum(outcomes)
            skipped += len(outcomes) - sum(outcomes)

    def factory_reset(self) -> Removed:
        """Cancel running jobs, then remove all jobs, messages, uploads, logs and remote files.

        A service that fails is reported and does not delay the others.
        """
        removed = sum(self._jobs.counts().values())
        for job_id in self._keyspace.unfinished():
            self._cancel(job_id)
        self._purge()
        uploads = self._uploads_of_jobs()
        self._keyspace.remove()
        for job_id in uploads:
            self._uploads.remove(job_id)
        with ThreadPoolExecutor(len(self._clients)) as pool:
            results = pool.map(_clean_service, self._clients.values())
            services = dict(zip(self._clients, results, strict=True))
        return Removed(removed, log.empty(self._settings), services)

    def _remove(self, job_id: str) -> bool:
        try:
            self._jobs.remove(job_id)
        except IllegalTransitionError:
            return False
        except JobNotFoundError:
            pass  # it had expired; the call has removed it from the indexes
        self._uploads.remove(job_id)
        return True

    def _uploads_of_jobs(self) -> list[str]:
        """Return the jobs that have files; an upload in progress belongs to no job yet."""
        job_ids = self._uploads.job_ids()
        return [
            job_id for job_id, job in zip(job_ids, self._jobs.find(job_ids), strict=True) if job
        ]

    def _cancel(self, job_id: str) -> None:
        try:
            self._jobs.cancel(job_id)
        except JobNotFoundError:
            return


def _clean_service(client: MicroserviceClient) -> dict[str, Any]:
    try:
        return {"status": "success", "data": client.clean_up()}
    except ServiceError as error:
        return {"status": "error", "error": str(error)}
