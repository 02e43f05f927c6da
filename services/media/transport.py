"""Finds where the streams of an MPEG transport stream change: pure.

Joined broadcasts and HLS with advertisements announce streams with other numbers in the middle
of the file, in a new program map table (ISO/IEC 13818-1, 2.4.4). libav adds such streams while
it reads; PyAV does not know them then and fails. So the file is cut where they are announced.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.media.stated import Buffer

SYNC = 0x47
PACKET = 188
FORMS = ((0, 188), (4, 192), (0, 204))
"""Bytes before a packet, and bytes from one packet to the next: TS, M2TS, and TS with checksums."""
CHECKED_PACKETS = 5
BLOCK_PACKETS = 1 << 16
MAP_TABLE, MAP_HEADER_BYTES = 2, 12
TABLE_BITS = 0xB
"""What precedes the length of a table."""
NO_SOUND = frozenset({0x05, 0x0B, 0x0C, 0x0D, 0x15, 0x86})
"""Types of streams that hold neither sound nor pictures, for example cues for advertisements."""
PICTURES = frozenset({0x01, 0x02, 0x10, 0x1B, 0x1E, 0x20, 0x21, 0x24, 0x33, 0x42, 0xD1, 0xEA})
"""Types of streams that hold pictures. Others may hold sound."""

Bytes = NDArray[np.uint8]


@dataclass
class _Programs:
    """What the tables since the last cut announce."""

    listed: bytes = b""
    """The first list of programs."""
    is_listed_again: bool = False
    """Another list of programs followed."""
    maps: dict[int, bytes] = field(default_factory=dict)
    """The last table of each program, by the number of its stream."""
    streams: frozenset[int] = frozenset()
    has_sound: bool = False

    def take_list(self, section: bytes) -> None:
        """Take a table that lists the programs."""
        self.listed = self.listed or section
        self.is_listed_again = section != self.listed

    def take_map(self, number: int, section: bytes) -> bool:
        """Take a program's table; return whether it announces streams that cut the file.

        Both what precedes it and what follows must have sound.
        """
        before = self.maps.get(number)
        if before == section:
            return False
        kinds = dict(_read_streams(section))
        has_sound = any(kind not in PICTURES for kind in kinds.values())
        is_other = before is not None or self.is_listed_again
        if is_other and self.has_sound and has_sound and kinds.keys() - self.streams:
            return True
        self.maps[number] = section
        self.streams |= kinds.keys()
        self.has_sound |= has_sound
        return False


def find_form(data: Buffer) -> tuple[int, int] | None:
    """Return the form of a transport stream as in ``FORMS``; ``None`` for anything else."""
    for before, step in FORMS:
        places = range(before, before + CHECKED_PACKETS * step, step)
        if places[-1] < len(data) and all(data[place] == SYNC for place in places):
            return before, step
    return None


def find_cuts(data: Buffer, form: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the places at which other streams are announced.

    Args:
        data: The file.
        form: As ``find_form`` returns it.

    Returns:
        For each place, the offset at which what precedes it ends, and the offset at which what
        follows has to be read. The second is that of the list of programs, which is before the
        program's own table.
    """
    cuts: list[tuple[int, int]] = []
    programs, list_offset = _Programs(), 0
    for offset, packet in _find_tables(data, form):
        number = (packet[1] & 0x1F) << 8 | packet[2]
        section = packet[5:]
        if number == 0:
            programs.take_list(section)
            list_offset = offset
        elif programs.take_map(number, section):
            cuts.append((offset, list_offset))
            programs = _Programs()
            programs.take_map(number, section)
    return cuts


def _find_tables(data: Buffer, form: tuple[int, int]) -> Iterator[tuple[int, bytes]]:
    """Yield the packets with which tables of programs start, and the offset of each."""
    before, step = form
    offset = 0
    while offset + before + PACKET <= len(data):
        block = np.frombuffer(data[offset + before : offset + before + BLOCK_PACKETS * step], "u1")
        heads = [block[place : len(block) - PACKET + 1 + place : step] for place in range(7)]
        lost = np.flatnonzero(heads[0] != SYNC)
        count = int(lost[0]) if len(lost) else len(heads[0])
        for number in np.flatnonzero(_start_tables(heads)[:count]).tolist():
            place = number * step
            yield offset + place, block[place : place + PACKET].tobytes()
        offset += count * step
        if len(lost):
            offset = _find_sync(data, offset + 1, form)


def _start_tables(heads: list[Bytes]) -> NDArray[np.bool_]:
    """Return which packets start a table of programs, for the first bytes of all packets."""
    _, first, second, control, pointer, table, length = heads
    is_start = (first & 0x40 != 0) & (control & 0x20 == 0) & (pointer == 0)
    is_list = (first & 0x1F == 0) & (second == 0) & (table == 0)
    return np.asarray(is_start & (length >> 4 == TABLE_BITS) & (is_list | (table == MAP_TABLE)))


def _find_sync(data: Buffer, start: int, form: tuple[int, int]) -> int:
    """Return where packets follow one another again, the end of the data if nowhere."""
    before, step = form
    place = data.find(b"\x47", start + before)
    while place >= 0:
        following = range(place, min(len(data), place + CHECKED_PACKETS * step), step)
        if all(data[one] == SYNC for one in following):
            return place - before
        place = data.find(b"\x47", place + 1)
    return len(data)


def _read_streams(section: bytes) -> Iterator[tuple[int, int]]:
    """Yield the number and the type of each stream that a program's table announces."""
    end = min(len(section), 3 + ((section[1] & 0x0F) << 8 | section[2]) - 4)
    place = MAP_HEADER_BYTES + ((section[10] & 0x0F) << 8 | section[11])
    while place + 5 <= end:
        kind, number_high, number_low, size_high, size_low = section[place : place + 5]
        if kind not in NO_SOUND:
            yield (number_high & 0x1F) << 8 | number_low, kind
        place += 5 + ((size_high & 0x0F) << 8 | size_low)
