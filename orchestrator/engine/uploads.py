"""Files that clients upload: kept in one folder that API and workers share, as long as their job.

A file is written under a name of its own while it comes in, and gets its job's id as its name
when it is whole and on the disk, before the job is stored. So a job has its file in whatever
instant either side is killed; a file without a job is swept away after an hour.
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

_NAME: Final = "uploads"  # stands for a service's name in messages
_DRAFT: Final = "draft-"
_CHUNK_BYTES: Final = 256 * 1024
_YIELD_BYTES: Final = 4 * 1024 * 1024
_GRACE_S: Final = 3600.0  # in which a file may be without a job, or a draft without a write


class Draft(FileIO):
    """A file on its way to the folder, hashed as it comes in.

    Args:
        directory: The folder.
        max_bytes: The length beyond which it is refused.
    """

    def __init__(self, directory: Path, *, max_bytes: int) -> None:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            descriptor, name = mkstemp(dir=directory, prefix=_DRAFT)
        except OSError as error:
            raise _full(error) from error
        super().__init__(descriptor, "w+b")
        self.path = Path(name)
        self.length_bytes = 0
        self._max_bytes = max_bytes
        self._digest = hashlib.sha256()

    def write(self, chunk: Any, /) -> int:
        """Write and hash a chunk; returns its length in bytes.

        Raises:
            FileTooLargeError: There would be more bytes than are allowed.
            StoreUnavailableError: The folder cannot take them.
        """
        before = self.length_bytes
        self.length_bytes += len(chunk)
        if self.length_bytes > self._max_bytes:
            raise FileTooLargeError(self._max_bytes)
        self._digest.update(chunk)
        try:
            super().write(chunk)
        except OSError as error:
            raise _full(error) from error
        if before // _YIELD_BYTES != self.length_bytes // _YIELD_BYTES:
            # Where requests are greenlets, a client faster than the disk would stop all others.
            time.sleep(0)
        return len(chunk)

    def hexdigest(self) -> str:
        """Return the SHA-256 of what was written."""
        return self._digest.hexdigest()

    def discard(self) -> None:
        """Close and remove it, unless it was kept."""
        self.close()
        self.path.unlink(missing_ok=True)


class UploadStore:
    """The folder of uploads.

    Args:
        directory: The folder; the same for API and workers, also on several machines.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def keep(self, draft: Draft, job_id: str) -> None:
        """Make a draft that is whole the file of a job; it is on the disk from here on.

        Raises:
            StoreUnavailableError: The folder cannot take it.
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
            raise _full(error) from error

    @contextmanager
    def open(self, job_id: str, upload: Upload) -> Iterator[SourceArtifact]:
        """Open the file of a job; whoever reads it checks that it is what was uploaded.

        Raises:
            FileNotFoundError: It is gone, or this machine does not share the folder.
            ServiceUnavailableError: It cannot be read now.
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
        """Return the jobs that have a file here."""
        if not self._directory.is_dir():
            return []
        names = (path.name for path in self._directory.iterdir())
        return [name for name in names if not name.startswith(_DRAFT)]

    def sweep(self, find_gone: Callable[[Sequence[str]], Collection[str]]) -> int:
        """Remove drafts that nobody writes any more, and files whose jobs are gone.

        Args:
            find_gone: Returns those of some jobs that do not exist.

        Returns:
            How many files were removed.
        """
        if not self._directory.is_dir():
            return 0
        now = self._read_clock()
        old = [path for path in self._directory.iterdir() if _is_old(path, now)]
        job_ids = [path.name for path in old if not path.name.startswith(_DRAFT)]
        gone = set(find_gone(job_ids)) if job_ids else set()
        useless = [path for path in old if path.name.startswith(_DRAFT) or path.name in gone]
        for path in useless:
            path.unlink(missing_ok=True)
        return len(useless)

    def _read_clock(self) -> float:
        """Return the time by which the folder stamps files; this host's clock may be wrong."""
        os.utime(self._directory)  # needs no space, which a probe file would on a full disk
        return self._directory.stat().st_mtime

    def _path(self, job_id: str) -> Path:
        return self._directory / job_id


def _is_old(path: Path, now: float) -> bool:
    try:
        return now - path.stat().st_mtime > _GRACE_S
    except FileNotFoundError:  # removed in this instant
        return False


def _full(error: OSError) -> StoreUnavailableError:
    return StoreUnavailableError(f"The folder of uploads takes nothing: {error.strerror}")


def _unreadable(error: OSError) -> ServiceUnavailableError:
    return ServiceUnavailableError(_NAME, f"the file cannot be read: {error.strerror}")
