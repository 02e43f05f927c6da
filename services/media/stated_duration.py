"""The duration that a file states, if its header states one that is reliable."""

import struct
from pathlib import Path

from services.media.decoding import Decoder
from services.media.mp3 import STATED_AT, end_tag, read_header, read_stated
from services.media.opening import list_format_names
from services.media.parts import FileMap, Part
from services.media.timing import read_stream_duration_s

HEADER_BYTES = 65536
STATED_BY_TRACK = frozenset({"mov", "mp4", "flac", "aiff", "tta", "wv"})
"""Formats whose tracks state their duration."""
STATED_BY_CONTAINER = STATED_BY_TRACK | {"matroska", "webm", "flv", "avi", "asf"}
"""Formats whose duration is stated, not estimated from the size of the file."""
EXACT = STATED_BY_TRACK | {"flv", "avi"}
"""Formats whose duration is reliable even if nothing else indicates truncation."""


def find_stated_duration_s(
    path: Path, file_map: FileMap, decoder: Decoder, sound_s: float
) -> float | None:
    """Return the duration that the last part of a file states, if it is reliable.

    Args:
        path: The file.
        file_map: The layout of the file.
        decoder: The decoder of the last part.
        sound_s: Duration of the decoded sound.
    """
    if file_map.share < 1:
        return sound_s / file_map.share
    part = file_map.parts[-1]
    formats = list_format_names(decoder.container)
    if "wav" in formats:
        return _read_wave_duration_s(_read_head(path, part)) if file_map.is_cut else None
    if "mp3" in formats and len(file_map.parts) == 1:
        return _read_mp3_duration_s(path, file_map)
    if part.is_fragmented or not STATED_BY_CONTAINER & formats:
        return None
    stream = decoder.container.streams[decoder.index]
    own_s = read_stream_duration_s(stream)
    if own_s is not None and formats & STATED_BY_TRACK:
        start_s = 0.0
        if formats & {"mov", "mp4"} and stream.time_base:
            start_s = float((stream.start_time or 0) * stream.time_base)
        return own_s + start_s - decoder.packets.start_s - decoder.packets.skipped_s
    stated = decoder.container.duration
    # The duration may be that of another track.
    is_own = len(decoder.container.streams.audio) == 1 and bool(EXACT & formats)
    is_own = is_own or file_map.is_cut
    return stated / 1e6 if stated and is_own else None


def _read_head(path: Path, part: Part) -> bytes:
    with path.open("rb") as file:
        file.seek(part.start)
        return file.read(min(HEADER_BYTES, part.end - part.start))


def _read_wave_duration_s(head: bytes) -> float | None:
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


def _read_mp3_duration_s(path: Path, file_map: FileMap) -> float | None:
    """Return the duration that the first frame states, if the file is shorter than stated."""
    with path.open("rb") as file:
        file.seek(end_tag(file.read(10), 0))
        start = file.tell()
        frame = file.read(STATED_AT + 16)
    header, stated = read_header(frame[:4]), read_stated(frame)
    if header is None or stated is None:
        return None
    frames, size = stated
    is_short = file_map.is_cut or start + size > path.stat().st_size
    return frames * header.duration_s if is_short else None
