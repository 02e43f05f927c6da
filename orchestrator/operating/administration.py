"""What an operator can ask for beside single jobs: figures, cleaning up, starting from nothing."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from orchestrator.domain.job import JobStatus
from orchestrator.engine.resources import Connections
from orchestrator.errors import IllegalTransitionError, JobNotFoundError, ServiceError
from orchestrator.microservice import MicroserviceClient
from orchestrator.store.jobs import JobStore
from orchestrator.store.keyspace import Everything
from orchestrator.telemetry import log

__all__ = ["Administration", "Cleaned", "Figures"]

_BATCH = 200


@dataclass(frozen=True)
class Figures:
    """How much there is."""

    total_jobs: int
    active_jobs: int
    completed_jobs: int
    memory_bytes: int


@dataclass(frozen=True)
class Cleaned:
    """What was removed."""

    jobs_removed: int
    logs_cleaned: bool
    microservices: Mapping[str, Mapping[str, Any]]
    """What each service did: ``status`` with ``data`` or ``error``."""


class Administration:
    """An operator's use cases.

    Args:
        connections: What this process talks with.
        purge: Removes the messages on the broker.
    """

    def __init__(self, connections: Connections, purge: Callable[[], None]) -> None:
        connection, settings = connections.connection, connections.settings
        self.settings = settings
        self._purge = purge
        self._jobs = JobStore(connection, settings)
        self._everything = Everything(connection)
        self._uploads = connections.uploads
        self._clients = connections.clients

    def figures(self) -> Figures:
        """Count the jobs, and what Redis uses for them and for everything else."""
        counts = self._jobs.counts()
        return Figures(
            total_jobs=sum(counts.values()),
            active_jobs=sum(
                count for status, count in counts.items() if not JobStatus(status).is_terminal
            ),
            completed_jobs=counts[JobStatus.COMPLETED],
            memory_bytes=self._everything.memory_bytes(),
        )

    def clean_up(self, *, max_age_hours: float, deep: bool) -> Cleaned:
        """Remove jobs that have ended and are older; one that still runs is never touched.

        Args:
            max_age_hours: The age from which on a job is removed, by its creation.
            deep: Whether the logs are emptied too.
        """
        before_ms = self._everything.now_ms() - max_age_hours * 3_600_000
        removed = skipped = 0
        while True:
            job_ids = self._everything.created_before(before_ms, limit=_BATCH, offset=skipped)
            if not job_ids:
                return Cleaned(removed, deep and log.empty(self.settings), {})
            outcomes = [self._remove(job_id) for job_id in job_ids]
            removed += sum(outcomes)
            skipped += len(outcomes) - sum(outcomes)

    def factory_reset(self) -> Cleaned:
        """Cancel what runs and remove everything: jobs, messages, uploads, logs, files elsewhere.

        A service that does not answer is reported and does not hold up the others.
        """
        removed = sum(self._jobs.counts().values())
        for job_id in self._everything.unfinished():
            self._cancel(job_id)
        self._purge()
        uploads = self._uploads_of_jobs()
        self._everything.remove()
        for job_id in uploads:
            self._uploads.remove(job_id)
        with ThreadPoolExecutor(len(self._clients)) as pool:
            results = pool.map(_clean_service, self._clients.values())
            services = dict(zip(self._clients, results, strict=True))
        return Cleaned(removed, log.empty(self.settings), services)

    def _remove(self, job_id: str) -> bool:
        try:
            self._jobs.remove(job_id)
        except IllegalTransitionError:
            return False
        except JobNotFoundError:
            pass  # it had expired, and now is out of the indexes too
        self._uploads.remove(job_id)
        return True

    def _uploads_of_jobs(self) -> list[str]:
        """Return the jobs that have files; one that only just came in is no job's yet."""
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
