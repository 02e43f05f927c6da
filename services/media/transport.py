"""Find the offsets at which the streams of an MPEG transport stream change. No I/O.

Joined broadcasts and HLS with advertisements declare streams with new PIDs in the middle of the
file, in a new program map table (PMT; ISO/IEC 13818-1, 2.4.4). libav adds such streams while it
reads, but PyAV fails on them. So the file is split at each such table.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.media.stated_size import Buffer

SYNC = 0x47
PACKET = 188
LAYOUTS = ((0, 188), (4, 192), (0, 204))
"""Bytes before a packet, and packet interval in bytes: TS, M2TS, and TS with checksums."""
CHECKED_PACKETS = 5
BLOCK_PACKETS = 1 << 16
MAP_TABLE, MAP_HEADER_BYTES = 2, 12
TABLE_BITS = 0xB
"""Bits before the length of a table."""
DATA_TYPES = frozenset({0x05, 0x0B, 0x0C, 0x0D, 0x15, 0x86})
"""Stream types without audio and video, for example cues for advertisements."""
VIDEO_TYPES = frozenset({0x01, 0x02, 0x10, 0x1B, 0x1E, 0x20, 0x21, 0x24, 0x33, 0x42, 0xD1, 0xEA})
"""Stream types of video. Other types may be audio."""

Bytes = NDArray[np.uint8]


@dataclass
class _Programs:
    """The streams that the tables since the last cut declare."""

    listed: bytes = b""
    """The first program association table (PAT)."""
    is_list_changed: bool = False
    """A different PAT followed."""
    maps: dict[int, bytes] = field(default_factory=dict)
    """The last PMT of each program, by its PID."""
    streams: frozenset[int] = frozenset()
    has_sound: bool = False

    def add_program_list(self, section: bytes) -> None:
        """Record a program association table."""
        self.listed = self.listed or section
        self.is_list_changed = section != self.listed

    def add_program_map(self, pid: int, section: bytes) -> bool:
        """Record a program map table; return whether to cut the file at it.

        That is if it declares new streams, and both it and the tables before it have audio.
        """
        before = self.maps.get(pid)
        if before == section:
            return False
        kinds = dict(_read_streams(section))
        has_sound = any(kind not in VIDEO_TYPES for kind in kinds.values())
        is_other = before is not None or self.is_list_changed
        if is_other and self.has_sound and has_sound and kinds.keys() - self.streams:
            return True
        self.maps[pid] = section
        self.streams |= kinds.keys()
        self.has_sound |= has_sound
        return False


def find_packet_layout(data: Buffer) -> tuple[int, int] | None:
    """Return the packet layout of a transport stream (see ``LAYOUTS``); ``None`` for other data."""
    for before, step in LAYOUTS:
        offsets = range(before, before + CHECKED_PACKETS * step, step)
        if offsets[-1] < len(data) and all(data[offset] == SYNC for offset in offsets):
            return before, step
    return None


def find_cuts(data: Buffer, layout: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the offsets at which new streams are declared.

    Args:
        data: The file.
        layout: As ``find_packet_layout`` returns it.

    Returns:
        For each cut, the end offset of the part before it and the start offset of the part after
        it. The start is that of the PAT, which precedes the PMT.
    """
    cuts: list[tuple[int, int]] = []
    programs, list_offset = _Programs(), 0
    for offset, packet in _find_tables(data, layout):
        pid = (packet[1] & 0x1F) << 8 | packet[2]
        section = packet[5:]
        if pid == 0:
            programs.add_program_list(section)
            list_offset = offset
        elif programs.add_program_map(pid, section):
            cuts.append((offset, list_offset))
            programs = _Programs()
            programs.add_program_map(pid, section)
    return cuts


def _find_tables(data: Buffer, layout: tuple[int, int]) -> Iterator[tuple[int, bytes]]:
    """Yield the offset and the data of each packet in which a PAT or PMT starts."""
    before, step = layout
    offset = 0
    while offset + before + PACKET <= len(data):
        block = np.frombuffer(data[offset + before : offset + before + BLOCK_PACKETS * step], "u1")
        heads = [block[byte : len(block) - PACKET + 1 + byte : step] for byte in range(7)]
        lost = np.flatnonzero(heads[0] != SYNC)
        count = int(lost[0]) if len(lost) else len(heads[0])
        for number in np.flatnonzero(_start_tables(heads)[:count]).tolist():
            start = number * step
            yield offset + start, block[start : start + PACKET].tobytes()
        offset += count * step
        if len(lost):
            offset = _find_sync(data, offset + 1, layout)


def _start_tables(heads: list[Bytes]) -> NDArray[np.bool_]:
    """Return which packets start a PAT or PMT.

    Args:
        heads: The first seven bytes of all packets, one array per byte.
    """
    _, first, second, control, pointer, table, length = heads
    is_start = (first & 0x40 != 0) & (control & 0x20 == 0) & (pointer == 0)
    is_list = (first & 0x1F == 0) & (second == 0) & (table == 0)
    return np.asarray(is_start & (length >> 4 == TABLE_BITS) & (is_list | (table == MAP_TABLE)))


def _find_sync(data: Buffer, start: int, layout: tuple[int, int]) -> int:
    """Return the offset of the next consecutive packets, or the end of the data."""
    before, step = layout
    offset = data.find(b"\x47", start + before)
    while offset >= 0:
        following = range(offset, min(len(data), offset + CHECKED_PACKETS * step), step)
        if all(data[one] == SYNC for one in following):
            return offset - before
        offset = data.find(b"\x47", offset + 1)
    return len(data)


def _read_streams(section: bytes) -> Iterator[tuple[int, int]]:
    """Yield the PID and the type of each stream that a PMT declares."""
    end = min(len(section), 3 + ((section[1] & 0x0F) << 8 | section[2]) - 4)
    offset = MAP_HEADER_BYTES + ((section[10] & 0x0F) << 8 | section[11])
    while offset + 5 <= end:
        kind, pid_high, pid_low, size_high, size_low = section[offset : offset + 5]
        if kind not in DATA_TYPES:
            yield (pid_high & 0x1F) << 8 | pid_low, kind
        offset += 5 + ((size_high & 0x0F) << 8 | size_low)
