"""How many bytes of sound a header states, for formats with a constant rate: pure.

Each function returns where the sound starts and how many bytes it should have, or ``None`` where
the header does not say: a recorder that writes to a pipe does not know it.
"""

import mmap
import struct
from collections.abc import Callable

Buffer = bytes | mmap.mmap
Stated = tuple[int, int] | None

W64_RIFF = bytes.fromhex("726966662e91cf11a5d628db04c10000")
W64_DATA = bytes.fromhex("64617461f3acd3118cd100c04f8edb8a")
VOC = b"Creative Voice File\x1a"
_LEAST_UNKNOWN = 0x7FFFF000
_LEAST_UNKNOWN_64 = 1 << 62
_VOC_SOUND = {1, 2, 9}


def read_au(data: Buffer) -> Stated:
    """Read the header of AU (SND), Sun's and NeXT's format."""
    start, size = struct.unpack_from(">II", data, 4)
    return None if size >= _LEAST_UNKNOWN else (start, size)


def read_sox(data: Buffer) -> Stated:
    """Read the header of SoX's own format, whose samples have 32 bits."""
    order = "<" if data[:4] == b".SoX" else ">"
    length, samples = struct.unpack_from(f"{order}IQ", data, 4)
    return None if not samples or samples >= _LEAST_UNKNOWN_64 else (4 + length, 4 * samples)


def read_caf(data: Buffer) -> Stated:
    """Read the chunks of Apple's Core Audio Format."""
    offset = 8
    while offset + 12 <= len(data):
        kind, size = struct.unpack_from(">4sq", data, offset)
        if size < 0:
            return None
        if kind == b"data":
            return offset + 12, size
        offset += 12 + size
    return None


def read_w64(data: Buffer) -> Stated:
    """Read the chunks of Sony's Wave64."""
    offset, header_bytes = 40, 24
    while offset + header_bytes <= len(data):
        (size,) = struct.unpack_from("<Q", data, offset + 16)
        if size < header_bytes or size >= _LEAST_UNKNOWN_64:
            return None
        if data[offset : offset + 16] == W64_DATA:
            return offset + header_bytes, size - header_bytes
        offset += (size + 7) // 8 * 8
    return None


def read_voc(data: Buffer) -> Stated:
    """Read the blocks of Creative's VOC."""
    (offset,) = struct.unpack_from("<H", data, 20)
    start = offset
    while offset + 4 <= len(data) and data[offset]:
        kind, size = data[offset], int.from_bytes(data[offset + 1 : offset + 4], "little")
        offset += 4 + size
        if offset > len(data):
            return (start, offset - start) if kind in _VOC_SOUND else None
    return None


READERS: tuple[tuple[bytes, int, Callable[[Buffer], Stated]], ...] = (
    (b".snd", 12, read_au),
    (b".SoX", 16, read_sox),
    (b"XoS.", 16, read_sox),
    (b"caff", 12, read_caf),
    (W64_RIFF, 40, read_w64),
    (VOC, 22, read_voc),
)
"""The first bytes of a format, the size of its fixed header, and how to read it."""


def find_share(data: Buffer) -> float | None:
    """Return which share of the stated sound is there, below 1 in a truncated file.

    Returns:
        A value from 0 to 1; ``None`` for other formats, or where no size is stated.
    """
    for head, least_bytes, read in READERS:
        if data[: len(head)] == head and len(data) >= least_bytes:
            stated = read(data)
            if stated is None or stated[1] <= 0:
                return None
            start, size = stated
            return min(1.0, max(0, len(data) - start) / size)
    return None
