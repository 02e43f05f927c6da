"""Detect segments of fragmented MP4 that are truncated at their source. Pure.

The sizes of its boxes (ISO/IEC 14496-12, 4.2) define the size of a segment. Samples are located
by their distance from the ``moof`` box, so missing bytes would shift all samples after them.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

MAX_PADDING_BYTES = 64 * 1024 * 1024
"""A fragment that lacks more is dropped, because its size is implausible."""
_SEGMENT_BOXES = {b"styp", b"moof", b"mdat", b"sidx", b"ssix", b"emsg", b"prft", b"free", b"skip"}
_HEADER_BYTES = 8
_LONG_HEADER_BYTES = 16


@dataclass(frozen=True)
class Truncation:
    """How to repair a truncated segment so that readers can skip the gap."""

    kept_bytes: int
    """Bytes to keep, from the start."""
    padding_bytes: int = 0
    """Zero bytes to append."""

    @property
    def share(self) -> float:
        """Return the available share of the segment; 0 if it is unknown."""
        return self.kept_bytes / (self.kept_bytes + self.padding_bytes) if self.padding_bytes else 0


@dataclass(frozen=True)
class _Box:
    kind: bytes
    start: int
    end: int


def find_truncation(segment: IO[bytes]) -> Truncation | None:
    """Return how to repair a segment; ``None`` if it is complete or not fragmented MP4.

    A fragment without all of its samples is padded with zeros, so that its existing samples can
    be read. One without its ``moof`` or without any sample is dropped: the next one has its own
    time in ``tfdt``.

    Args:
        segment: A seekable file.
    """
    size = segment.seek(0, 2)
    fragment_start: int | None = None
    end = 0
    for box in _walk(segment, size):
        if box.kind not in _SEGMENT_BOXES:
            return None
        end = box.end
        if box.kind == b"moof":
            fragment_start = box.start
        elif box.kind == b"mdat":
            if fragment_start is None:
                return None
            if 0 < end - size <= MAX_PADDING_BYTES:
                return Truncation(size, end - size)
            fragment_start = None if end <= size else fragment_start
        if end > size:
            return Truncation(box.start if fragment_start is None else fragment_start)
    if fragment_start is None and end in {0, size}:
        return None
    return Truncation(end if fragment_start is None else fragment_start)


def _walk(segment: IO[bytes], size: int) -> Iterator[_Box]:
    """Yield the boxes of a file; the last one may extend beyond the end of the file."""
    start = 0
    while start + _HEADER_BYTES <= size:
        segment.seek(start)
        header = segment.read(_LONG_HEADER_BYTES)
        length, kind = struct.unpack_from(">I4s", header)
        if length == 1 and len(header) == _LONG_HEADER_BYTES:
            (length,) = struct.unpack_from(">Q", header, _HEADER_BYTES)
        elif length == 0:  # up to the end of the file
            length = size - start
        yield _Box(kind, start, start + max(length, _HEADER_BYTES))
        start += max(length, _HEADER_BYTES)
