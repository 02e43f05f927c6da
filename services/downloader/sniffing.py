"""Detect the kind of content from its first bytes. Pure.

The bytes decide, not the extension of the URL or ``Content-Type``, which are both often wrong:
scripts send media, and login pages are sent as ``audio/mpeg``. The type decides only if the bytes
are ambiguous.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

SNIFFED_BYTES = 4096


class Content(Enum):
    """The kinds of content that a URL can have."""

    EMPTY = auto()
    """No bytes."""
    MEDIA = auto()
    """Audio or video, or bytes that may be."""
    HLS = auto()
    """A playlist of HTTP Live Streaming."""
    LINKS = auto()
    """A list of URLs: M3U without HLS, or PLS."""
    PAGE = auto()
    """HTML or XML, which yt-dlp searches for media."""
    OTHER = auto()
    """Other content: an archive, an image, a document."""


@dataclass(frozen=True)
class Finding:
    """The detected content."""

    content: Content
    extension: str | None = None
    """The usual file name extension of media, if known."""
    name: str = ""
    """The name of the format with its article, for an error message."""


_MEDIA: tuple[tuple[int, bytes, str], ...] = (
    (0, b"ID3", "mp3"),
    (8, b"WAVE", "wav"),
    (8, b"AVI ", "avi"),
    (8, b"AIF", "aiff"),
    (0, b"OggS", "ogg"),
    (0, b"fLaC", "flac"),
    (0, b"\x1a\x45\xdf\xa3", "mkv"),
    (4, b"ftyp", "mp4"),
    (4, b"moov", "mp4"),
    (4, b"mdat", "mp4"),
    (4, b"wide", "mov"),
    (4, b"styp", "mp4"),
    (4, b"moof", "mp4"),
    (4, b"sidx", "mp4"),
    (0, b"#!AMR", "amr"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "wma"),
    (0, b"FLV\x01", "flv"),
    (0, b"\x00\x00\x01\xba", "mpg"),
    (0, b"\x00\x00\x01\xb3", "mpg"),
    (0, b"caff", "caf"),
    (0, b".snd", "au"),
    (0, b"MAC ", "ape"),
    (0, b"wvPK", "wv"),
    (0, b"\x0b\x77", "ac3"),
    (0, b"ADIF", "aac"),
)
_OTHER: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PK\x03\x04", "a ZIP archive or an office document"),
    (0, b"PK\x05\x06", "an empty ZIP archive"),
    (0, b"%PDF", "a PDF document"),
    (0, b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (0, b"GIF8", "a GIF image"),
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (8, b"WEBP", "a WebP image"),
    (4, b"ftypheic", "a HEIC image"),
    (4, b"ftypmif1", "a HEIC image"),
    (4, b"ftypavif", "an AVIF image"),
    (0, b"II*\x00", "a TIFF image"),
    (0, b"MM\x00*", "a TIFF image"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"BZh", "a bzip2 archive"),
    (0, b"\xfd7zXZ", "an xz archive"),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"\x7fELF", "a program"),
    (0, b"\xd0\xcf\x11\xe0", "an office document"),
    (0, b"{\\rtf", "an RTF document"),
    (0, b"SQLite format 3", "a database"),
    (0, b"MThd", "a MIDI file, which has notes but no sound"),
)
_SAME_CONTAINER = {
    "mp4": {"m4a", "m4v", "m4b", "m4r", "mov", "3gp", "3g2", "f4v", "f4a"},
    "wma": {"wmv", "asf"},
    "ogg": {"oga", "ogv", "ogx", "opus", "spx"},
    "mkv": {"mka", "mk3d"},
}
_MARKS = (b"\xef\xbb\xbf",)
_TS_PACKETS = {188: 0, 192: 4, 204: 0}  # size and the position of the sync byte
_ADTS_SYNC = 0xFFF0
_MPEG_SYNC = 0x7FF
# Reserved values of version, layer, bit rate and sampling rate in the header of MPEG audio.
_MPEG_INVALID = (
    (0x180000, {0x080000}),
    (0x060000, {0}),
    (0x00F000, {0, 0x00F000}),
    (0x000C00, {0x000C00}),
)
_PLS_ENTRY = re.compile(r"(?i)file\d+\s*=\s*(\S.*)")
_LIST_TYPES = ("mpegurl", "scpls")


def sniff(head: bytes, media_type: str = "") -> Finding:
    """Detect the content of a response body.

    Args:
        head: Its first bytes, up to ``SNIFFED_BYTES``.
        media_type: Its ``Content-Type``.
    """
    if not head:
        return Finding(Content.EMPTY)
    for offset, magic, name in _OTHER:
        if head.startswith(magic, offset):
            return Finding(Content.OTHER, name=name)
    for offset, magic, extension in _MEDIA:
        if head.startswith(magic, offset):
            return Finding(Content.MEDIA, _refine(extension, head))
    return _sniff_text(head, media_type.lower()) or Finding(Content.MEDIA, _find_frames(head))


def find_links(text: str) -> list[str]:
    """Return the URLs, often relative, of an M3U or PLS file."""
    lines = [line.strip() for line in text.lstrip("\ufeff").splitlines()]
    if lines and lines[0].lower() == "[playlist]":
        return [found[1] for line in lines if (found := _PLS_ENTRY.fullmatch(line))]
    return [line for line in lines if line and not line.startswith("#")]


def refine_extension(found: Finding, *named: str) -> str | None:
    """Return the extension that a file should have.

    Args:
        found: The detected content.
        named: The extensions of its names, best first; a more specific one for the same container
            is kept.
    """
    if found.extension:
        same = _SAME_CONTAINER.get(found.extension, set())
        return next((each for each in named if each in same), found.extension)
    return named[0] if named else None


def _refine(extension: str, head: bytes) -> str:
    if extension == "mkv" and b"webm" in head[:64]:
        return "webm"
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return "m4a" if brand == b"M4A " else "mov" if brand == b"qt  " else extension
    return "opus" if extension == "ogg" and b"OpusHead" in head[:64] else extension


def _sniff_text(head: bytes, media_type: str) -> Finding | None:
    for mark in _MARKS:
        head = head.removeprefix(mark)
    text = head.lstrip()
    if text.startswith(b"#EXTM3U") and b"#EXT-X-" in text:
        return Finding(Content.HLS)
    is_list = text.startswith(b"#EXTM3U") or text[:10].lower() == b"[playlist]"
    if is_list or (any(name in media_type for name in _LIST_TYPES) and _is_text(head)):
        return Finding(Content.LINKS)
    if text.startswith(b"<") or _is_utf16_page(head):
        return Finding(Content.PAGE)
    return Finding(Content.OTHER, name="a text") if _is_text(head) else None


def _is_utf16_page(head: bytes) -> bool:
    return head.startswith((b"\xff\xfe<\x00", b"\xfe\xff\x00<"))


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end < len(head) - 1 or error.reason != "unexpected end of data":
            return False
        text = head[: error.start].decode("utf-8")
    return bool(text) and all(letter.isprintable() or letter in "\r\n\t\f" for letter in text)


def _find_frames(head: bytes) -> str | None:
    """Return the extension of a format that starts with a frame, without a header."""
    for size, offset in _TS_PACKETS.items():
        if head[offset::size][:3] == b"GGG":
            return "ts"
    header = int.from_bytes(head[:4], "big")
    if header >> 16 & 0xFFF6 == _ADTS_SYNC:
        return "aac"
    is_valid = all(header & mask not in values for mask, values in _MPEG_INVALID)
    return "mp3" if header >> 21 == _MPEG_SYNC and is_valid else None
