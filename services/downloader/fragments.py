"""Download segmented media (HLS, DASH) completely, or fail.

yt-dlp's own downloaders skip segments that they cannot fetch, hold each segment in memory, and
reject a second ``EXT-X-MAP``.
"""

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from Cryptodome.Cipher import AES
from yt_dlp.downloader.dash import DashSegmentsFD as YtDlpDashFD
from yt_dlp.downloader.fragment import FragmentFD
from yt_dlp.downloader.hls import HlsFD as YtDlpHlsFD
from yt_dlp.networking.exceptions import RequestError, TransportError
from yt_dlp.utils import DownloadError

from services.downloader import failures
from services.downloader.hls import (
    Key,
    ProtectedError,
    Segment,
    has_ended,
    is_playlist,
    read_segments,
)
from services.downloader.network import ForbiddenConnectionError
from services.downloader.truncation import find_truncation

_ATTEMPTS = 4
_BLOCK_BYTES = 1024 * 1024
_KEY_BYTES = 16
_MAX_INIT_BYTES = 16 * 1024 * 1024  # real ones have a few kilobytes
_MAX_SEGMENTS = 200_000  # more than two days of one second each
_BOXES_BYTES = 64 * 1024
_PAGE_HEAD_BYTES = 64
_PAGES = (b"<!doctype", b"<html", b"<?xml")
_TRUNCATED = "A part of the stream is incomplete at its source; the missing part is silent."
_GAP = "The publisher marks this part of the stream as missing."

Fragment = Mapping[str, Any]


class CompleteFragmentFD(FragmentFD):  # type: ignore[misc]  # yt-dlp has no types
    """Downloads segments sequentially into one file, without gaps."""

    def _prepare_frag_download(self, ctx: dict[str, Any]) -> None:
        super()._prepare_frag_download(ctx)
        ctx["dl"].params["retries"] = 0  # attempts are counted here

    def download_and_append_fragments(
        self, ctx: dict[str, Any], fragments: Iterable[Fragment], info_dict: Any, **options: Any
    ) -> bool:
        """Download all fragments; see yt-dlp.

        Raises:
            WorkError: A segment cannot be downloaded completely.
        """
        if options.get("pack_func"):  # subtitles
            whole = super().download_and_append_fragments(ctx, fragments, info_dict, **options)
            return bool(whole)
        try:
            for fragment in fragments:
                self._append(ctx, fragment, info_dict)
        finally:
            ctx["dest_stream"].close()
        return bool(self._finish_frag_download(ctx, info_dict))

    def _append(self, ctx: dict[str, Any], fragment: Fragment, info: Mapping[str, Any]) -> None:
        ctx["fragment_index"] = fragment["frag_index"]
        ctx["fragment_count"] = fragment.get("fragment_count")
        self._fetch(ctx, fragment, info)
        with Path(ctx["fragment_filename_sanitized"]).open("rb") as segment:
            self._write(segment, ctx["dest_stream"], fragment)
        self._append_fragment(ctx, b"")  # updates yt-dlp's state and removes the segment

    def _write(self, segment: IO[bytes], media: IO[bytes], fragment: Fragment) -> None:
        """Append a segment; pad a truncated one, so that later segments keep their time."""
        truncation = find_truncation(segment)
        segment.seek(0)
        if truncation is None:
            shutil.copyfileobj(segment, media, _BLOCK_BYTES)
            return
        self.ydl.count(truncation.padding_bytes)
        media.write(segment.read(truncation.kept_bytes))
        for start in range(0, truncation.padding_bytes, _BLOCK_BYTES):
            media.write(bytes(min(_BLOCK_BYTES, truncation.padding_bytes - start)))
        source: Segment | None = fragment.get("segment")
        span_s = None
        if source:
            lost_from_s = source.start_s + source.duration_s * truncation.share
            span_s = (round(lost_from_s, 3), source.start_s + source.duration_s)
        self.ydl.warn("truncated_source", _TRUNCATED, span_s)

    def _fetch(self, ctx: dict[str, Any], fragment: Fragment, info: Mapping[str, Any]) -> None:
        headers = dict(info.get("http_headers") or {})
        if byte_range := fragment.get("byte_range"):
            headers["Range"] = f"bytes={byte_range['start']}-{byte_range['end'] - 1}"

        def download() -> None:
            data = info.get("request_data")
            if not self._download_fragment(ctx, fragment["url"], info, headers, data):
                raise failures.INCOMPLETE.to_error()
            check_segment(Path(ctx["fragment_filename_sanitized"]))

        fetch_with_retries(download, self.ydl.timing.segment_pause_s)


class DashFD(CompleteFragmentFD, YtDlpDashFD):  # type: ignore[misc]  # yt-dlp has no types
    """Downloads MPEG-DASH."""


class HlsFD(CompleteFragmentFD, YtDlpHlsFD):  # type: ignore[misc]  # yt-dlp has no types
    """Downloads HTTP Live Streaming.

    An initialization section is written where the media changes, so the file may consist of
    several concatenated MP4 files.
    """

    _init = b""
    _last_time = 0

    def real_download(self, filename: str, info_dict: dict[str, Any]) -> bool:
        """Download a media playlist; see yt-dlp."""
        if info_dict["ext"] == "vtt":  # subtitles: small, and yt-dlp joins their cues
            return bool(super().real_download(filename, info_dict))
        headers = info_dict.get("http_headers") or {}
        pause_s = self.ydl.timing.segment_pause_s
        fetch_with_retries(lambda: self.ydl.read_playlist(info_dict["url"], headers), pause_s)
        playlist = self.ydl.read_playlist(info_dict["url"], headers)
        if not is_playlist(playlist.text):  # a web page instead of one of several qualities
            raise failures.INCOMPLETE.to_error()
        if info_dict.get("extractor_key") == "Generic" and not has_ended(playlist.text):
            raise failures.LIVE_NOT_ENDED.to_error()
        try:
            segments = list(islice(read_segments(playlist.text, playlist.url), _MAX_SEGMENTS + 1))
        except ProtectedError as error:
            raise failures.PROTECTED.to_error() from error
        if len(segments) > _MAX_SEGMENTS:
            raise failures.TOO_LARGE.to_error()
        present = [segment for segment in segments if not segment.is_missing]
        if not any(not segment.is_init for segment in present):
            raise failures.EMPTY.to_error()
        for segment in segments:
            if segment.is_missing:
                span_s = (segment.start_s, segment.start_s + segment.duration_s)
                self.ydl.warn("truncated_source", _GAP, span_s)
        self._get_key = _KeyRing(self.ydl, headers)
        ctx: dict[str, Any] = {"filename": filename, "total_frags": len(present)}
        self._prepare_and_start_frag_download(ctx, info_dict)
        fragments = _number(present, after=ctx["fragment_index"])
        return self.download_and_append_fragments(ctx, fragments, info_dict)

    def _write(self, segment: IO[bytes], media: IO[bytes], fragment: Fragment) -> None:
        source: Segment | None = fragment.get("segment")
        if source is None:
            super()._write(segment, media, fragment)
            return
        with TemporaryFile() if source.key else nullcontext(segment) as plain:
            if source.key:
                iv = source.key.iv or source.number.to_bytes(_KEY_BYTES, "big")
                decrypt(segment, plain, self._get_key(source.key), iv)
                plain.seek(0)
            if source.is_init:
                self._write_init(plain.read(_MAX_INIT_BYTES + 1), media)
                return
            self._mark_new_timeline(plain, media, source)
            super()._write(plain, media, fragment)

    def _write_init(self, init: bytes, media: IO[bytes]) -> None:
        if len(init) > _MAX_INIT_BYTES:
            raise failures.TOO_LARGE.to_error()
        if init != self._init:
            self._init, self._last_time = init, 0
            media.write(init)

    def _mark_new_timeline(self, segment: IO[bytes], media: IO[bytes], source: Segment) -> None:
        """Repeat the initialization section where timestamps restart.

        Otherwise a reader would take the segment for an earlier one.
        """
        started_at = read_decode_time(segment.read(_BOXES_BYTES))
        segment.seek(0)
        if source.is_discontinuous and started_at is not None and started_at < self._last_time:
            media.write(self._init)
        self._last_time = started_at or 0


class _KeyRing:
    """The decryption keys of a stream, each fetched once."""

    def __init__(self, ydl: Any, headers: Mapping[str, str]) -> None:
        self._ydl, self._headers = ydl, headers
        self._keys: dict[str, bytes] = {}

    def __call__(self, key: Key) -> bytes:
        if key.url not in self._keys:
            pause_s = self._ydl.timing.segment_pause_s
            fetch_with_retries(lambda: self._fetch(key.url), pause_s)
        return self._keys[key.url]

    def _fetch(self, url: str) -> None:
        data = self._ydl.read_url(url, self._headers)
        if len(data) != _KEY_BYTES:  # e.g. a login page, or a DRM licence
            raise failures.PROTECTED.to_error()
        self._keys[url] = data


def check_segment(path: Path) -> None:
    """Check that a segment is not an error page, which some servers send with status 200.

    Raises:
        TransportError: It is a page; the file is removed.
    """
    with path.open("rb") as segment:
        head = segment.read(_PAGE_HEAD_BYTES).lstrip().lower()
    if head.startswith(_PAGES):
        path.unlink()
        raise TransportError("the server sent a page instead of a segment of the media")


def fetch_with_retries(fetch: Callable[[], None], pause_s: float) -> None:
    """Fetch one segment of a stream, with retries.

    Args:
        fetch: Makes one attempt.
        pause_s: Pause after the first attempt; it doubles with each attempt.

    Raises:
        WorkError: All attempts failed.
    """
    for attempt in range(_ATTEMPTS):
        try:
            fetch()
        except (RequestError, DownloadError, ForbiddenConnectionError) as error:
            if attempt == _ATTEMPTS - 1 or failures.is_refused_here(error):
                raise failures.classify_segment_error(error) from error
            time.sleep(pause_s * 2**attempt)
        else:
            return


def decrypt(segment: IO[bytes], media: IO[bytes], key: bytes, iv: bytes) -> None:
    """Decrypt AES-128-CBC and remove the padding (PKCS #7).

    The incomplete last block of a truncated segment is dropped.
    """
    cipher = AES.new(key, AES.MODE_CBC, iv)
    held = b""
    while block := segment.read(_BLOCK_BYTES):
        media.write(held)
        held = cipher.decrypt(block[: len(block) // _KEY_BYTES * _KEY_BYTES])
    padding = held[-1] if held else 0
    is_padded = 0 < padding <= _KEY_BYTES and held.endswith(bytes([padding]) * padding)
    media.write(held[:-padding] if is_padded else held)


def read_decode_time(head: bytes) -> int | None:
    """Return the start of an MP4 fragment, in the time scale of its first track.

    Args:
        head: Its first bytes; the time is in its ``tfdt`` box (ISO/IEC 14496-12, 8.8.12).
    """
    position = head.find(b"tfdt")
    if position < 0:
        return None
    size = 8 if head[position + 4 : position + 5] == b"\x01" else 4
    return int.from_bytes(head[position + 8 : position + 8 + size], "big")


def _number(segments: Iterable[Segment], *, after: int) -> Iterator[Fragment]:
    for index, segment in enumerate(segments, start=1):
        if index <= after:
            continue
        source = segment.source
        ranged = source.start is not None and source.end is not None
        yield {
            "frag_index": index,
            "url": source.url,
            "segment": segment,
            "byte_range": {"start": source.start, "end": source.end} if ranged else None,
        }
