"""A file object that reads a part of a file."""

import io
from pathlib import Path


class FileSlice(io.RawIOBase):
    """A read-only file object for the bytes of a file between two offsets.

    Args:
        path: The file.
        start: Offset of the first byte.
        end: Offset after the last byte.
    """

    def __init__(self, path: Path, start: int, end: int) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._start, self._length, self._position = start, end - start, 0
        self._file.seek(start)

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return at most ``size`` bytes; empty at the end."""
        left = max(0, self._length - self._position)
        data = self._file.read(left if size < 0 else min(size, left))
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to an offset within the slice and return it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._length}[whence]
        self._position = max(0, base + offset)
        self._file.seek(self._start + self._position)
        return self._position

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()
