"""Downloads media that comes in pieces, HLS and DASH: all of the pieces, or an error.

yt-dlp's own downloaders skip pieces that they cannot fetch, hold each piece in memory, and
refuse a second ``EXT-X-MAP``.
"""

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from Cryptodome.Cipher import AES
from yt_dlp.downloader.dash import DashSegmentsFD as YtDlpDashFD
from yt_dlp.downloader.fragment import FragmentFD
from yt_dlp.downloader.hls import HlsFD as YtDlpHlsFD
from yt_dlp.networking.exceptions import RequestError
from yt_dlp.utils import DownloadError

from services.downloader import failures
from services.downloader.hls import Key, Piece, ProtectedError, read_pieces
from services.downloader.network import ForbiddenConnectionError

_ATTEMPTS = 4
_PAUSE_S = 0.5
_BLOCK_BYTES = 1024 * 1024
_KEY_BYTES = 16
_GAP = "The publisher marks this part of the stream as missing."

Fragment = Mapping[str, Any]
Write = Callable[[IO[bytes], IO[bytes], Fragment], None]


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

    def _write(self, piece: IO[bytes], media: IO[bytes], _fragment: Fragment) -> None:
        shutil.copyfileobj(piece, media, _BLOCK_BYTES)

    def _fetch(self, ctx: dict[str, Any], fragment: Fragment, info: Mapping[str, Any]) -> None:
        headers = dict(info.get("http_headers") or {})
        if byte_range := fragment.get("byte_range"):
            headers["Range"] = f"bytes={byte_range['start']}-{byte_range['end'] - 1}"

        def download() -> None:
            data = info.get("request_data")
            if not self._download_fragment(ctx, fragment["url"], info, headers, data):
                raise failures.INCOMPLETE.to_error()

        try_repeatedly(download)


class DashFD(WholeFragmentFD, YtDlpDashFD):  # type: ignore[misc]  # yt-dlp has no types
    """Downloads MPEG-DASH."""


class HlsFD(WholeFragmentFD, YtDlpHlsFD):  # type: ignore[misc]  # yt-dlp has no types
    """Downloads HTTP Live Streaming.

    A new initialization section is written where the media changes, so that the file may be
    several MP4 files one after another.
    """

    _last_init = b""

    def real_download(self, filename: str, info_dict: dict[str, Any]) -> bool:
        """Download a media playlist; see yt-dlp."""
        if info_dict["ext"] == "vtt":  # subtitles: small, and yt-dlp joins their cues
            return bool(super().real_download(filename, info_dict))
        headers = info_dict.get("http_headers") or {}
        playlist = self.ydl.read_playlist(info_dict["url"], headers)
        try:
            pieces = list(read_pieces(playlist.text, playlist.url))
        except ProtectedError as error:
            raise failures.PROTECTED.to_error() from error
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
        if source.is_init:
            if self._is_known_init(piece):
                return
            piece.seek(0)
        if source.key is None:
            super()._write(piece, media, fragment)
            return
        iv = source.key.iv or source.number.to_bytes(_KEY_BYTES, "big")
        decrypt(piece, media, self._get_key(source.key), iv)

    def _is_known_init(self, piece: IO[bytes]) -> bool:
        """Tell whether an initialization section is the one that was written last."""
        digest = sha256(piece.read()).digest()
        is_known, self._last_init = digest == self._last_init, digest
        return is_known


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


def try_repeatedly(fetch: Callable[[], None]) -> None:
    """Fetch one piece of a stream, in several attempts.

    Raises:
        WorkError: It cannot be had now.
    """
    for attempt in range(_ATTEMPTS):
        try:
            fetch()
        except (RequestError, DownloadError, ForbiddenConnectionError) as error:
            if attempt == _ATTEMPTS - 1 or failures.is_refused_by_guard(error):
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
