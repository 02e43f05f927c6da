"""The files of one run of a job: what it works on, and what it makes."""

import json
import shutil
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from services.kit.files.storage import Files
from services.kit.jobs.job import Job

_CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True)
class StoredArtifact:
    """Facts about a stored file; the checksums are in hexadecimal."""

    size_bytes: int
    sha256: str
    adler32: str


class RunFiles:
    """One run's own folder on this machine, and its own place among the files that are kept.

    Args:
        files: Where files are kept.
        scratch: The run's folder on this machine, which does not exist yet.
        job_id: The job.
        owner: The token of the run.
    """

    def __init__(self, files: Files, scratch: Path, job_id: str, owner: str) -> None:
        self._files = files
        self._scratch = scratch
        self._job = f"jobs/{job_id}"
        self._run = f"{self._job}/{owner}"
        self.work_dir = scratch / "work"
        self.work_dir.mkdir(parents=True)

    def fetch_upload(self) -> Path | None:
        """Return the submitted file, or nothing if the job has none."""
        return self._files.fetch(f"{self._job}/upload", self._scratch / "upload")

    def copy_artifact(self, job: Job) -> Path | None:
        """Return a copy in ``work_dir`` of what another job made, or nothing if it is gone."""
        target = self.work_dir / "reused"
        found = self._files.copy(f"jobs/{job.id}/{job.owner}/artifact", target)
        return target if found else None

    def write_document(self, name: str, content: Mapping[str, Any]) -> None:
        """Write a JSON answer; whoever reads it meanwhile gets the old or the new one."""
        self._write(f"{self._run}/{name}.json", content)

    def write_checkpoint(self, state: Mapping[str, Any]) -> None:
        """Write what another run begins with."""
        self._write(f"{self._job}/checkpoint.json", state)

    def read_checkpoint(self) -> dict[str, Any] | None:
        """Return what an earlier run wrote last, or nothing in a first run."""
        source = self._files.open(f"{self._job}/checkpoint.json")
        if source is None:
            return None
        with source:
            state: dict[str, Any] = json.load(source)
        return state

    def _write(self, key: str, content: Mapping[str, Any]) -> None:
        draft = self._scratch / "draft.json"
        draft.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        self._files.take(draft, key)

    def keep(self, path: Path, documents: Mapping[str, Any]) -> StoredArtifact:
        """Move what the work made to where files are kept.

        Args:
            path: The file made, in ``work_dir``.
            documents: JSON answers by name.

        Returns:
            The file's size and checksums.
        """
        stored = _sum_up(path)
        for name, content in documents.items():
            self.write_document(name, content)
        self._files.take(path, f"{self._run}/artifact")
        return stored

    def drop_inputs(self) -> None:
        """Remove what the job needs no more when it has ended."""
        for name in self._files.list_folder(self._job):
            if name != self._run.rpartition("/")[2]:  # further runs made it, or it went into one
                self._files.remove(f"{self._job}/{name}")
        shutil.rmtree(self._scratch, ignore_errors=True)

    def drop(self) -> None:
        """Remove what this run made, and nothing else."""
        self._files.remove(self._run)
        shutil.rmtree(self._scratch, ignore_errors=True)


def _sum_up(path: Path) -> StoredArtifact:
    size_bytes, strong, cheap = 0, sha256(), zlib.adler32(b"")
    with path.open("rb") as made:
        while chunk := made.read(_CHUNK_BYTES):
            size_bytes += len(chunk)
            strong.update(chunk)
            cheap = zlib.adler32(chunk, cheap)
    return StoredArtifact(size_bytes, strong.hexdigest(), f"{cheap:08x}")
