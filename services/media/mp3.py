"""Find holes in MP3 (data that is not frames) and how much sound they replace. No I/O.

MP3 has no timestamps, so libav continues directly after a hole. Whether a hole replaces frames or
was inserted between them follows from the frame count that the first frame states. At a constant
bit rate it follows from the size of the hole, which is a multiple of the frame size if it replaces
frames.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from services.media.stated_size import Buffer
from services.media.stream_succession import AnyPacket

CONFIRMED_FRAMES = 3
"""Consecutive frames that confirm the start of sound; a single header may be coincidence."""
ROUNDING_BYTES = 1.5
MIN_SHARE = 0.9
"""Minimum share of frames with the same bit rate for a constant bit rate."""
MIN_ZERO_BYTES = 4096
MIN_EMPTY_S = 1.0
MIN_LOST_S = 0.001
"""Duration of an inserted hole, so that it is reported: it may have cut a frame."""
HEADER = re.compile(rb"\xff[\xe2-\xe7\xf2-\xff][\x10-\xef]")
"""Without the reserved values of version, layer and bit rate."""
MAX_SEARCHED = 300_000
"""Maximum number of header candidates, as in a gigabyte of noise; more are malicious."""
MAX_HOLE_BYTES = 1 << 28
TAGS = (b"TAG", b"APETAGEX", b"LYRICSBEGIN")
STATED_AT = 200
"""Bytes of the first frame in which a header with the number of frames may start."""

_MPEG_1 = 3
_RATES_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_KBITS_1 = {
    3: (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    2: (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    1: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
}
_KBITS_2 = {
    3: (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    1: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_LAYER_1, _LAYER_3 = 3, 1


@dataclass(frozen=True)
class Header:
    """A frame header."""

    form: tuple[int, int, int]
    """Version, layer and sample rate code, which are the same in all frames of one encoder."""
    mean_bytes: float
    """Average size of a frame at this bit rate."""
    size: int
    duration_s: float


@dataclass(frozen=True)
class Hole:
    """A range of bytes that is not frames."""

    start: int
    end: int
    lost_s: float
    """Duration of the sound that is missing."""


@dataclass
class _Walk:
    """The frames of a file and the gaps between them."""

    first: int = 0
    end: int = 0
    count: int = 0
    gaps: list[tuple[int, int]] = field(default_factory=list)
    sizes: dict[float, int] = field(default_factory=dict)
    """Number of frames of each average size."""
    duration_s: float = 0.0
    """Duration of the last frame."""
    searched: int = 0
    """Number of header candidates that were checked."""

    @property
    def mean_bytes(self) -> float:
        """Return the average size of a frame."""
        return sum(size * count for size, count in self.sizes.items()) / self.count

    def read_stated(self, data: Buffer) -> tuple[int, int] | None:
        """Return the number of frames and bytes that the first frame states, if it does."""
        return read_stated(data[self.first : self.first + STATED_AT + 16])


def starts_mp3(head: bytes) -> bool:
    """Return whether the first bytes may be those of MPEG audio, of any layer."""
    return head[:3] == b"ID3" or (read_header(head[:4]) is not None)


def read_header(data: bytes) -> Header | None:
    """Parse a header of four bytes; return ``None`` if it is invalid."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0:  # noqa: PLR2004 - the sync word
        return None
    version, layer = data[1] >> 3 & 3, data[1] >> 1 & 3
    bit_rate, rate = data[2] >> 4, data[2] >> 2 & 3
    if version == 1 or not layer or bit_rate in {0, 15} or rate == 3:  # noqa: PLR2004 - reserved
        return None
    rate_hz = _RATES_HZ[version][rate]
    kbits = (_KBITS_1 if version == _MPEG_1 else _KBITS_2)[layer][bit_rate - 1]
    samples = 1152 if layer != _LAYER_1 else 384
    if layer == _LAYER_3 and version != _MPEG_1:
        samples = 576
    mean_bytes = samples / 8 * 1000 * kbits / rate_hz
    slot = 4 if layer == _LAYER_1 else 1
    size = (int(mean_bytes) // slot + (data[2] >> 1 & 1)) * slot
    return Header((version, layer, rate), mean_bytes, size, samples / rate_hz)


def find_holes(data: Buffer) -> tuple[tuple[Hole, ...], bool]:
    """Return the holes in a file, and whether its end is filled with zeros.

    Args:
        data: The file. The result is empty for anything but MPEG audio.
    """
    walk = _walk(data)
    if walk is None:
        return (), False
    counts = _count_lost(data, walk) if walk.gaps else []
    holes = tuple(
        Hole(start, end, max(count * walk.duration_s, MIN_LOST_S))
        for (start, end), count in zip(walk.gaps, counts, strict=True)
    )
    return holes, _is_end_empty(data, walk)


def _is_end_empty(data: Buffer, walk: _Walk) -> bool:
    """Return whether the file ends with zeros, as in an incomplete download."""
    stated = walk.read_stated(data)
    if stated and walk.count > stated[0]:
        return False
    least_bytes = MIN_EMPTY_S / walk.duration_s * walk.mean_bytes
    count = len(data) - walk.end
    return count >= least_bytes and data[walk.end :].count(0) == count


def _walk(data: Buffer) -> _Walk | None:
    headers: dict[bytes, Header | None] = {}
    walk = _Walk()
    offset = _find_frames(data, walk, end_tag(data, 0))
    if offset is None:
        return None
    walk.first = walk.end = offset
    while offset is not None:
        if offset > walk.end:
            walk.gaps.append((walk.end, offset))
        while header := _read(data, offset, headers):
            walk.count += 1
            walk.sizes[header.mean_bytes] = walk.sizes.get(header.mean_bytes, 0) + 1
            walk.duration_s = header.duration_s
            offset += header.size
        walk.end = min(offset, len(data))
        if data[offset : offset + 11].startswith(TAGS):
            offset = _find_frames(data, walk, offset + 1)
            walk.end = offset or walk.end
            continue
        if (after := end_tag(data, offset)) > offset:
            # A tag between joined files is not a hole.
            offset = walk.end = after
            if _read(data, offset, headers):
                continue
        offset = _find_frames(data, walk, offset + 1)
    return walk


def _read(data: Buffer, offset: int, headers: dict[bytes, Header | None]) -> Header | None:
    key = data[offset : offset + 4]
    if key not in headers:
        headers[key] = read_header(key)
    return headers[key]


def end_tag(data: Buffer, offset: int) -> int:
    """Return the end of an ID3 tag; the offset itself if there is none."""
    head = data[offset : offset + 10]
    if head[:3] != b"ID3" or len(head) < 10:  # noqa: PLR2004 - header size
        return offset
    return offset + 10 + sum((head[6 + byte] & 0x7F) << 21 - 7 * byte for byte in range(4))


def _find_frames(data: Buffer, walk: _Walk, offset: int) -> int | None:
    """Return the offset of the next confirmed frame."""
    for found in HEADER.finditer(data, offset, offset + MAX_HOLE_BYTES):
        walk.searched += 1
        if walk.searched > MAX_SEARCHED:
            break
        if _is_confirmed(data, found.start()):
            return found.start()
    return None


def _is_confirmed(data: Buffer, offset: int) -> bool:
    form = None
    for number in range(CONFIRMED_FRAMES):
        header = read_header(data[offset : offset + 4])
        if header is None or (form and header.form != form):
            return False
        form, offset = header.form, offset + header.size
        if offset >= len(data):
            return number > 0 or offset == len(data)
    return True


def _count_lost(data: Buffer, walk: _Walk) -> list[int]:
    """Return how many frames each hole replaces."""
    lengths = [end - start for start, end in walk.gaps]
    stated = walk.read_stated(data)
    if stated is None:
        usual = max(walk.sizes, key=lambda size: walk.sizes[size])
        is_constant = walk.sizes[usual] >= MIN_SHARE * walk.count
        return [
            _count_whole(length, usual) if is_constant else _count_zeros(data, gap, walk.mean_bytes)
            for length, gap in zip(lengths, walk.gaps, strict=True)
        ]
    frames, size = stated
    missing = max(0, frames - (walk.count - 1))
    if walk.first + size > len(data):  # the file is also truncated
        missing = min(missing, round(sum(lengths) / walk.mean_bytes))
    return [round(missing * length / sum(lengths)) for length in lengths]


def _count_whole(length: int, mean_bytes: float) -> int:
    count = round(length / mean_bytes)
    return count if abs(length - count * mean_bytes) <= ROUNDING_BYTES else 0


def _count_zeros(data: Buffer, gap: tuple[int, int], mean_bytes: float) -> int:
    """Return the number of frames that a hole of zeros replaces; zeros are never inserted."""
    zeros = data[gap[0] : gap[1]].count(0)
    return round(zeros / mean_bytes) if zeros >= MIN_ZERO_BYTES else 0


def read_stated(frame: bytes) -> tuple[int, int] | None:
    """Return the numbers of frames and bytes that a Xing or Info header states."""
    found = max(frame.find(b"Xing", 0, STATED_AT), frame.find(b"Info", 0, STATED_AT))
    has_both = found >= 0 and len(frame) >= found + 16 and frame[found + 7] & 3 == 3  # noqa: PLR2004
    if not has_both:
        return None
    return (
        int.from_bytes(frame[found + 8 : found + 12], "big"),
        int.from_bytes(frame[found + 12 : found + 16], "big"),
    )


def skip_holes(
    packets: Iterator[AnyPacket], holes: tuple[Hole, ...]
) -> Iterator[tuple[AnyPacket, float]]:
    """Yield the packets outside of holes, each with the seconds that are missing before it."""
    left = list(holes)
    lost_s = 0.0
    for packet in packets:
        position = packet.pos
        while left and position is not None and position >= left[0].end:
            lost_s += left.pop(0).lost_s
        if left and position is not None and position >= left[0].start:
            continue
        yield packet, lost_s
        lost_s = 0.0
