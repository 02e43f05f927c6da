"""The files of one run of a job: its inputs, checkpoints and results."""

import json
import shutil
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from services.kit.files.storage import FileStorage
from services.kit.jobs.job import Job

_CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True)
class StoredArtifact:
    """Size and checksums (hexadecimal) of a stored file."""

    size_bytes: int
    sha256: str
    adler32: str


class RunFiles:
    """The files of one run: a local folder, and a folder in the storage.

    Args:
        files: The storage.
        scratch: The run's local folder, which does not exist yet.
        job_id: The job.
        owner: The token of the run.
    """

    def __init__(self, files: FileStorage, scratch: Path, job_id: str, owner: str) -> None:
        self._files = files
        self._scratch = scratch
        self._job = f"jobs/{job_id}"
        self._run = f"{self._job}/{owner}"
        self.work_dir = scratch / "work"
        self.work_dir.mkdir(parents=True)

    def fetch_upload(self) -> Path | None:
        """Return the submitted file, or `None` if the job has none."""
        return self._files.fetch(f"{self._job}/upload", self._scratch / "upload")

    def copy_artifact(self, job: Job) -> Path | None:
        """Copy the artifact of another job to ``work_dir``; return `None` if it was removed."""
        target = self.work_dir / "reused"
        found = self._files.copy(f"jobs/{job.id}/{job.owner}/artifact", target)
        return target if found else None

    def write_document(self, name: str, content: Mapping[str, Any]) -> None:
        """Write a JSON document atomically: a reader gets the old or the new one."""
        self._write(f"{self._run}/{name}.json", content)

    def write_checkpoint(self, state: Mapping[str, Any]) -> None:
        """Write the state that another run resumes from."""
        self._write(f"{self._job}/checkpoint.json", state)

    def read_checkpoint(self) -> dict[str, Any] | None:
        """Return the last checkpoint of an earlier run, or `None` in a first run."""
        source = self._files.open(f"{self._job}/checkpoint.json")
        if source is None:
            return None
        with source:
            state: dict[str, Any] = json.load(source)
        return state

    def _write(self, key: str, content: Mapping[str, Any]) -> None:
        draft = self._scratch / "draft.json"
        draft.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        self._files.move_in(draft, key)

    def store(self, path: Path, documents: Mapping[str, Any]) -> StoredArtifact:
        """Move the artifact and the documents of the run to the storage.

        Args:
            path: The artifact, in ``work_dir``.
            documents: JSON documents by name.

        Returns:
            The file's size and checksums.
        """
        stored = _measure(path)
        for name, content in documents.items():
            self.write_document(name, content)
        self._files.move_in(path, f"{self._run}/artifact")
        return stored

    def remove_inputs(self) -> None:
        """Remove the job's files that only its runs need, after it has ended."""
        for name in self._files.list_folder(self._job):
            if name != self._run.rpartition("/")[2]:  # of other runs, or an input
                self._files.remove(f"{self._job}/{name}")
        shutil.rmtree(self._scratch, ignore_errors=True)

    def remove(self) -> None:
        """Remove the files of this run only."""
        self._files.remove(self._run)
        shutil.rmtree(self._scratch, ignore_errors=True)


def _measure(path: Path) -> StoredArtifact:
    size_bytes, strong, cheap = 0, sha256(), zlib.adler32(b"")
    with path.open("rb") as made:
        while chunk := made.read(_CHUNK_BYTES):
            size_bytes += len(chunk)
            strong.update(chunk)
            cheap = zlib.adler32(chunk, cheap)
    return StoredArtifact(size_bytes, strong.hexdigest(), f"{cheap:08x}")
