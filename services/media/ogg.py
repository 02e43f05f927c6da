"""Finds out whether the first and the last pages of Ogg are intact (RFC 3533): pure.

libav skips a page with a wrong checksum. It sees what is missing between two pages, by their
granule positions, but not what is missing before the first or after the last one.
"""

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass

Buffer = bytes | mmap.mmap

CAPTURE = b"OggS"
_HEADER_BYTES = 27
_FIRST = 2
_NO_GRANULE = -1
_CRC = 0x04C11DB7
_MOST_PAGES = 64
"""Pages that are looked at from either end."""


@dataclass(frozen=True)
class Page:
    """The header of a page."""

    start: int
    end: int
    is_first: bool
    granule: int
    """The time at the end of its last whole packet, in samples; -1 without one."""
    serial: int
    """The number of its stream."""


def read_page(data: Buffer, start: int) -> Page | None:
    """Return the header of the page at an offset; ``None`` if there is none."""
    if data[start : start + 5] != CAPTURE + b"\0" or start + _HEADER_BYTES > len(data):
        return None
    kind, granule, serial = struct.unpack_from("<BqI", data, start + 5)
    lacing_end = start + _HEADER_BYTES + data[start + _HEADER_BYTES - 1]
    end = lacing_end + sum(data[start + _HEADER_BYTES : lacing_end])
    return Page(start, end, bool(kind & _FIRST), granule, serial)


def is_start_lost(data: Buffer, start: int, end: int) -> bool:
    """Return whether the first page with sound is damaged, in a file of one stream.

    A recording of a running broadcast, whose first pages were never there, is not damaged.

    Args:
        data: The file.
        start: Where the recording starts in it.
        end: Where it ends.
    """
    before, intact_end = -1, start
    for page in _walk(data, start, end):
        if page.is_first and page.start != start:
            return False  # another stream, such as a picture's
        number: int = struct.unpack_from("<I", data, page.start + 18)[0]
        if not _is_intact(data, page):
            continue
        if page.granule > 0:
            is_gap = 1 < number - before <= _MOST_PAGES
            return is_gap and page.start > intact_end
        before, intact_end = number, page.end
    return False


def find_last_granule(data: Buffer, start: int, end: int) -> int | None:
    """Return the last granule position of a recording, in a file of one stream."""
    first = read_page(data, start)
    offset = end
    for _ in range(_MOST_PAGES):
        offset = data.rfind(CAPTURE, start, offset)
        page = read_page(data, offset) if offset >= 0 else None
        if page is None or first is None or page.serial != first.serial:
            return None
        if page.granule != _NO_GRANULE:
            return page.granule
    return None


def _walk(data: Buffer, start: int, end: int) -> Iterator[Page]:
    offset = start
    for _ in range(_MOST_PAGES):
        page = read_page(data, offset)
        if page:
            yield page
            offset = page.end
        if not page or not read_page(data, offset):
            offset = data.find(CAPTURE, offset + 1, end)
        if offset < 0 or offset >= end:
            return


def _is_intact(data: Buffer, page: Page) -> bool:
    content = bytearray(data[page.start : page.end])
    stored = int.from_bytes(content[22:26], "little")
    content[22:26] = bytes(4)
    crc = 0
    for byte in content:
        crc = (crc << 8) & 0xFFFFFFFF ^ _TABLE[crc >> 24 ^ byte]
    return crc == stored


def _make_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (_CRC if crc & 0x80000000 else 0)) & 0xFFFFFFFF
        table.append(crc)
    return tuple(table)


_TABLE = _make_table()
