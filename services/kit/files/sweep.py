"""Remove orphaned files, abandoned uploads, and the files that exceed the size limit."""

import logging
from collections.abc import Iterable

from services.kit.files.artifacts import ArtifactStore
from services.kit.jobs.job import Job, Status
from services.kit.jobs.store import JobStore

__all__ = ["choose_evictions", "sweep"]

_log = logging.getLogger(__name__)


def sweep(store: JobStore, artifacts: ArtifactStore, *, max_bytes: int) -> int:
    """Remove orphaned files, abandoned uploads, and jobs that exceed the size limit.

    Safe to run while jobs are submitted: an upload that is stored before its job is created is
    too new to be removed.

    Args:
        store: The jobs.
        artifacts: Their files.
        max_bytes: Maximum total size of the files of completed jobs.

    Returns:
        The number of removed files.
    """
    for job_id in store.list_expired():
        store.remove(job_id)
    jobs = store.list_all()
    removed = sum(_evict(store, artifacts, job) for job in choose_evictions(jobs, max_bytes))
    existing = set(store.list_ids())
    removed += sum(artifacts.remove(job_id) for job_id in artifacts.list_orphaned_job_ids(existing))
    return removed + artifacts.remove_stale_uploads()


def choose_evictions(jobs: Iterable[Job], max_bytes: int) -> list[Job]:
    """Return the completed jobs to evict, least recently used first."""
    finished = [job for job in jobs if job.status == Status.COMPLETED]
    surplus_bytes = sum(job.size_bytes or 0 for job in finished) - max_bytes
    evictions = []
    for job in sorted(finished, key=lambda job: job.used_at or job.completed_at or ""):
        if surplus_bytes <= 0:
            break
        evictions.append(job)
        surplus_bytes -= job.size_bytes or 0
    return evictions


def _evict(store: JobStore, artifacts: ArtifactStore, job: Job) -> int:
    _log.info("Evicted job %s: MAX_CACHE_GB reached", job.id)
    store.remove(job.id)
    return artifacts.remove(job.id)
