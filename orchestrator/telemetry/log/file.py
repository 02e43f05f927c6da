"""A log file that several processes write to, and that is begun anew by size and by age."""

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
    """Appends each record to a file of a local disk, which any number of processes share.

    A record is one write to a file that is open for appending: the kernel puts it behind
    whatever is there, so records of several processes never mix, and a process that is killed
    has lost none. No lock is taken for it, only to rotate. A record that is being written while
    another process rotates is in ``.1`` then.

    Args:
        path: The file; its folder exists.
        max_bytes: Size that a record must not take it beyond.
        max_age_s: Seconds after its beginning at which the next record begins a new one.
        kept: How many old ones are kept, as ``.1`` (the newest), ``.2``, ...
    """

    def __init__(self, path: Path, *, max_bytes: int, max_age_s: float, kept: int) -> None:
        super().__init__()
        self._path = path
        # Its time of change is when the present file was begun, which no file tells by itself.
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
        """Close the file; what was written is written."""
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
        """Return the size of the present file, after opening it where it is another by now."""
        try:
            found = os.stat(self._path)  # noqa: PTH116 - for each record, and half as expensive
        except FileNotFoundError:
            found = None
        if found is None or (found.st_dev, found.st_ino) != self._identity:
            return self._open()
        return found.st_size

    def _open(self) -> int:
        """Open the present file, or begin one; returns its size."""
        before, self._descriptor = self._descriptor, os.open(self._path, _APPEND, _MODE)
        if before != _CLOSED:
            os.close(before)
        found = os.fstat(self._descriptor)
        self._identity = (found.st_dev, found.st_ino)
        if not found.st_size or not self._lock_path.exists():
            self._lock_path.touch()
        self._began = self._lock_path.stat().st_mtime
        return found.st_size

    def _is_due(self, size: int, more: int) -> bool:
        return size > 0 and (
            size + more > self._max_bytes or time.time() - self._began > self._max_age_s
        )

    def _rotate(self, more: int) -> None:
        with self._locked():
            # Another process may have done it while this one waited.
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
