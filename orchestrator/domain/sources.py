"""The source of a job or a batch: one URL, parsed once. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from urllib.parse import SplitResult, parse_qs, urlsplit

from foundation.logins import hide_login
from orchestrator.domain.network import check_address
from orchestrator.errors import UnsupportedSourceError

__all__ = ["Source"]

_YOUTUBE: Final = ("youtube.com", "youtu.be", "youtube-nocookie.com")
_BEFORE_VIDEO_ID: Final = frozenset({"e", "embed", "live", "shorts", "v", "watch"})
_NOT_VIDEO_IDS: Final = frozenset({"videoseries", "live_stream"})  # follow embed/ instead of an id
_BEFORE_CHANNEL: Final = frozenset({"c", "channel", "user"})
_INVALID_IN_HOST: Final = re.compile(r"[\s!\"$&'()*+,;<=>^`{|}~\x7f\\]")
# Today's ids have 11 characters, but YouTube promises no length.
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Source:
    """The URL of a video, a playlist or a channel; parsed on first use, once per instance.

    The source of an uploaded file is ``upload:`` and the name of the file; it has no host.
    """

    url: str
    """As the client wrote it; may contain a login."""

    @property
    def public_url(self) -> str:
        """The URL without a login, for responses and logs."""
        return hide_login(self.url)

    @property
    def path(self) -> str:
        """The path, still percent-encoded; empty if the URL is not valid."""
        return self._parts.path if self._parts else ""

    @cached_property
    def canonical_url(self) -> str:
        """The one URL that all URLs of a YouTube video map to; any other URL is unchanged."""
        video_id = self._video_id if self._is_youtube else None
        return f"https://www.youtube.com/watch?v={video_id}" if video_id else self.url

    def is_allowed(self, allowed_sources: frozenset[str]) -> bool:
        """Return whether the host is YouTube or one that the operator allows.

        Args:
            allowed_sources: Further host names, each with its subdomains; ``*`` allows any.
        """
        if self._parts is None:
            return False
        return "*" in allowed_sources or _is_under(self._host, {*_YOUTUBE, *allowed_sources})

    def check_video(
        self, *, allowed_sources: frozenset[str], allow_private: bool, pointer: str = ""
    ) -> None:
        """Raise unless the URL is allowed and may name a video.

        Args:
            allowed_sources: As for ``is_allowed``.
            allow_private: Accept hosts in private networks.
            pointer: The request field that contains the URL, for the error.

        Raises:
            ForbiddenAddressError: The host is in a private network.
            UnsupportedSourceError: The host is not allowed, or the URL is a YouTube URL that names
                no video: a channel, a playlist, a search.
        """
        self._check_host(allowed_sources, pointer, allow_private=allow_private)
        is_clip = self.path.startswith("/clip/")  # names a video without its id
        if self._is_youtube and not is_clip and self._video_id is None:
            detail = "This YouTube URL names no single video"
            raise UnsupportedSourceError(detail, "no_single_video", pointer)

    def check_playlist(
        self, *, allowed_sources: frozenset[str], allow_private: bool, pointer: str = ""
    ) -> None:
        """Raise unless the URL is allowed and may name a playlist or a channel.

        Args:
            allowed_sources: As for ``is_allowed``.
            allow_private: Accept hosts in private networks.
            pointer: The request field that contains the URL, for the error.

        Raises:
            ForbiddenAddressError: The host is in a private network.
            UnsupportedSourceError: The host is not allowed, or the URL is a YouTube URL that names
                something else: a video (also within a playlist), a search.
        """
        self._check_host(allowed_sources, pointer, allow_private=allow_private)
        if self._is_youtube and not self._names_playlist():
            detail = "This YouTube URL names no playlist and no channel"
            raise UnsupportedSourceError(detail, "no_playlist", pointer)

    @cached_property
    def _parts(self) -> SplitResult | None:
        """The parts of an http or https URL that a client can connect to, else ``None``."""
        try:
            parts = urlsplit(self.url)
            host = _host_of(parts)
            labels = unicodedata.normalize("NFKC", host).split(".")  # as a resolver reads it
            is_unreachable = parts.port == 0 or not all(labels)  # reading the port may raise
        except ValueError:
            return None
        # urlsplit accepts characters in a host at which HTTP clients may end it, and drops control
        # characters.
        has_odd_text = _INVALID_IN_HOST.search(host) or any(letter < " " for letter in self.url)
        if parts.scheme not in {"http", "https"} or not host or is_unreachable or has_odd_text:
            return None
        return parts

    @property
    def _host(self) -> str:
        return _host_of(self._parts) if self._parts else ""

    @property
    def _is_youtube(self) -> bool:
        return _is_under(self._host, _YOUTUBE)

    @property
    def _segments(self) -> list[str]:
        return [segment for segment in self.path.split("/") if segment]

    @cached_property
    def _video_id(self) -> str | None:
        """The video id of a YouTube URL, ``None`` if it has none."""
        segments, found = self._segments, self._query_value("v")
        if _is_under(self._host, ("youtu.be",)):
            found = segments[0] if segments else found
        elif len(segments) > 1 and segments[0] in _BEFORE_VIDEO_ID:
            found = segments[1]
        return found if _ID.fullmatch(found) and found not in _NOT_VIDEO_IDS else None

    def _query_value(self, name: str) -> str:
        query = self._parts.query if self._parts else ""
        return parse_qs(query).get(name, [""])[0]

    def _names_playlist(self) -> bool:
        segments = self._segments
        if segments and segments[0].startswith("@") and len(segments[0]) > 1:
            return True
        if len(segments) > 1 and segments[0] in _BEFORE_CHANNEL:
            return True
        return self._video_id is None and bool(_ID.fullmatch(self._query_value("list")))

    def _check_host(
        self, allowed_sources: frozenset[str], pointer: str, *, allow_private: bool
    ) -> None:
        if self._parts is not None:
            check_address(self.url, allow_private=allow_private, pointer=pointer)
        if not self.is_allowed(allowed_sources):
            host = self._host or self.url.rpartition("@")[2]  # without a login
            detail = f"{host} is not an allowed source"
            raise UnsupportedSourceError(detail, "source", pointer, host)


def _host_of(parts: SplitResult) -> str:
    return (parts.hostname or "").rstrip(".").lower()


def _is_under(host: str, names: Iterable[str]) -> bool:
    return any(host == name or host.endswith(f".{name}") for name in names)
