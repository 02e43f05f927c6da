"""Downloads media that comes in pieces, HLS and DASH: all of the pieces, or an error.

yt-dlp's own downloaders skip pieces that they cannot fetch, hold each piece in memory, and
refuse a second ``EXT-X-MAP``.
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
from services.downloader.hls import Key, Piece, ProtectedError, has_ended, is_playlist, read_pieces
from services.downloader.network import ForbiddenConnectionError
from services.downloader.segments import find_cut

_ATTEMPTS = 4
_PAUSE_S = 0.5
_BLOCK_BYTES = 1024 * 1024
_KEY_BYTES = 16
_MAX_INIT_BYTES = 16 * 1024 * 1024  # real ones have a few kilobytes
_MAX_PIECES = 200_000  # more than two days of one second each
_BOXES_BYTES = 64 * 1024
_PAGE_HEAD_BYTES = 64
_PAGES = (b"<!doctype", b"<html", b"<?xml")
_CUT = "A part of the stream is incomplete at its source: what is missing of it is silence."
_GAP = "The publisher marks this part of the stream as missing."

Fragment = Mapping[str, Any]


class WholeFragmentFD(FragmentFD):  # type: ignore[misc]  # yt-dlp has no types
    """Fetches pieces one after another and writes them into one file, without a hole."""

    def _prepare_frag_download(self, ctx: dict[str, Any]) -> None:
        super()._prepare_frag_download(ctx)
        ctx["dl"].params["retries"] = 0  # attempts are counted here

    def download_and_append_fragments(
        self, ctx: dict[str, Any], fragments: Iterable[Fragment], info_dict: Any, **options: Any
    ) -> bool:
        """Download all fragments; see yt-dlp.

        Raises:
            WorkError: One of them cannot be had as a whole.
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
        with Path(ctx["fragment_filename_sanitized"]).open("rb") as piece:
            self._write(piece, ctx["dest_stream"], fragment)
        self._append_fragment(ctx, b"")  # keeps yt-dlp's notes and removes the piece

    def _write(self, piece: IO[bytes], media: IO[bytes], fragment: Fragment) -> None:
        """Append a piece; where it was cut at its source, what follows keeps its time."""
        cut = find_cut(piece)
        piece.seek(0)
        if cut is None:
            shutil.copyfileobj(piece, media, _BLOCK_BYTES)
            return
        self.ydl.count(cut.padding_bytes)
        media.write(piece.read(cut.kept_bytes))
        for start in range(0, cut.padding_bytes, _BLOCK_BYTES):
            media.write(bytes(min(_BLOCK_BYTES, cut.padding_bytes - start)))
        source: Piece | None = fragment.get("piece")
        span_s = None
        if source:
            lost_from_s = source.start_s + source.duration_s * cut.share
            span_s = (round(lost_from_s, 3), source.start_s + source.duration_s)
        self.ydl.warn("truncated_source", _CUT, span_s)

    def _fetch(self, ctx: dict[str, Any], fragment: Fragment, info: Mapping[str, Any]) -> None:
        headers = dict(info.get("http_headers") or {})
        if byte_range := fragment.get("byte_range"):
            headers["Range"] = f"bytes={byte_range['start']}-{byte_range['end'] - 1}"

        def download() -> None:
            data = info.get("request_data")
            if not self._download_fragment(ctx, fragment["url"], info, headers, data):
                raise failures.INCOMPLETE.to_error()
            check_piece(Path(ctx["fragment_filename_sanitized"]))

        try_repeatedly(download)


class DashFD(WholeFragmentFD, YtDlpDashFD):  # type: ignore[misc]  # yt-dlp has no types
    """Downloads MPEG-DASH."""


class HlsFD(WholeFragmentFD, YtDlpHlsFD):  # type: ignore[misc]  # yt-dlp has no types
    """Downloads HTTP Live Streaming.

    A new initialization section is written where the media changes, so that the file may be
    several MP4 files one after another.
    """

    _init = b""
    _last_time = 0

    def real_download(self, filename: str, info_dict: dict[str, Any]) -> bool:
        """Download a media playlist; see yt-dlp."""
        if info_dict["ext"] == "vtt":  # subtitles: small, and yt-dlp joins their cues
            return bool(super().real_download(filename, info_dict))
        headers = info_dict.get("http_headers") or {}
        try_repeatedly(lambda: self.ydl.read_playlist(info_dict["url"], headers))
        playlist = self.ydl.read_playlist(info_dict["url"], headers)
        if not is_playlist(playlist.text):  # a page, in place of one of several qualities
            raise failures.INCOMPLETE.to_error()
        if info_dict.get("extractor_key") == "Generic" and not has_ended(playlist.text):
            raise failures.LIVE_NOT_ENDED.to_error()
        try:
            pieces = list(islice(read_pieces(playlist.text, playlist.url), _MAX_PIECES + 1))
        except ProtectedError as error:
            raise failures.PROTECTED.to_error() from error
        if len(pieces) > _MAX_PIECES:
            raise failures.TOO_LARGE.to_error()
        present = [piece for piece in pieces if not piece.is_missing]
        if not any(not piece.is_init for piece in present):
            raise failures.EMPTY.to_error()
        for piece in pieces:
            if piece.is_missing:
                span_s = (piece.start_s, piece.start_s + piece.duration_s)
                self.ydl.warn("truncated_source", _GAP, span_s)
        self._get_key = _KeyRing(self.ydl, headers)
        ctx: dict[str, Any] = {"filename": filename, "total_frags": len(present)}
        self._prepare_and_start_frag_download(ctx, info_dict)
        fragments = _number(present, after=ctx["fragment_index"])
        return self.download_and_append_fragments(ctx, fragments, info_dict)

    def _write(self, piece: IO[bytes], media: IO[bytes], fragment: Fragment) -> None:
        source: Piece | None = fragment.get("piece")
        if source is None:
            super()._write(piece, media, fragment)
            return
        with TemporaryFile() if source.key else nullcontext(piece) as plain:
            if source.key:
                iv = source.key.iv or source.number.to_bytes(_KEY_BYTES, "big")
                decrypt(piece, plain, self._get_key(source.key), iv)
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

    def _mark_new_timeline(self, piece: IO[bytes], media: IO[bytes], source: Piece) -> None:
        """Write the initialization section again where timestamps start again.

        Without it a reader would take the new piece for one that came before.
        """
        started_at = read_decode_time(piece.read(_BOXES_BYTES))
        piece.seek(0)
        if source.is_discontinuous and started_at is not None and started_at < self._last_time:
            media.write(self._init)
        self._last_time = started_at or 0


class _KeyRing:
    """The keys of a stream, each fetched once."""

    def __init__(self, ydl: Any, headers: Mapping[str, str]) -> None:
        self._ydl, self._headers = ydl, headers
        self._keys: dict[str, bytes] = {}

    def __call__(self, key: Key) -> bytes:
        if key.url not in self._keys:
            try_repeatedly(lambda: self._fetch(key.url))
        return self._keys[key.url]

    def _fetch(self, url: str) -> None:
        data = self._ydl.read_url(url, self._headers)
        if len(data) != _KEY_BYTES:  # a login page, or a licence for a player
            raise failures.PROTECTED.to_error()
        self._keys[url] = data


def check_piece(path: Path) -> None:
    """Remove a piece that is an error page, as some servers send with status 200.

    Raises:
        TransportError: It is one.
    """
    with path.open("rb") as piece:
        head = piece.read(_PAGE_HEAD_BYTES).lstrip().lower()
    if head.startswith(_PAGES):
        path.unlink()
        raise TransportError("the server sent a page instead of a piece of the media")


def try_repeatedly(fetch: Callable[[], None]) -> None:
    """Fetch one piece of a stream, in several attempts.

    Raises:
        WorkError: It cannot be had now.
    """
    for attempt in range(_ATTEMPTS):
        try:
            fetch()
        except (RequestError, DownloadError, ForbiddenConnectionError) as error:
            if attempt == _ATTEMPTS - 1 or failures.is_refused_here(error):
                raise failures.classify_piece(error) from error
            time.sleep(_PAUSE_S * 2**attempt)
        else:
            return


def decrypt(piece: IO[bytes], media: IO[bytes], key: bytes, iv: bytes) -> None:
    """Decrypt AES-128-CBC and remove the padding (PKCS #7).

    What is left over of a piece that was cut, less than a block, is dropped.
    """
    cipher = AES.new(key, AES.MODE_CBC, iv)
    held = b""
    while block := piece.read(_BLOCK_BYTES):
        media.write(held)
        held = cipher.decrypt(block[: len(block) // _KEY_BYTES * _KEY_BYTES])
    padding = held[-1] if held else 0
    is_padded = 0 < padding <= _KEY_BYTES and held.endswith(bytes([padding]) * padding)
    media.write(held[:-padding] if is_padded else held)


def read_decode_time(head: bytes) -> int | None:
    """Return when a fragment of MP4 begins, in the units of its first track.

    Args:
        head: Its first bytes; the time is in its ``tfdt`` box (ISO/IEC 14496-12, 8.8.12).
    """
    position = head.find(b"tfdt")
    if position < 0:
        return None
    size = 8 if head[position + 4 : position + 5] == b"\x01" else 4
    return int.from_bytes(head[position + 8 : position + 8 + size], "big")


def _number(pieces: Iterable[Piece], *, after: int) -> Iterator[Fragment]:
    for index, piece in enumerate(pieces, start=1):
        if index <= after:
            continue
        source = piece.source
        ranged = source.start is not None and source.end is not None
        yield {
            "frag_index": index,
            "url": source.url,
            "piece": piece,
            "byte_range": {"start": source.start, "end": source.end} if ranged else None,
        }
