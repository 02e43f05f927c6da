"""The number of bytes of sound that a header states, for formats with a constant rate. No I/O.

Each function returns the offset of the sound and its stated size in bytes, or ``None`` if the
header states no size, for example because the recorder wrote to a pipe.
"""

import mmap
import struct
from collections.abc import Callable

Buffer = bytes | mmap.mmap
Stated = tuple[int, int] | None

W64_RIFF = bytes.fromhex("726966662e91cf11a5d628db04c10000")
W64_DATA = bytes.fromhex("64617461f3acd3118cd100c04f8edb8a")
VOC = b"Creative Voice File\x1a"
_MIN_UNKNOWN = 0x7FFFF000
_MIN_UNKNOWN_64 = 1 << 62
_VOC_SOUND = {1, 2, 9}


def read_au(data: Buffer) -> Stated:
    """Read the header of Sun's and NeXT's AU (SND)."""
    start, size = struct.unpack_from(">II", data, 4)
    return None if size >= _MIN_UNKNOWN else (start, size)


def read_sox(data: Buffer) -> Stated:
    """Read the header of SoX's own format, whose samples have 32 bits."""
    order = "<" if data[:4] == b".SoX" else ">"
    length, samples = struct.unpack_from(f"{order}IQ", data, 4)
    return None if not samples or samples >= _MIN_UNKNOWN_64 else (4 + length, 4 * samples)


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
        if size < header_bytes or size >= _MIN_UNKNOWN_64:
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
"""First bytes of a format, size of its fixed header, and its reader."""


def find_share(data: Buffer) -> float | None:
    """Return the share of the stated sound that is in the file; less than 1 if it is truncated.

    Returns:
        A value from 0 to 1; ``None`` for other formats, or if no size is stated.
    """
    for head, least_bytes, read in READERS:
        if data[: len(head)] == head and len(data) >= least_bytes:
            stated = read(data)
            if stated is None or stated[1] <= 0:
                return None
            start, size = stated
            return min(1.0, max(0, len(data) - start) / size)
    return None
