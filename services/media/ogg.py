"""Check whether the first and last pages of Ogg are intact (RFC 3533). No I/O.

libav skips a page with a wrong checksum. It detects data missing between two pages by their granule
positions, but not data missing before the first or after the last page.
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
_MAX_PAGES = 64
"""Maximum number of pages that are read from either end."""


@dataclass(frozen=True)
class Page:
    """A page header."""

    start: int
    end: int
    is_first: bool
    granule: int
    """Granule position: the end of the last complete packet, in samples; -1 without one."""
    serial: int
    """Serial number of the stream."""


def read_page(data: Buffer, start: int) -> Page | None:
    """Parse the header of the page at an offset; return ``None`` if there is none."""
    if data[start : start + 5] != CAPTURE + b"\0" or start + _HEADER_BYTES > len(data):
        return None
    kind, granule, serial = struct.unpack_from("<BqI", data, start + 5)
    lacing_end = start + _HEADER_BYTES + data[start + _HEADER_BYTES - 1]
    end = lacing_end + sum(data[start + _HEADER_BYTES : lacing_end])
    return Page(start, end, bool(kind & _FIRST), granule, serial)


def is_start_lost(data: Buffer, start: int, end: int) -> bool:
    """Return whether the first page with sound is damaged, in a file of one stream.

    A recording of a live broadcast has no first pages and is not damaged.

    Args:
        data: The file.
        start: Offset at which the recording starts.
        end: Offset at which it ends.
    """
    before, intact_end = -1, start
    for page in _walk(data, start, end):
        if page.is_first and page.start != start:
            return False  # another stream, for example video
        number: int = struct.unpack_from("<I", data, page.start + 18)[0]
        if not _is_intact(data, page):
            continue
        if page.granule > 0:
            is_gap = 1 < number - before <= _MAX_PAGES
            return is_gap and page.start > intact_end
        before, intact_end = number, page.end
    return False


def find_last_granule(data: Buffer, start: int, end: int) -> int | None:
    """Return the last granule position of a recording, in a file of one stream."""
    first = read_page(data, start)
    offset = end
    for _ in range(_MAX_PAGES):
        offset = data.rfind(CAPTURE, start, offset)
        page = read_page(data, offset) if offset >= 0 else None
        if page is None or first is None or page.serial != first.serial:
            return None
        if page.granule != _NO_GRANULE:
            return page.granule
    return None


def _walk(data: Buffer, start: int, end: int) -> Iterator[Page]:
    offset = start
    for _ in range(_MAX_PAGES):
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
