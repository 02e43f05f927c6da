"""A replacement for yt-dlp's generic extractor that inspects the content and sends one request.

The response of the first request is stored: yt-dlp's own extractor reads the page from it, and
the download reads the file from it. So links that work only once are supported.
"""

import time
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from yt_dlp.extractor.generic import GenericIE as YtDlpGenericIE
from yt_dlp.networking.exceptions import HTTPError, RequestError
from yt_dlp.utils import (
    KNOWN_EXTENSIONS,
    ExtractorError,
    determine_ext,
    mimetype2ext,
    smuggle_url,
    unified_timestamp,
    unsmuggle_url,
)
from yt_dlp.utils._utils import _UnsafeExtensionError, disposition_filename

from services.downloader import failures
from services.downloader.hls import has_ended, is_playlist, sum_durations
from services.downloader.sniffing import (
    SNIFFED_BYTES,
    Content,
    Finding,
    find_links,
    refine_extension,
    sniff,
)
from services.downloader.transfer import Transfer

_MAX_LIST_DEPTH = 3
_TRANSIENT_STATUSES = {
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
}
_HTML5_MEMBER = "_old_archive_ids"  # set by the generic extractor for media elements only
_UNKNOWN_EXTENSION = "unknown_video"  # the only unknown one that yt-dlp accepts
_ALLOWED_EXTENSIONS = _UnsafeExtensionError.ALLOWED_EXTENSIONS
_AUDIO = {"mp3", "wav", "ogg", "opus", "flac", "m4a", "aac", "amr", "aiff", "caf", "au", "wma"}
_RADIO_HEADERS = ("icy-name", "icy-br", "icy-metaint", "ice-audio-info")


class GenericIE(YtDlpGenericIE):  # type: ignore[misc]  # yt-dlp has no types
    """Extracts media from any URL: a file, a playlist or a page."""

    def _real_extract(self, url: str) -> Any:
        plain_url, smuggled = unsmuggle_url(url, {})
        if urlsplit(plain_url).scheme not in {"http", "https"}:
            return super()._real_extract(url)
        try:
            transfer = self._open(plain_url, smuggled)
        except ExtractorError as error:
            if isinstance(error.cause, HTTPError) and error.cause.status == HTTPStatus.FORBIDDEN:
                return super()._real_extract(url)  # it handles Cloudflare
            raise
        media_type = (transfer.headers.get("Content-Type") or "").split(";")[0].strip().lower()
        found = sniff(transfer.peek(SNIFFED_BYTES), media_type)
        if found.content in {Content.EMPTY, Content.OTHER}:
            transfer.close()
            raise _refuse(found).to_error()
        if found.content is Content.LINKS:
            return self._extract_list(transfer, smuggled)
        if found.content is Content.MEDIA:
            return self._describe(plain_url, transfer, found, media_type, smuggled)
        if found.content is Content.HLS:
            self._downloader.store_playlist(plain_url, transfer)
            return super()._real_extract(url)
        # yt-dlp's extractor parses a page only if its media type says so.
        del transfer.headers["Content-Type"]
        transfer.headers["Content-Type"] = "text/html"
        self._downloader.store_response(plain_url, transfer)
        result: dict[str, Any] = super()._real_extract(url)
        if _HTML5_MEMBER in result:  # yt-dlp numbers the videos of a page even if there is only one
            result["title"] = str(result.get("title")).removesuffix(" (1)")
        return result

    def _open(self, url: str, smuggled: Mapping[str, Any]) -> Transfer:
        headers = {"Accept-Encoding": "identity"}
        if smuggled.get("referer"):
            headers["Referer"] = smuggled["referer"]
        for pause_s in (*self._downloader.timing.probe_pauses_s, None):
            try:
                response: Transfer = self._request_webpage(
                    url, self._generic_id(url), headers=headers
                )
            except ExtractorError as error:
                if pause_s is None or not _is_transient(error):
                    raise
                time.sleep(pause_s)
            else:
                return response
        raise AssertionError  # the last attempt returns or raises

    def _describe(
        self,
        url: str,
        transfer: Transfer,
        found: Finding,
        media_type: str,
        smuggled: Mapping[str, Any],
    ) -> dict[str, Any]:
        is_radio = any(transfer.headers.get(name) for name in _RADIO_HEADERS)
        if is_radio and transfer.part.total is None:
            transfer.close()
            raise failures.LIVE_NOT_ENDED.to_error()
        self.report_detected("direct video link")
        self._downloader.store_response(url, transfer)
        name = _read_name(transfer)
        extension = _choose_extension(found, media_type, name, transfer.url)
        referer = smuggled.get("referer")
        is_audio = extension in _AUDIO or media_type.startswith("audio/")
        return {
            "id": self._generic_id(url),
            "title": (name or "").rpartition(".")[0] or name or self._generic_title(transfer.url),
            "timestamp": unified_timestamp(transfer.headers.get("Last-Modified")),
            "direct": True,
            "media_extension": extension,
            "formats": [
                {
                    "format_id": extension,
                    "url": transfer.url,
                    "ext": extension if extension in _ALLOWED_EXTENSIONS else _UNKNOWN_EXTENSION,
                    "vcodec": "none" if is_audio else None,
                    "http_headers": {"Referer": referer} if referer else None,
                }
            ],
        }

    def _extract_list(self, transfer: Transfer, smuggled: Mapping[str, Any]) -> Any:
        """Return the entries of a list that is not HLS, e.g. a radio station's M3U."""
        depth = smuggled.get("list_depth", 0) + 1
        links = find_links(transfer.read().decode("utf-8", "replace"))
        urls = [urljoin(transfer.url, link) for link in links]
        web_urls = [url for url in urls if urlsplit(url).scheme in {"http", "https"}]
        if depth > _MAX_LIST_DEPTH or not web_urls:
            raise failures.UNSUPPORTED.to_error()
        entries = [self.url_result(smuggle_url(url, {"list_depth": depth})) for url in web_urls]
        title = self._generic_title(transfer.url)
        return self.playlist_result(entries, self._generic_id(transfer.url), title)

    def _extra_manifest_info(self, info: dict[str, Any], manifest_url: str) -> None:
        """Record the duration of an HLS stream, and whether it is live."""
        formats = self._downloader.list_formats(info)
        url = next((form["url"] for form in formats if form.get("protocol") == "m3u8_native"), None)
        if url is None:
            super()._extra_manifest_info(info, manifest_url)
            return
        try:
            playlist = self._downloader.read_playlist(url, info.get("http_headers") or {})
        except RequestError:
            return  # another quality may be available
        if not is_playlist(playlist.text):
            return
        info["duration"] = info.get("duration") or sum_durations(playlist.text)
        info["live_status"] = "not_live" if has_ended(playlist.text) else "is_live"


def _is_transient(error: ExtractorError) -> bool:
    """Return whether the server may be overloaded or restarting, so that a retry may succeed."""
    return isinstance(error.cause, HTTPError) and error.cause.status in _TRANSIENT_STATUSES


def _read_name(transfer: Transfer) -> str | None:
    """Return the file name in ``Content-Disposition``, decoded as browsers do."""
    name: str | None = disposition_filename(transfer.headers)
    if not name:
        return None
    with suppress(UnicodeError):
        name = name.encode("latin-1").decode("utf-8")  # not in the standard, but common
    return unquote(name).replace("\\", "/").rpartition("/")[2]


def _refuse(found: Finding) -> failures.Kind:
    if found.content is Content.EMPTY:
        return failures.EMPTY
    return failures.name_content(found.name)


def _choose_extension(found: Finding, media_type: str, name: str | None, url: str) -> str:
    by_type = mimetype2ext(media_type) if media_type.startswith(("audio/", "video/")) else None
    named = [determine_ext(text, "").lower() for text in (name, url) if text]
    known = [each for each in (*named, by_type) if each in KNOWN_EXTENSIONS or each in _AUDIO]
    return refine_extension(found, *known) or _UNKNOWN_EXTENSION
