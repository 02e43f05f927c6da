"""Find recordings that are concatenated in one file, and detect truncation.

libav reads only the first part of concatenated MP4, Ogg, Matroska, FLAC, WAV or AMR, or skips the
parts with other sample rates and channels. So such a file is split at the byte offsets of its
parts, and each part is opened separately.
"""

import mmap
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from services.media.mp3 import Hole, find_holes, starts_mp3
from services.media.ogg import find_last_granule, is_start_lost
from services.media.stated_size import Buffer, find_share
from services.media.transport import SYNC, find_cuts, find_packet_layout

EBML = b"\x1a\x45\xdf\xa3"
EBML_HEADER_BYTES = 64
ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
HEADER_BYTES = 65536
OGG_FIRST_PAGE = b"OggS\x00\x02"
FLAC_STARTS = (b"fLaC\x00\x00\x00\x22", b"fLaC\x80\x00\x00\x22")
AMR_STARTS = (b"#!AMR\n", b"#!AMR-WB\n")
PLACEHOLDER_SIZES = frozenset({0, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE})
"""Placeholder sizes that programs write for WAV data of unknown size."""
MIN_PLACEHOLDER_SIZE = (
    0x7FFFF000  # SoX and others write a placeholder minus the size of the headers
)
MP4_BOXES = frozenset(
    {
        b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"sidx", b"ssix",
        b"prft", b"emsg", b"uuid", b"meta", b"mfra", b"pnot", b"pdin", b"udta", b"junk", b"PICT",
        b"imda",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One recording in a file."""

    start: int
    end: int
    options: Mapping[str, str] = field(default_factory=dict)
    """Demuxer options."""
    is_fragmented: bool = False
    """Fragmented MP4, whose timestamps may be those of a longer stream."""
    is_start_lost: bool = False
    """The first sound is damaged, so the rest does not start at zero."""
    last_granule: int | None = None
    """Last granule position of Ogg, in samples."""
    holes: tuple[Hole, ...] = ()
    """Byte ranges of MP3 without frames."""
    continues: bool = False
    """The time line of the previous part continues, as within one part."""


@dataclass(frozen=True)
class FileMap:
    """The layout of a file."""

    parts: tuple[Part, ...]
    is_cut: bool = False
    """The file ends before a size that it states."""
    has_no_index: bool = False
    """The index, which some formats write last, is missing, so the file may be unreadable."""
    share: float = 1.0
    """Share of the sound that is in the file, if it states the size in bytes."""


def map_file(path: Path) -> FileMap:
    """Return the layout of a file: one part for an ordinary file, none for an empty one."""
    size = path.stat().st_size
    if not size:
        return FileMap(())
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return map_bytes(data)


def map_bytes(data: Buffer) -> FileMap:
    """Return the layout of the content of a file."""
    for matches, read in READERS:
        if matches(data[:16]):
            return read(data)
    share = find_share(data)
    is_cut = share is not None and share < 1
    return FileMap((Part(0, len(data)),), is_cut, has_no_index=is_cut, share=share or 1.0)


def _is_mp4(head: bytes) -> bool:
    return head[4:8] in MP4_BOXES


def _is_riff(head: bytes) -> bool:
    return head[:4] in {b"RIFF", b"RF64", b"BW64"} and head[8:12] == b"WAVE"


def _is_avi(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"AVI "


def _map_avi(data: Buffer) -> FileMap:
    (size,) = struct.unpack_from("<I", data, 4)
    is_known = size not in PLACEHOLDER_SIZES and size < MIN_PLACEHOLDER_SIZE
    return FileMap((Part(0, len(data)),), is_cut=is_known and size + 8 > len(data) + 1)


def _map_asf(data: Buffer) -> FileMap:
    found = data[:HEADER_BYTES].find(ASF_PROPERTIES)
    size = int.from_bytes(data[found + 40 : found + 48], "little") if found >= 0 else 0
    return FileMap((Part(0, len(data)),), is_cut=size > len(data))


def _map_mp4(data: Buffer) -> FileMap:
    starts, fragments = [0], {0: False}
    has_index = is_cut = held_index = False
    for offset, kind, end in _walk_boxes(data):
        is_cut = end > len(data)
        starts_part = kind == b"ftyp" or (kind == b"moov" and held_index)
        if starts_part and offset > starts[-1] and held_index:
            starts.append(offset)
            fragments[offset] = held_index = False
        if kind == b"moov":
            held_index = has_index = True
        if kind == b"moof":
            has_index = fragments[starts[-1]] = True
    parts = tuple(
        replace(part, is_fragmented=fragments[part.start]) for part in _cut(starts, len(data))
    )
    return FileMap(parts, is_cut, has_no_index=not has_index)


def _walk_boxes(data: Buffer) -> Iterator[tuple[int, bytes, int]]:
    offset = 0
    while offset + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, offset)
        if kind not in MP4_BOXES and not kind.isalnum():
            return
        if size == 1 and offset + 16 <= len(data):
            (size,) = struct.unpack_from(">Q", data, offset + 8)
        elif size == 0:  # up to the end
            size = len(data) - offset
        if size < 8:  # noqa: PLR2004 - size of a box header
            return
        yield offset, kind, offset + size
        offset += size


def _map_ogg(data: Buffer) -> FileMap:
    starts: list[int] = []
    previous_end = 0
    for offset in _find_all(data, OGG_FIRST_PAGE):
        # The first pages of all streams of a part are consecutive.
        if not starts or offset != previous_end:
            starts.append(offset)
        previous_end = _end_page(data, offset)
    last = data.rfind(b"OggS")
    parts = tuple(
        replace(
            part,
            is_start_lost=is_start_lost(data, part.start, part.end),
            last_granule=find_last_granule(data, part.start, part.end),
        )
        for part in _cut(starts or [0], len(data))
    )
    return FileMap(parts, is_cut=_end_page(data, last) > len(data))


def _end_page(data: Buffer, offset: int) -> int:
    header_bytes = 27
    if offset + header_bytes > len(data):
        return offset + header_bytes
    count = data[offset + header_bytes - 1]
    lacing = data[offset + header_bytes : offset + header_bytes + count]
    return offset + header_bytes + count + sum(lacing)


def _map_ebml(data: Buffer) -> FileMap:
    starts = [
        offset
        for offset in _find_all(data, EBML)
        if any(kind in data[offset : offset + EBML_HEADER_BYTES] for kind in (b"webm", b"matroska"))
    ]
    parts = _cut(starts or [0], len(data))
    return FileMap(parts, is_cut=_end_segment(data, parts[-1].start) > len(data))


def _end_segment(data: Buffer, start: int) -> int:
    """Return the stated end of a segment; the end of the file if it states none."""
    header_size, header_end = _read_ebml_size(data, start + 4)
    segment = header_end + header_size
    if data[segment : segment + 4] != b"\x18\x53\x80\x67":
        return len(data)
    size, content = _read_ebml_size(data, segment + 4)
    return content + size if size >= 0 else len(data)


def _read_ebml_size(data: Buffer, offset: int) -> tuple[int, int]:
    """Return a size (-1 if unknown) and the offset after it."""
    first = data[offset] if offset < len(data) else 0
    length = 9 - first.bit_length()
    raw = int.from_bytes(data[offset : offset + length], "big")
    mask = (1 << 7 * length) - 1
    return (-1 if raw & mask == mask else raw & mask), offset + length


def _map_flac(data: Buffer) -> FileMap:
    starts = sorted(offset for start in FLAC_STARTS for offset in _find_all(data, start))
    return FileMap(_cut(starts, len(data)))


def _map_amr(data: Buffer) -> FileMap:
    starts = sorted(offset for start in AMR_STARTS for offset in _find_all(data, start))
    return FileMap(_cut(starts, len(data)))


def _map_riff(data: Buffer) -> FileMap:
    parts: list[Part] = []
    start, is_cut = 0, False
    while start < len(data) and _is_riff(data[start : start + 12]):
        end, is_cut, options = _end_wave(data, start)
        parts.append(Part(start, end, options))
        start = end
    return FileMap(tuple(parts), is_cut)


def _end_wave(data: Buffer, start: int) -> tuple[int, bool, Mapping[str, str]]:
    """Return the end of a WAV recording, whether it is truncated, and the demuxer options."""
    offset, long_size = start + 12, 0
    while offset + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, offset)
        if kind == b"ds64" and offset + 24 <= len(data):
            (long_size,) = struct.unpack_from("<Q", data, offset + 16)
        if kind != b"data":
            offset += 8 + size + size % 2
            continue
        if size == 0xFFFFFFFF and long_size:  # noqa: PLR2004 - marker of RF64
            size = long_size
        elif size in PLACEHOLDER_SIZES or size >= MIN_PLACEHOLDER_SIZE:
            return len(data), False, {"ignore_length": "1"}
        end = offset + 8 + size
        if end > len(data):
            return len(data), True, {}
        return _skip_chunks(data, end, size)
    return len(data), False, {}


def _skip_chunks(data: Buffer, end: int, size: int) -> tuple[int, bool, Mapping[str, str]]:
    offset = end + size % 2
    while offset + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, offset)
        if _is_riff(data[offset : offset + 12]):
            return offset, False, {}
        is_chunk = kind.strip().isascii() and kind.decode("latin-1").isprintable()
        if not is_chunk or offset + 8 + length > len(data):
            # The rest is not a chunk but more sound, so the stated size is wrong.
            return len(data), False, {"ignore_length": "1"} if offset == end + size % 2 else {}
        offset += 8 + length + length % 2
    return len(data), False, {}


def _map_mp3(data: Buffer) -> FileMap:
    holes, is_cut = find_holes(data)
    return FileMap((Part(0, len(data), holes=holes),), is_cut)


def _map_transport(data: Buffer) -> FileMap:
    form = find_packet_layout(data)
    cuts = find_cuts(data, form) if form else []
    starts = [0, *(start for _, start in cuts)]
    ends = [*(end for end, _ in cuts), len(data)]
    return FileMap(
        tuple(
            Part(start, end, continues=start > 0) for start, end in zip(starts, ends, strict=True)
        )
    )


def _find_all(data: Buffer, wanted: bytes) -> Iterator[int]:
    offset = data.find(wanted)
    while offset >= 0:
        yield offset
        offset = data.find(wanted, offset + 1)


def _cut(starts: list[int], size: int) -> tuple[Part, ...]:
    edges = [0, *starts[1:], size]  # data before the first start belongs to the first part
    return tuple(Part(start, end) for start, end in pairwise(edges))


READERS: tuple[tuple[Callable[[bytes], bool], Callable[[Buffer], FileMap]], ...] = (
    (_is_mp4, _map_mp4),
    (_is_riff, _map_riff),
    (_is_avi, _map_avi),
    (lambda head: head == ASF, _map_asf),
    (lambda head: head[:4] == b"OggS", _map_ogg),
    (lambda head: head[:4] == EBML, _map_ebml),
    (lambda head: head[:4] == b"fLaC", _map_flac),
    (lambda head: head.startswith(AMR_STARTS), _map_amr),
    (starts_mp3, _map_mp3),
    (lambda head: SYNC in {head[0], head[min(4, len(head) - 1)]}, _map_transport),
)
