"""The files of a service: what was uploaded, what is worked on, what was made."""

import os
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from services.kit.files.run_files import RunFiles
from services.kit.files.storage import Files

STALE_S = 3600
"""Uploads are moved within seconds; an older one belongs to a process that was killed."""


class ArtifactStore:
    """Keeps files in one folder per job.

    No name given by a client becomes part of a path: the files' names are fixed. What one run
    of a job makes lies apart from what another makes, so that a worker that was given up and
    comes back can spoil nothing.

    Args:
        scratch: Folder of this machine, for uploads as they come in and for work.
        url: Where files are kept; in ``scratch`` if not given. API and workers share it.
    """

    def __init__(self, scratch: Path, url: str | None = None) -> None:
        self._scratch = scratch.absolute()
        self._files = Files(url or self._scratch.as_uri())
        self._work = self._scratch / "work"
        self.incoming = self._scratch / "incoming"

    def prepare(self) -> None:
        """Create the folders of this machine; calling it twice is safe."""
        self._work.mkdir(parents=True, exist_ok=True)
        self.incoming.mkdir(parents=True, exist_ok=True)

    def keep_upload(self, job_id: str, spool: Path) -> None:
        """Move a received file to its job."""
        self._files.take(spool, f"jobs/{job_id}/upload")

    def open_run(self, job_id: str, owner: str) -> RunFiles:
        """Return the files of a new run of a job; on this machine it ends any other run of it."""
        self._drop_work(job_id)
        return RunFiles(self._files, self._work / f"{job_id}-{owner}", job_id, owner)

    def open_artifact(self, job_id: str, owner: str) -> IO[bytes] | None:
        """Open the file that a run of a job made, or return nothing if it is gone."""
        return self._files.open(f"jobs/{job_id}/{owner}/artifact")

    def open_document(self, job_id: str, owner: str, name: str) -> IO[bytes] | None:
        """Open a JSON answer that a run of a job gave, or return nothing if there is none."""
        return self._files.open(f"jobs/{job_id}/{owner}/{name}.json") if owner else None

    def remove(self, job_id: str) -> int:
        """Remove a job's files; return how many there were."""
        return self._files.remove(f"jobs/{job_id}") + self._drop_work(job_id)

    def _drop_work(self, job_id: str) -> int:
        folders = list(self._work.glob(f"{job_id}-*"))
        count = sum(1 for folder in folders for _ in _walk_files(folder))
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        return count

    def list_settled_job_ids(self, known: set[str]) -> list[str]:
        """Return the ids, beside the known ones, of jobs that have files and no new ones.

        Args:
            known: Jobs that need not be looked at.
        """
        oldest = datetime.now(UTC) - timedelta(seconds=STALE_S)
        ids = set(self._files.list_folder("jobs"))
        ids |= {folder.name.rpartition("-")[0] for folder in self._work.iterdir()}
        return [job_id for job_id in ids - known if self._find_newest(job_id) < oldest]

    def _find_newest(self, job_id: str) -> datetime:
        """Return when the newest file or work folder of a job was written."""
        long_ago = datetime.fromtimestamp(0, UTC)
        folders = self._work.glob(f"{job_id}-*")
        times = [datetime.fromtimestamp(folder.stat().st_mtime, UTC) for folder in folders]
        return max([*times, self._files.find_newest(f"jobs/{job_id}") or long_ago])

    def remove_stale_uploads(self) -> int:
        """Remove what uploads that never became jobs left behind; return how many files."""
        oldest = time.time() - STALE_S
        stale = [path for path in _walk_files(self.incoming) if path.stat().st_mtime < oldest]
        for path in stale:
            path.unlink(missing_ok=True)
        return len(stale)

    def measure(self) -> dict[str, int]:
        """Return how many files there are, their size and this machine's free space in bytes."""
        files, size_bytes = self._files.measure()
        return {"files": files, "size_bytes": size_bytes, "free_bytes": self.measure_free()}

    def measure_free(self) -> int:
        """Return the free space of this machine's disk in bytes."""
        return shutil.disk_usage(self._scratch).free


def _walk_files(directory: Path) -> Iterator[Path]:
    # Unlike Path.rglob it passes over what is removed meanwhile.
    return (Path(folder, name) for folder, _, names in os.walk(directory) for name in names)
