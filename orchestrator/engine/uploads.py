"""Uploaded files, in a folder that the API and the workers share, kept as long as their jobs.

An upload is written to a draft. Once it is complete and flushed to disk, the draft is renamed to
the id of its job, and then the job is stored. So a stored job always has its file, whenever a
process is killed. Files without a job are removed after an hour.
"""

import base64
import hashlib
import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from tempfile import mkstemp
from typing import Any, Final

from orchestrator.domain.job import Upload
from orchestrator.errors import FileTooLargeError, ServiceUnavailableError, StoreUnavailableError
from orchestrator.microservice import SourceArtifact

__all__ = ["Draft", "UploadStore"]

_NAME: Final = "uploads"  # in place of a service's name in messages
_DRAFT: Final = "draft-"
_CHUNK_BYTES: Final = 256 * 1024
_YIELD_BYTES: Final = 4 * 1024 * 1024
_GRACE_S: Final = 3600.0  # how long a file may lack a job, or a draft a write


class Draft(FileIO):
    """A file that is being uploaded, hashed while it is written.

    Args:
        directory: The folder.
        max_bytes: The maximum length.
    """

    def __init__(self, directory: Path, *, max_bytes: int) -> None:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            descriptor, name = mkstemp(dir=directory, prefix=_DRAFT)
        except OSError as error:
            raise _unwritable(error) from error
        super().__init__(descriptor, "w+b")
        self.path = Path(name)
        self.length_bytes = 0
        self._max_bytes = max_bytes
        self._digest = hashlib.sha256()

    def write(self, chunk: Any, /) -> int:
        """Write and hash a chunk; returns its length in bytes.

        Raises:
            FileTooLargeError: The file would exceed its maximum length.
            StoreUnavailableError: The chunk cannot be written.
        """
        before = self.length_bytes
        self.length_bytes += len(chunk)
        if self.length_bytes > self._max_bytes:
            raise FileTooLargeError(self._max_bytes)
        self._digest.update(chunk)
        try:
            super().write(chunk)
        except OSError as error:
            raise _unwritable(error) from error
        if before // _YIELD_BYTES != self.length_bytes // _YIELD_BYTES:
            # With greenlets, a client faster than the disk would block all other requests.
            time.sleep(0)
        return len(chunk)

    def hexdigest(self) -> str:
        """Return the SHA-256 of the bytes written so far."""
        return self._digest.hexdigest()

    def discard(self) -> None:
        """Close the draft, and remove it unless it was kept."""
        self.close()
        self.path.unlink(missing_ok=True)


class UploadStore:
    """The folder of uploads.

    Args:
        directory: The folder; API and workers on all machines must share it.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def keep(self, draft: Draft, job_id: str) -> None:
        """Flush a complete draft to disk, and make it the file of a job.

        Raises:
            StoreUnavailableError: The file cannot be written.
        """
        try:
            os.fsync(draft.fileno())
            draft.path.rename(self._path(job_id))
            descriptor = os.open(self._directory, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise _unwritable(error) from error

    @contextmanager
    def open(self, job_id: str, upload: Upload) -> Iterator[SourceArtifact]:
        """Open the file of a job, with the checksum and length that the reader verifies.

        Raises:
            FileNotFoundError: The file is gone, or this machine does not share the folder.
            ServiceUnavailableError: The file cannot be read now.
        """
        try:
            file = self._path(job_id).open("rb")
        except FileNotFoundError:
            raise
        except OSError as error:
            raise _unreadable(error) from error

        def read() -> Iterator[bytes]:
            try:
                while chunk := file.read(_CHUNK_BYTES):
                    yield chunk
            except OSError as error:
                raise _unreadable(error) from error

        digest = base64.b64encode(bytes.fromhex(upload.sha256)).decode()
        with file:
            yield SourceArtifact(
                service=_NAME,
                filename=upload.filename,
                length_bytes=upload.length_bytes,
                digest=f"sha-256=:{digest}:",
                read=read,
            )

    def remove(self, job_id: str) -> None:
        """Remove the file of a job, if it has one."""
        self._path(job_id).unlink(missing_ok=True)

    def job_ids(self) -> list[str]:
        """Return the ids of the jobs that have a file."""
        if not self._directory.is_dir():
            return []
        names = (path.name for path in self._directory.iterdir())
        return [name for name in names if not name.startswith(_DRAFT)]

    def sweep(self, find_gone: Callable[[Sequence[str]], Collection[str]]) -> int:
        """Remove abandoned drafts, and files whose jobs no longer exist.

        Args:
            find_gone: Returns the job ids, of those passed, that do not exist.

        Returns:
            The number of removed files.
        """
        if not self._directory.is_dir():
            return 0
        now = self._read_clock()
        old = [path for path in self._directory.iterdir() if _is_old(path, now)]
        job_ids = [path.name for path in old if not path.name.startswith(_DRAFT)]
        gone = set(find_gone(job_ids)) if job_ids else set()
        unneeded = [path for path in old if path.name.startswith(_DRAFT) or path.name in gone]
        for path in unneeded:
            path.unlink(missing_ok=True)
        return len(unneeded)

    def _read_clock(self) -> float:
        """Return the time of the folder's file system; this host's clock may be wrong."""
        os.utime(self._directory)  # works on a full disk, where a probe file would not
        return self._directory.stat().st_mtime

    def _path(self, job_id: str) -> Path:
        return self._directory / job_id


def _is_old(path: Path, now: float) -> bool:
    try:
        return now - path.stat().st_mtime > _GRACE_S
    except FileNotFoundError:  # removed meanwhile
        return False


def _unwritable(error: OSError) -> StoreUnavailableError:
    return StoreUnavailableError(f"Could not write to UPLOADS_DIR: {error.strerror}")


def _unreadable(error: OSError) -> ServiceUnavailableError:
    return ServiceUnavailableError(_NAME, f"could not read the file: {error.strerror}")
