"""Parse media playlists of HTTP Live Streaming (RFC 8216). Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin

from yt_dlp.utils import parse_m3u8_attributes

_IDENTITY = "identity"
_TAG = "#EXT-X-"


class ProtectedError(Exception):
    """The stream is protected by DRM."""


@dataclass(frozen=True)
class Key:
    """An AES-128 key; segments are encrypted in CBC mode."""

    url: str
    iv: bytes | None
    """``None`` means the segment's media sequence number."""


@dataclass(frozen=True)
class Source:
    """A URL, and a byte range of it unless the whole resource is meant."""

    url: str
    start: int | None = None
    end: int | None = None
    """Exclusive."""


@dataclass(frozen=True)
class Segment:
    """A media segment, or the initialization section (``EXT-X-MAP``) of those that follow."""

    source: Source
    key: Key | None
    number: int
    """Its media sequence number."""
    start_s: float
    duration_s: float
    is_init: bool = False
    is_missing: bool = False
    """Whether the publisher marks it as missing (``EXT-X-GAP``)."""
    is_discontinuous: bool = False
    """Whether its timestamps may not continue the previous ones (``EXT-X-DISCONTINUITY``)."""


@dataclass
class _State:
    """The state of the parser: what the tags define for the next segment."""

    url: str
    number: int = 0
    key: Key | None = None
    has_own_key: bool = False
    is_protected: bool = False
    init: Source | None = None
    init_key: Key | None = None
    written: tuple[Source, Key | None] | None = None
    range_length: int | None = None
    range_start: int | None = None
    range_ends: dict[str, int] = field(default_factory=dict)
    duration_s: float = 0.0
    start_s: float = 0.0
    is_gap: bool = False
    is_discontinuous: bool = False
    is_ad: bool = False


def is_playlist(text: str) -> bool:
    """Return whether a text is a playlist."""
    return text.lstrip("\ufeff \t\r\n").startswith("#EXTM3U")


def has_ended(text: str) -> bool:
    """Return whether a playlist is complete."""
    return "#EXT-X-ENDLIST" in text or "#EXT-X-PLAYLIST-TYPE:VOD" in text


def sum_durations(text: str) -> float | None:
    """Return the duration of a playlist in seconds, or ``None`` if it states none."""
    total = sum(
        _read_duration(line) for line in text.splitlines() if line.strip().startswith("#EXTINF:")
    )
    return round(total, 3) or None


def read_segments(text: str, url: str) -> Iterator[Segment]:
    """Yield the segments of a playlist, each initialization section before its first segment.

    Segments that are marked as advertisements are skipped.

    Args:
        text: The playlist.
        url: Its URL, the base of relative URLs.

    Raises:
        ProtectedError: Segments are protected by DRM.
    """
    state = _State(url)
    for line in map(str.strip, text.splitlines()):
        if line.startswith("#"):
            _read_tag(state, line)
        elif line and state.is_ad:
            state.number += 1
        elif line:
            yield from _take(state, line)


def _take(state: _State, line: str) -> Iterator[Segment]:
    if state.is_protected:
        raise ProtectedError
    if state.init and (state.init, state.init_key) != state.written:
        state.written = (state.init, state.init_key)
        yield Segment(state.init, state.init_key, state.number, state.start_s, 0.0, is_init=True)
    source = _locate(state, urljoin(state.url, line))
    yield Segment(
        source,
        state.key,
        state.number,
        state.start_s,
        state.duration_s,
        is_missing=state.is_gap,
        is_discontinuous=state.is_discontinuous,
    )
    state.start_s += state.duration_s
    state.number += 1
    state.range_length = state.range_start = None
    state.duration_s = 0.0
    state.is_gap = state.is_discontinuous = state.has_own_key = False


def _locate(state: _State, url: str) -> Source:
    if state.range_length is None:
        return Source(url)
    start = state.range_start if state.range_start is not None else state.range_ends.get(url, 0)
    state.range_ends[url] = start + state.range_length
    return Source(url, start, start + state.range_length)


def _read_tag(state: _State, line: str) -> None:
    name, _, value = line.partition(":")
    match name.removeprefix(_TAG):
        case "#EXTINF":
            state.duration_s = _read_duration(line)
        case "MEDIA-SEQUENCE":
            state.number = _read_number(value) or 0
        case "BYTERANGE":
            state.range_length, state.range_start = _read_byte_range(value)
        case "KEY":
            _read_key(state, parse_m3u8_attributes(value))
        case "MAP":
            _read_map(state, parse_m3u8_attributes(value))
        case "GAP":
            state.is_gap = True
        case "DISCONTINUITY":
            state.is_discontinuous = True
        case _:
            _read_mark(state, line)


def _read_mark(state: _State, line: str) -> None:
    """Read the tags with which two providers mark advertisements."""
    if line.startswith("#ANVATO-SEGMENT-INFO") and "type=" in line:
        state.is_ad = "type=ad" in line
    elif line.startswith("#UPLYNK-SEGMENT"):
        state.is_ad = line.endswith(",ad")


def _read_key(state: _State, attributes: Mapping[str, str]) -> None:
    method = attributes.get("METHOD", "NONE").upper()
    form = attributes.get("KEYFORMAT", _IDENTITY).lower()
    if method == "NONE":
        state.key, state.is_protected = None, False
    elif method == "AES-128" and form == _IDENTITY and attributes.get("URI"):
        iv = attributes.get("IV", "")
        vector = bytes.fromhex(iv[2:].zfill(32)) if iv[:2].lower() == "0x" else None
        state.key = Key(urljoin(state.url, attributes["URI"]), vector)
        state.is_protected, state.has_own_key = False, True
    elif not state.has_own_key:  # the same segments may also have an unprotected key
        state.is_protected = True


def _read_map(state: _State, attributes: Mapping[str, str]) -> None:
    url = urljoin(state.url, attributes.get("URI", ""))
    length, start = _read_byte_range(attributes.get("BYTERANGE", ""))
    begin = start or 0
    state.init = Source(url) if length is None else Source(url, begin, begin + length)
    state.init_key = state.key


def _read_byte_range(text: str) -> tuple[int | None, int | None]:
    length, _, start = text.strip().strip('"').partition("@")
    return _read_number(length), _read_number(start)


def _read_number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() else None


def _read_duration(line: str) -> float:
    try:
        seconds = float(line.strip().removeprefix("#EXTINF:").split(",")[0])
    except ValueError:
        return 0.0
    return seconds if 0 < seconds < float("inf") else 0.0
