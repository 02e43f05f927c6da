"""Finds where a segment of fragmented MP4 was cut at its source: pure.

The sizes of its boxes (ISO/IEC 14496-12, 4.2) say how long a segment is. Samples are found by
their distance from the ``moof`` box, so bytes that are missing would shift all that follows.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

MOST_PADDING_BYTES = 64 * 1024 * 1024
"""A larger fragment is left out: its size is no plausible one."""
_SEGMENT_BOXES = {b"styp", b"moof", b"mdat", b"sidx", b"ssix", b"emsg", b"prft", b"free", b"skip"}
_HEADER_BYTES = 8
_LONG_HEADER_BYTES = 16


@dataclass(frozen=True)
class Cut:
    """How to make a cut segment one that a reader gets over."""

    kept_bytes: int
    """How much of it to keep, from its start."""
    padding_bytes: int = 0
    """How many zeros belong after that."""

    @property
    def share(self) -> float:
        """Return the share of the segment that is there; 0 where it is not known."""
        return self.kept_bytes / (self.kept_bytes + self.padding_bytes) if self.padding_bytes else 0


@dataclass(frozen=True)
class _Box:
    kind: bytes
    start: int
    end: int


def find_cut(segment: IO[bytes]) -> Cut | None:
    """Return how a segment was cut; ``None`` if it is whole, or no fragmented MP4.

    A fragment without all of its samples is filled up with zeros, so that the samples that are
    there stay. One without its ``moof`` or without any sample is left out: the time of the next
    one is in its own ``tfdt``.

    Args:
        segment: A file that can seek.
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
            if 0 < end - size <= MOST_PADDING_BYTES:
                return Cut(size, end - size)
            fragment_start = None if end <= size else fragment_start
        if end > size:
            return Cut(box.start if fragment_start is None else fragment_start)
    if fragment_start is None and end in {0, size}:
        return None
    return Cut(end if fragment_start is None else fragment_start)


def _walk(segment: IO[bytes], size: int) -> Iterator[_Box]:
    """Yield the boxes of a file; the last one may end after the file does."""
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
