"""Run yt-dlp in isolation: no local configuration, only URLs of the web, one video.

All that yt-dlp reads passes through ``Downloader.urlopen``. Bytes are counted, an incomplete body
is an error, and a response that was opened to inspect it is reused for the download.
"""

import io
import logging
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakSet

import yt_dlp
from yt_dlp.globals import plugin_dirs
from yt_dlp.networking import Request, Response
from yt_dlp.networking._urllib import UrllibRH
from yt_dlp.networking.exceptions import (
    HTTPError,
    NoSupportingHandlers,
    RequestError,
    TransportError,
)
from yt_dlp.utils import DownloadError, YoutubeDLError, determine_protocol

from services.downloader import failures
from services.downloader.direct import GenericIE
from services.downloader.fragments import DashFD, HlsFD
from services.downloader.logins import Login, split_login
from services.downloader.network import guarded
from services.downloader.ranges import Part
from services.downloader.runtimes import find_runtime
from services.downloader.schemes import check_scheme, translate_scheme_errors
from services.downloader.settings import DownloaderSettings
from services.downloader.timing import Timing
from services.downloader.transfer import Transfer, open_transfer
from services.downloader.watch import Watch
from services.kit.work import WorkError

_log = logging.getLogger(__name__)

IsAllowed = Callable[[str], bool] | None

_HANDLERS = {"Requests", "Websockets"}  # not libcurl, whose connections Python cannot guard
_WEBSOCKETS = ("ws:", "wss:")
_BLOCK_BYTES = 256 * 1024
_MAX_ERROR_BYTES = 256 * 1024
# Errors that yt-dlp's extractors raise by accident when a site has changed.
_ACCIDENTS = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True)
class Playlist:
    """An HLS playlist."""

    url: str
    """Its URL after redirects, the base of its relative URLs."""
    text: str


class DataRH(UrllibRH):  # type: ignore[misc]  # yt-dlp has no types
    """Reads `data:` URLs only.

    With all schemes, yt-dlp would repeat a request with urllib after an unexpected error of
    Requests. That would use up links that work only once, and leave the connection open.
    """

    _SUPPORTED_URL_SCHEMES = ("data",)


class Downloader(yt_dlp.YoutubeDL):  # type: ignore[misc]  # yt-dlp has no types
    """yt-dlp, restricted to request handlers whose connections the guard can check.

    Args:
        parameters: Parameters of yt-dlp.
        watch: Counts received bytes.
        login: Credentials for the host of the submitted URL.
    """

    def __init__(
        self, parameters: Mapping[str, Any], watch: Watch, login: Login | None = None
    ) -> None:
        self._watch, self._login = watch, login
        self._opened: WeakSet[Transfer] = WeakSet()
        self._stored: dict[str, Transfer] = {}
        self._playlists: dict[str, Playlist] = {}
        self._known: dict[str, Part] = {}
        super().__init__(dict(parameters))
        self.add_info_extractor(GenericIE())

    @property
    def timing(self) -> Timing:
        """The timeouts and pauses of the download."""
        return self._watch.timing

    def build_request_director(self, handlers: Iterable[Any], preferences: Any = None) -> Any:
        """Build the request director from the allowed handlers."""
        guardable = [handler for handler in handlers if handler.RH_KEY in _HANDLERS]
        return super().build_request_director([*guardable, DataRH], preferences)

    def urlopen(self, req: Request | str) -> Response:
        """Send a request, or return the stored response for it."""
        request = Request(req) if isinstance(req, str) else req
        self._watch.count(0)
        if request.url.startswith(_WEBSOCKETS):
            return self._send(request)  # a WebSocket has no body
        is_plain = request.method == "GET" and request.data is None
        if is_plain and "Range" not in request.headers:
            if stored := self._take_stored(request.url):
                return stored
            if playlist := self._playlists.get(request.url):
                return _replay(playlist)
        known = self._known.get(request.url) if is_plain else None
        pause_s = self.timing.resume_pause_s
        transfer = open_transfer(self._send, request, self._watch.count, known, pause_s=pause_s)
        self._opened.add(transfer)
        if is_plain and transfer.part.total is not None:
            self._known[request.url] = transfer.part
        return transfer

    def store_response(self, url: str, transfer: Transfer) -> None:
        """Store an open response for the next request to its URL."""
        for name in {Request(url).url, Request(transfer.url).url}:
            self._stored[name] = transfer

    def read_playlist(self, url: str, headers: Mapping[str, str] | None = None) -> Playlist:
        """Return a playlist, fetched on the first call."""
        name = Request(url).url
        if name not in self._playlists:
            self.store_playlist(url, self.urlopen(Request(url, headers=headers)))
        return self._playlists[name]

    def store_playlist(self, url: str, transfer: Response) -> None:
        """Read a playlist and store it for all further requests to its URL."""
        playlist = Playlist(transfer.url, transfer.read().decode("utf-8", "replace"))
        for name in {Request(url).url, Request(transfer.url).url}:
            self._playlists[name] = playlist

    def read_url(self, url: str, headers: Mapping[str, str]) -> bytes:
        """Return the body of a small resource, such as a key."""
        data: bytes = self.urlopen(Request(url, headers=headers)).read()
        return data

    def list_formats(self, info: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the formats that an extractor found."""
        formats: list[dict[str, Any]] = self._get_formats(info)
        return formats

    def count(self, n_bytes: int) -> None:
        """Count generated bytes against the limits of the download."""
        self._watch.count(n_bytes)

    def warn(self, code: str, detail: str, span_s: tuple[float, float] | None = None) -> None:
        """Add a warning to the job.

        Args:
            code: A code of the HTTP contract.
            detail: One sentence.
            span_s: The affected time span of the media, if known.
        """
        times = dict(zip(("start", "end"), span_s or (), strict=False))
        self._watch.warnings.append({"code": code, "detail": detail, **times})

    def dl(self, name: str, info: dict[str, Any], *arguments: Any, **options: Any) -> Any:
        """Download one format, HLS and DASH without gaps; see yt-dlp."""
        make = _DOWNLOADERS.get(determine_protocol(info)) if info.get("url") else None
        if make is None:
            return self._dl_with_ytdlp(name, info, *arguments, **options)
        downloader = make(self, self.params)
        for hook in self._progress_hooks:
            downloader.add_progress_hook(hook)
        copied = self._copy_infodict(info)
        if copied.get("http_headers") is None:
            copied["http_headers"] = self._calc_headers(copied)
        return downloader.download(name, copied)

    def _dl_with_ytdlp(
        self, name: str, info: dict[str, Any], *arguments: Any, **options: Any
    ) -> Any:
        try:
            return super().dl(name, info, *arguments, **options)
        except DownloadError as error:
            if info.get("protocol") not in _OTHER_SEGMENTED:
                raise
            raise failures.classify_segment_error(error) from error

    def identify(self, url: str) -> str | None:
        """Return the site and id of a video if its URL alone identifies them."""
        extractors = self._ies.values()
        extractor = next((each for each in extractors if each.suitable(url)), None)
        video_id = extractor.get_temp_id(url) if extractor else None
        return f"{extractor.ie_key()}:{video_id}" if extractor and video_id else None

    def list_flat(self, url: str) -> Mapping[str, Any] | None:
        """Return the result of a URL without extracting its entries."""
        found: Mapping[str, Any] | None = self.extract_info(url, download=False)
        return found

    def open_secondary(self, watch: Watch) -> "Downloader":
        """Return another downloader with the same cookies and login, but its own watch."""
        hooks = {"progress_hooks": [watch.on_progress], "logger": watch}
        secondary = Downloader({**self.params, **hooks}, watch, self._login)
        secondary.cookiejar = self.cookiejar
        return secondary

    def close(self) -> None:
        """Close all connections, including those of failed reads."""
        for transfer in list(self._opened):
            transfer.close()
        self._stored.clear()
        super().close()

    def _take_stored(self, url: str) -> Transfer | None:
        transfer = self._stored.get(url)
        if transfer is not None:
            self._stored = {
                name: other for name, other in self._stored.items() if other is not transfer
            }
        return transfer

    def _send(self, request: Request) -> Response:
        check_scheme(request.url)
        sent = request.copy()
        sent.url, own = split_login(sent.url)
        if own:
            sent.headers["Authorization"] = own.header
        if self._login and self._login.is_for(sent.url) and "Authorization" not in sent.headers:
            sent.headers["Authorization"] = self._login.header
        try:
            with translate_scheme_errors():
                return super().urlopen(sent)
        except HTTPError as error:
            error.response = self._buffer(error.response)
            raise
        except NoSupportingHandlers as error:
            for unexpected in error.unexpected_errors:
                raise RequestError(cause=unexpected) from unexpected
            raise

    def _buffer(self, response: Response) -> Response:
        """Read the body of an error response into memory, and close its connection."""
        body = io.BytesIO()
        with response, suppress(TransportError):
            while len(body.getbuffer()) < _MAX_ERROR_BYTES and (data := response.read(8192)):
                self._watch.count(len(data))
                body.write(data)
        body.seek(0)
        return Response(body, response.url, response.headers, response.status, response.reason)


_DOWNLOADERS = {
    "m3u8": HlsFD,
    "m3u8_native": HlsFD,
    "http_dash_segments": DashFD,
    "http_dash_segments_generator": DashFD,
}
_OTHER_SEGMENTED = {"f4m", "ism"}


def _replay(playlist: Playlist) -> Transfer:
    data = playlist.text.encode()
    headers = {"Content-Type": "application/x-mpegurl"}
    response = Response(io.BytesIO(data), playlist.url, headers)
    part = Part(0, len(data), len(data), None)
    return Transfer(response, part, (0, len(data)), lambda _: None, None, pause_s=0.0)


def allow_proxy(is_allowed: IsAllowed, proxy: str, url: str) -> IsAllowed:
    """Return a check that also allows connections to a proxy.

    Args:
        is_allowed: Returns whether an address may be connected to.
        proxy: The proxy, which may have a private address.
        url: The URL to request. Its host is checked here, because the proxy makes the
            connection; redirects are visible to the proxy only.

    Raises:
        WorkError: The host has an address that is not allowed.
    """
    if is_allowed is None:
        return None
    if not all(map(is_allowed, _resolve(url))):
        raise failures.FORBIDDEN_ADDRESS.to_error()
    own = _resolve(proxy)
    return lambda address: address in own or is_allowed(address)


def _resolve(url: str) -> set[str]:
    try:
        found = socket.getaddrinfo(urlsplit(url).hostname, None, type=socket.SOCK_STREAM)
    except socket.gaierror:
        return set()
    return {str(entry[4][0]) for entry in found}


@contextmanager
def translate_errors(is_allowed: IsAllowed) -> Iterator[None]:
    """Guard the connections of the block, and translate its errors.

    Raises:
        WorkError: yt-dlp failed, or tried to connect to a forbidden address.
    """
    with guarded(is_allowed) as guard:
        try:
            yield
        except (YoutubeDLError, OSError) as error:
            _log.info("yt-dlp failed: %s", error)
            if guard.refused:
                raise failures.FORBIDDEN_ADDRESS.to_error() from error
            raise failures.classify(error) from error
        except WorkError as error:
            if guard.refused:
                raise failures.FORBIDDEN_ADDRESS.to_error() from error
            raise
        except _ACCIDENTS as error:
            _log.exception("yt-dlp failed unexpectedly; the site may have changed")
            raise failures.OUTDATED.to_error() from error


def build_parameters(
    settings: DownloaderSettings, watch: Watch, work_dir: Path, proxy: str | None
) -> dict[str, Any]:
    """Return yt-dlp's parameters for one attempt.

    Args:
        settings: The service's settings.
        watch: Receives progress and messages.
        work_dir: Folder for the download.
        proxy: URL of the proxy; empty for none, ``None`` for that of the environment.
    """
    plugin_dirs.value = []  # never run plugins that are installed on this machine
    runtime = find_runtime()
    clients = list(settings.youtube_clients)
    pause = partial(_choose_pause_s, max_s=watch.timing.max_retry_pause_s)
    parameters = {
        "outtmpl": {"default": str(work_dir / "media.%(ext)s")},
        # Both: with noplaylist alone the generic extractor downloads all videos of a page.
        "noplaylist": True,
        "playlist_items": "1",
        "match_filter": watch.check_video,
        "progress_hooks": [watch.on_progress],
        "logger": watch,
        "noprogress": True,
        "color": "no_color",
        "cachedir": False,
        "fixup": "never",
        "socket_timeout": watch.timing.socket_timeout_s,
        "buffersize": _BLOCK_BYTES,
        "noresizebuffer": True,
        "retries": 3,
        "fragment_retries": 3,
        "retry_sleep_functions": {"http": pause, "fragment": pause},
        "skip_unavailable_fragments": False,
        "extractor_retries": 1,
        "enable_file_urls": False,
        "external_downloader": {"default": "native"},
        "js_runtimes": {runtime.name: {"path": runtime.path}} if runtime else {},
        "http_headers": {"User-Agent": settings.user_agent} if settings.user_agent else {},
        "extractor_args": {"youtube": {"player_client": clients}} if clients else {},
    }
    if settings.cookies_file:  # as text, because yt-dlp writes to the file that it is given
        parameters["cookiefile"] = io.StringIO(settings.cookies_file.read_text())
    if proxy is not None:
        parameters["proxy"] = proxy
    return parameters


def _choose_pause_s(n: int, *, max_s: float) -> float:
    """Return the pause after the n-th failed attempt, counted from 0."""
    return min(0.5 * float(2**n), max_s)


def find_first_video(info: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the first video of a result of yt-dlp.

    Raises:
        WorkError: The result has no video.
    """
    video = info
    while video and "entries" in video:
        video = next(iter(video["entries"]), None)
    if not video:
        raise failures.UNSUPPORTED.to_error()
    return dict(video)
