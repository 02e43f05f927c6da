"""A log file that several processes share, rotated by size and by age."""

import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Final

__all__ = ["LogFile"]

_MODE: Final = 0o644
_APPEND: Final = os.O_WRONLY | os.O_APPEND | os.O_CREAT
_CLOSED: Final = -1


class LogFile(logging.Handler):
    """A handler that appends each record to a file on a local disk.

    Any number of processes may share the file. A record is one write to a file opened for
    appending, so that records of several processes never mix and a killed process loses none.
    Only rotation takes a lock. A record that is written while another process rotates ends up in
    ``.1``.

    Args:
        path: The file, in an existing folder.
        max_bytes: Maximum size; a record that would exceed it triggers a rotation.
        max_age_s: Maximum age in seconds; the next record after it triggers a rotation.
        kept: Number of rotated files, ``.1`` (the newest), ``.2``, ...
    """

    def __init__(self, path: Path, *, max_bytes: int, max_age_s: float, kept: int) -> None:
        super().__init__()
        self._path = path
        # Its modification time is the creation time of the current file, which Linux lacks.
        self._lock_path = path.with_name(f".{path.name}.lock")
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s
        self._kept = kept
        self._descriptor = _CLOSED
        self._open()

    def emit(self, record: logging.LogRecord) -> None:
        """Append a record."""
        if self._descriptor == _CLOSED:
            return
        try:
            self._append(f"{self.format(record)}\n".encode("utf-8", "backslashreplace"))
        except OSError:
            self.handleError(record)

    def close(self) -> None:
        """Close the file."""
        with self.lock or nullcontext():
            descriptor, self._descriptor = self._descriptor, _CLOSED
            if descriptor != _CLOSED:
                os.close(descriptor)
        super().close()

    def _append(self, line: bytes) -> None:
        size = self._measure()
        if self._is_due(size, len(line)):
            self._rotate(len(line))
        while line:
            line = line[os.write(self._descriptor, line) :]

    def _measure(self) -> int:
        """Return the size of the current file; reopen it first if it was rotated."""
        try:
            found = os.stat(self._path)  # noqa: PTH116 - runs for each record, at half the cost
        except FileNotFoundError:
            found = None
        if found is None or (found.st_dev, found.st_ino) != self._identity:
            return self._open()
        return found.st_size

    def _open(self) -> int:
        """Open or create the current file, and return its size."""
        before, self._descriptor = self._descriptor, os.open(self._path, _APPEND, _MODE)
        if before != _CLOSED:
            os.close(before)
        found = os.fstat(self._descriptor)
        self._identity = (found.st_dev, found.st_ino)
        if not found.st_size or not self._lock_path.exists():
            self._lock_path.touch()
        self._created_at = self._lock_path.stat().st_mtime
        return found.st_size

    def _is_due(self, size: int, more: int) -> bool:
        return size > 0 and (
            size + more > self._max_bytes or time.time() - self._created_at > self._max_age_s
        )

    def _rotate(self, more: int) -> None:
        with self._locked():
            # Another process may have rotated while this one waited for the lock.
            if not self._is_due(self._measure(), more):
                return
            for number in range(self._kept - 1, 0, -1):
                with suppress(FileNotFoundError):
                    self._old(number).replace(self._old(number + 1))
            self._path.replace(self._old(1))
            self._measure()

    def _old(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, _MODE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)
