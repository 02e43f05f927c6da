"""Removal of files: of jobs that are gone, of abandoned uploads, and of what exceeds the limit."""

import logging
from collections.abc import Iterable

from services.kit.files.artifacts import ArtifactStore
from services.kit.jobs.job import Job, Status
from services.kit.jobs.store import JobStore

__all__ = ["choose_surplus", "sweep"]

_log = logging.getLogger(__name__)


def sweep(store: JobStore, artifacts: ArtifactStore, *, max_bytes: int) -> int:
    """Remove the files of jobs that are gone, abandoned uploads, and what is too much.

    Safe to run while jobs come in: a file that lies in its job's folder before the job is
    written is spared by its age.

    Args:
        store: The jobs.
        artifacts: Their files.
        max_bytes: What the files of finished jobs may take together.

    Returns:
        How many files were removed.
    """
    for job_id in store.list_expired():
        store.remove(job_id)
    jobs = store.list_all()
    removed = sum(_evict(store, artifacts, job) for job in choose_surplus(jobs, max_bytes))
    known = set(store.list_ids())
    removed += sum(artifacts.remove(job_id) for job_id in artifacts.list_settled_job_ids(known))
    return removed + artifacts.remove_stale_uploads()


def choose_surplus(jobs: Iterable[Job], max_bytes: int) -> list[Job]:
    """Return the finished jobs that have to go, those first that nobody used for longest."""
    finished = [job for job in jobs if job.status == Status.COMPLETED]
    surplus_bytes = sum(job.size_bytes or 0 for job in finished) - max_bytes
    surplus = []
    for job in sorted(finished, key=lambda job: job.used_at or job.completed_at or ""):
        if surplus_bytes <= 0:
            break
        surplus.append(job)
        surplus_bytes -= job.size_bytes or 0
    return surplus


def _evict(store: JobStore, artifacts: ArtifactStore, job: Job) -> int:
    _log.info("Job %s makes room for newer ones", job.id)
    store.remove(job.id)
    return artifacts.remove(job.id)
