"""The files of a service's jobs: uploads, work folders and artifacts."""

import os
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from services.kit.files.run_files import RunFiles
from services.kit.files.storage import FileStorage

STALE_S = 3600
"""Uploads are moved within seconds; older ones were left behind by killed processes."""


class ArtifactStore:
    """Stores files in one folder per job.

    File names are fixed: no name from a client becomes part of a path. Each run of a job has its
    own folder, so that a worker that was presumed dead cannot overwrite the files of another run.

    Args:
        scratch: Local folder for incoming uploads and for work.
        url: Storage of files, shared by API and workers; defaults to ``scratch``.
    """

    def __init__(self, scratch: Path, url: str | None = None) -> None:
        self._scratch = scratch.absolute()
        self._files = FileStorage(url or self._scratch.as_uri())
        self._work = self._scratch / "work"
        self.incoming = self._scratch / "incoming"

    def prepare(self) -> None:
        """Create the local folders; calling it twice is safe."""
        self._work.mkdir(parents=True, exist_ok=True)
        self.incoming.mkdir(parents=True, exist_ok=True)

    def store_upload(self, job_id: str, spool: Path) -> None:
        """Move an uploaded file to its job."""
        self._files.move_in(spool, f"jobs/{job_id}/upload")

    def open_run(self, job_id: str, owner: str) -> RunFiles:
        """Return the files of a new run; remove the job's other runs from this machine first."""
        self._remove_work(job_id)
        return RunFiles(self._files, self._work / f"{job_id}-{owner}", job_id, owner)

    def open_artifact(self, job_id: str, owner: str) -> IO[bytes] | None:
        """Open the artifact of a run, or return `None` if it was removed."""
        return self._files.open(f"jobs/{job_id}/{owner}/artifact")

    def open_document(self, job_id: str, owner: str, name: str) -> IO[bytes] | None:
        """Open a JSON document of a run, or return `None` if it does not exist."""
        return self._files.open(f"jobs/{job_id}/{owner}/{name}.json") if owner else None

    def remove(self, job_id: str) -> int:
        """Remove a job's files; return their number."""
        return self._files.remove(f"jobs/{job_id}") + self._remove_work(job_id)

    def _remove_work(self, job_id: str) -> int:
        folders = list(self._work.glob(f"{job_id}-*"))
        count = sum(1 for folder in folders for _ in _walk_files(folder))
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        return count

    def list_orphaned_job_ids(self, existing: set[str]) -> list[str]:
        """Return the ids of jobs that have files, all older than `STALE_S`, but do not exist.

        Args:
            existing: The ids of all jobs.
        """
        oldest = datetime.now(UTC) - timedelta(seconds=STALE_S)
        ids = set(self._files.list_folder("jobs"))
        ids |= {folder.name.rpartition("-")[0] for folder in self._work.iterdir()}
        return [job_id for job_id in ids - existing if self._find_newest(job_id) < oldest]

    def _find_newest(self, job_id: str) -> datetime:
        """Return the time of the newest file or work folder of a job."""
        long_ago = datetime.fromtimestamp(0, UTC)
        folders = self._work.glob(f"{job_id}-*")
        times = [datetime.fromtimestamp(folder.stat().st_mtime, UTC) for folder in folders]
        return max([*times, self._files.find_newest(f"jobs/{job_id}") or long_ago])

    def remove_stale_uploads(self) -> int:
        """Remove stale uploads that never became jobs; return their number."""
        oldest = time.time() - STALE_S
        stale = [path for path in _walk_files(self.incoming) if path.stat().st_mtime < oldest]
        for path in stale:
            path.unlink(missing_ok=True)
        return len(stale)

    def measure(self) -> dict[str, int]:
        """Return the number of files, their size and the local free space in bytes."""
        files, size_bytes = self._files.measure()
        return {"files": files, "size_bytes": size_bytes, "free_bytes": self.measure_free()}

    def measure_free(self) -> int:
        """Return the free space of the local disk in bytes."""
        return shutil.disk_usage(self._scratch).free


def _walk_files(directory: Path) -> Iterator[Path]:
    # Unlike Path.rglob, os.walk skips files that are removed during the walk.
    return (Path(folder, name) for folder, _, names in os.walk(directory) for name in names)
