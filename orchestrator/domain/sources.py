"""Which addresses are accepted as a source, and which of them mean the same video. Pure."""

import re
import unicodedata
from functools import lru_cache
from typing import Final
from urllib.parse import SplitResult, parse_qs, urlsplit

from orchestrator.errors import UnsupportedSourceError

__all__ = ["canonical_address", "check_playlist_source", "check_source", "is_accepted"]

_YOUTUBE: Final = ("youtube.com", "youtu.be", "youtube-nocookie.com")
_BEFORE_ID: Final = frozenset({"e", "embed", "live", "shorts", "v", "watch"})
_NO_ID: Final = frozenset({"videoseries", "live_stream"})  # embed/ takes these words in its place
_BEFORE_CHANNEL: Final = frozenset({"c", "channel", "user"})
_NO_HOST: Final = re.compile(r"[\s!\"$&'()*+,;<=>^`{|}~\x7f\\]")
# Today's ids have 11 characters, but YouTube promises no length.
_VIDEO_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def is_accepted(url: str, allowed_sources: frozenset[str]) -> bool:
    """Tell whether an address is one of YouTube's, or of a host that the operator allows.

    Args:
        url: The address as the client wrote it.
        allowed_sources: Further host names, each with its subdomains; ``*`` allows any.
    """
    parts = _split(url)
    if parts is None:
        return False
    return "*" in allowed_sources or _is_of(_host(parts), {*_YOUTUBE, *allowed_sources})


def check_source(url: str, allowed_sources: frozenset[str], *, pointer: str = "") -> None:
    """Make sure that an address is accepted and may name a video.

    Args:
        url: The address as the client wrote it.
        allowed_sources: As for ``is_accepted``.
        pointer: The field that has it, for the error.

    Raises:
        UnsupportedSourceError: Its host is not accepted, or it is YouTube's and names no video:
            a channel, a playlist, a search.
    """
    parts = _accepted_parts(url, allowed_sources, pointer)
    is_clip = parts.path.startswith("/clip/")  # names a video without its id
    if _is_of(_host(parts), _YOUTUBE) and not is_clip and _video_id(parts) is None:
        detail = "This address of YouTube names no single video"
        raise UnsupportedSourceError(detail, "no_single_video", pointer)


def check_playlist_source(url: str, allowed_sources: frozenset[str], *, pointer: str = "") -> None:
    """Make sure that an address is accepted and may name a playlist or a channel.

    Args:
        url: The address as the client wrote it.
        allowed_sources: As for ``is_accepted``.
        pointer: The field that has it, for the error.

    Raises:
        UnsupportedSourceError: Its host is not accepted, or it is YouTube's and names something
            else: a video (also one that is seen within a playlist), a search.
    """
    parts = _accepted_parts(url, allowed_sources, pointer)
    if _is_of(_host(parts), _YOUTUBE) and not _names_playlist(parts):
        detail = "This address of YouTube names no playlist and no channel"
        raise UnsupportedSourceError(detail, "no_playlist", pointer)


def _names_playlist(parts: SplitResult) -> bool:
    segments = [segment for segment in parts.path.split("/") if segment]
    if segments and segments[0].startswith("@") and len(segments[0]) > 1:
        return True
    if len(segments) > 1 and segments[0] in _BEFORE_CHANNEL:
        return True
    listed = parse_qs(parts.query).get("list", [""])[0]
    return _video_id(parts) is None and bool(_VIDEO_ID.fullmatch(listed))


def _accepted_parts(url: str, allowed_sources: frozenset[str], pointer: str) -> SplitResult:
    parts = _split(url)
    if parts is None or not is_accepted(url, allowed_sources):
        host = _host(parts) if parts else url.rpartition("@")[2]  # no login, if it has one
        detail = f"{host} is not a source that is accepted here"
        raise UnsupportedSourceError(detail, "source", pointer, host)
    return parts


def canonical_address(url: str) -> str:
    """Return the one form of an address that all of YouTube's forms for a video share.

    Args:
        url: Any address; one that is not a YouTube video's comes back as it is.
    """
    parts = _split(url)
    if parts is None or not _is_of(_host(parts), _YOUTUBE):
        return url
    video_id = _video_id(parts)
    return f"https://www.youtube.com/watch?v={video_id}" if video_id else url


@lru_cache(maxsize=256)  # a submission's address is looked at three times
def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        host = _host(parts)
        labels = unicodedata.normalize("NFKC", host).split(".")  # as a resolver would read it
        is_nowhere = parts.port == 0 or not all(labels)  # a port that is none raises
    except ValueError:
        return None
    # urlsplit takes for a part of the host what no host has and where clients that fetch may end
    # it, and it leaves out control characters.
    is_odd = is_nowhere or _NO_HOST.search(host) or any(character < " " for character in url)
    if parts.scheme not in {"http", "https"} or not host or is_odd:
        return None
    return parts


def _host(parts: SplitResult) -> str:
    return (parts.hostname or "").rstrip(".").lower()


def _is_of(host: str, names: tuple[str, ...] | set[str]) -> bool:
    return any(host == name or host.endswith(f".{name}") for name in names)


def _video_id(parts: SplitResult) -> str | None:
    """Return the id in an address of YouTube, ``None`` where it has none."""
    segments = [segment for segment in parts.path.split("/") if segment]
    given = parse_qs(parts.query).get("v", [""])[0]
    if _is_of(_host(parts), ("youtu.be",)):
        given = segments[0] if segments else given
    elif len(segments) > 1 and segments[0] in _BEFORE_ID:
        given = segments[1]
    return given if _VIDEO_ID.fullmatch(given) and given not in _NO_ID else None
