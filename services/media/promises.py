"""How long a file promises to be, where its header says so and is to be believed."""

import struct
from pathlib import Path

from services.media.decoding import Decoder
from services.media.opening import names_format
from services.media.parts import FileMap, Part
from services.media.timing import duration_of

HEADER_BYTES = 65536
STATED = frozenset({"mov", "mp4", "flac", "aiff", "tta", "wv"})
"""Formats whose tracks state how long they are."""
BELIEVED = STATED | {"matroska", "webm", "flv", "avi", "asf"}
"""Formats whose duration is stated, not estimated from the size of the file."""
EXACT = STATED | {"flv", "avi"}
"""Formats whose duration can be believed where nothing else says that the file is cut."""


def find_promise_s(path: Path, file_map: FileMap, decoder: Decoder, sound_s: float) -> float | None:
    """Return when the sound of a file's last part should end, since the part's start.

    Args:
        path: The file.
        file_map: How it is laid out.
        decoder: Of the last part.
        sound_s: How long its sound is.
    """
    if file_map.share < 1:
        return sound_s / file_map.share
    part = file_map.parts[-1]
    formats = names_format(decoder.container)
    if "wav" in formats:
        return _promise_wave(_read_head(path, part)) if file_map.is_cut else None
    if "mp3" in formats and len(file_map.parts) == 1:
        return _promise_mp3(path)
    if part.is_fragmented or not BELIEVED & formats:
        return None
    stream = decoder.container.streams[decoder.index]
    own_s = duration_of(stream)
    if own_s is not None and formats & STATED:
        start_s = 0.0
        if formats & {"mov", "mp4"} and stream.time_base:
            start_s = float((stream.start_time or 0) * stream.time_base)
        return own_s + start_s - decoder.packets.start_s - decoder.packets.skipped_s
    claimed = decoder.container.duration
    # It may be that of another track, of which nothing is read here.
    is_own = len(decoder.container.streams.audio) == 1 and bool(EXACT & formats)
    is_own = is_own or file_map.is_cut
    return claimed / 1e6 if claimed and is_own else None


def _read_head(path: Path, part: Part) -> bytes:
    with path.open("rb") as file:
        file.seek(part.start)
        return file.read(min(HEADER_BYTES, part.end - part.start))


def _promise_wave(head: bytes) -> float | None:
    offset, byte_rate, long_size = 12, 0, 0
    while offset + 8 <= len(head):
        kind, size = struct.unpack_from("<4sI", head, offset)
        if kind == b"fmt " and offset + 20 <= len(head):
            (byte_rate,) = struct.unpack_from("<I", head, offset + 16)
        if kind == b"ds64" and offset + 24 <= len(head):
            (long_size,) = struct.unpack_from("<Q", head, offset + 16)
        if kind == b"data":
            size = long_size or size
            return size / byte_rate if byte_rate else None
        offset += 8 + size + size % 2
    return None


def _promise_mp3(path: Path) -> float | None:
    """Return the duration in a Xing header, when the file is shorter than that header says."""
    with path.open("rb") as file:
        head = file.read(10)
        start = 0
        if head[:3] == b"ID3":
            sizes = head[6:10]
            start = 10 + sum(
                byte << shift for byte, shift in zip(sizes, (21, 14, 7, 0), strict=True)
            )
        file.seek(start)
        frame = file.read(4096)
    found = max(frame.find(b"Xing", 0, 200), frame.find(b"Info", 0, 200))
    if found < 0 or frame[0] != 0xFF:  # noqa: PLR2004 - a frame's first byte
        return None
    flags, frames, size = struct.unpack_from(">III", frame, found + 4)
    has_both = flags & 3 == 3  # noqa: PLR2004 - the bits of the two numbers
    if not has_both or start + size <= path.stat().st_size:
        return None
    is_mpeg_1 = frame[1] >> 3 & 3 == 3  # noqa: PLR2004
    rates = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
    rate_hz = rates.get(frame[1] >> 3 & 3, (44100, 48000, 32000))[min(2, frame[2] >> 2 & 3)]
    return float(frames * (1152 if is_mpeg_1 else 576) / rate_hz)
