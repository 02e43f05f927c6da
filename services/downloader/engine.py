"""yt-dlp as this service uses it: nothing of this machine, nothing but the web, one video.

Everything that yt-dlp reads passes ``Downloader.urlopen``: it is counted, it is complete or an
error, and what was opened to look at it is passed on to the download.
"""

import io
import logging
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
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
from services.downloader.schemes import check_scheme, naming_schemes
from services.downloader.settings import DownloaderSettings
from services.downloader.transfer import Transfer, open_transfer
from services.downloader.watch import Watch
from services.kit.work import WorkError

_log = logging.getLogger(__name__)

IsAllowed = Callable[[str], bool] | None

_SOCKET_TIMEOUT_S = 20
_HANDLERS = {"Requests", "Websockets"}  # not libcurl, which Python does not see
_WEBSOCKETS = ("ws:", "wss:")
_MAX_PAUSE_S = 4.0
_BLOCK_BYTES = 256 * 1024
_MAX_ERROR_BYTES = 256 * 1024
# What yt-dlp's extractors raise besides their own errors where a site has changed.
_BUGS = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True)
class Playlist:
    """A playlist of HLS."""

    url: str
    """Where it was found in the end: what its relative URLs refer to."""
    text: str


class DataRH(UrllibRH):  # type: ignore[misc]  # yt-dlp has no types
    """Reads `data:` URLs, and nothing else.

    yt-dlp sends a request again with urllib if Requests fails in a way that it does not expect.
    A link that works only once would be used up, and urllib leaves the connection open.
    """

    _SUPPORTED_URL_SCHEMES = ("data",)


class Downloader(yt_dlp.YoutubeDL):  # type: ignore[misc]  # yt-dlp has no types
    """yt-dlp with those of its handlers whose connections Python makes, and so can guard.

    Args:
        parameters: yt-dlp's own.
        watch: Counts what is read.
        login: What authenticates requests to the host of the submitted URL.
    """

    def __init__(
        self, parameters: Mapping[str, Any], watch: Watch, login: Login | None = None
    ) -> None:
        self._watch, self._login = watch, login
        self._opened: WeakSet[Transfer] = WeakSet()
        self._kept: dict[str, Transfer] = {}
        self._playlists: dict[str, Playlist] = {}
        self._known: dict[str, Part] = {}
        super().__init__(dict(parameters))
        self.add_info_extractor(GenericIE())

    def build_request_director(self, handlers: Iterable[Any], preferences: Any = None) -> Any:
        """Build what sends the requests."""
        guardable = [handler for handler in handlers if handler.RH_KEY in _HANDLERS]
        return super().build_request_director([*guardable, DataRH], preferences)

    def urlopen(self, req: Request | str) -> Response:
        """Send a request, or return the response that was kept for it."""
        request = Request(req) if isinstance(req, str) else req
        self._watch.count(0)
        if request.url.startswith(_WEBSOCKETS):
            return self._send(request)  # a conversation, not a body
        is_plain = request.method == "GET" and request.data is None
        if is_plain and "Range" not in request.headers:
            if kept := self._take_kept(request.url):
                return kept
            if playlist := self._playlists.get(request.url):
                return _replay(playlist)
        known = self._known.get(request.url) if is_plain else None
        transfer = open_transfer(self._send, request, self._watch.count, known)
        self._opened.add(transfer)
        if is_plain and transfer.part.total is not None:
            self._known[request.url] = transfer.part
        return transfer

    def keep(self, url: str, transfer: Transfer) -> None:
        """Keep an opened response for the next request of its URL."""
        for name in {Request(url).url, Request(transfer.url).url}:
            self._kept[name] = transfer

    def read_playlist(self, url: str, headers: Mapping[str, str] | None = None) -> Playlist:
        """Return a playlist, which is fetched only once."""
        name = Request(url).url
        if name not in self._playlists:
            self.keep_playlist(url, self.urlopen(Request(url, headers=headers)))
        return self._playlists[name]

    def keep_playlist(self, url: str, transfer: Response) -> None:
        """Keep a playlist for all further requests of its URL."""
        playlist = Playlist(transfer.url, transfer.read().decode("utf-8", "replace"))
        for name in {Request(url).url, Request(transfer.url).url}:
            self._playlists[name] = playlist

    def read_url(self, url: str, headers: Mapping[str, str]) -> bytes:
        """Return what is at a URL: something small, such as a key."""
        data: bytes = self.urlopen(Request(url, headers=headers)).read()
        return data

    def list_formats(self, info: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the formats that an extractor has found."""
        formats: list[dict[str, Any]] = self._get_formats(info)
        return formats

    def count(self, n_bytes: int) -> None:
        """Count bytes against the limits of the download, as those that arrive are."""
        self._watch.count(n_bytes)

    def warn(self, code: str, detail: str, span_s: tuple[float, float] | None = None) -> None:
        """Add a warning to the job.

        Args:
            code: A code of the contract.
            detail: One sentence.
            span_s: From when to when in the media it holds, where that is known.
        """
        times = dict(zip(("start", "end"), span_s or (), strict=False))
        self._watch.warnings.append({"code": code, "detail": detail, **times})

    def dl(self, name: str, info: dict[str, Any], *arguments: Any, **options: Any) -> Any:
        """Download one format, HLS and DASH with downloaders that leave no hole; see yt-dlp."""
        make = _DOWNLOADERS.get(determine_protocol(info)) if info.get("url") else None
        if make is None:
            return self._dl_otherwise(name, info, *arguments, **options)
        downloader = make(self, self.params)
        for hook in self._progress_hooks:
            downloader.add_progress_hook(hook)
        copied = self._copy_infodict(info)
        if copied.get("http_headers") is None:
            copied["http_headers"] = self._calc_headers(copied)
        return downloader.download(name, copied)

    def _dl_otherwise(
        self, name: str, info: dict[str, Any], *arguments: Any, **options: Any
    ) -> Any:
        try:
            return super().dl(name, info, *arguments, **options)
        except DownloadError as error:
            if info.get("protocol") not in _OTHERS_IN_PIECES:
                raise
            raise failures.classify_piece(error) from error

    def identify(self, url: str) -> str | None:
        """Return a video's site and its id there, as far as the address alone tells them."""
        extractors = self._ies.values()
        extractor = next((each for each in extractors if each.suitable(url)), None)
        video_id = extractor.get_temp_id(url) if extractor else None
        return f"{extractor.ie_key()}:{video_id}" if extractor and video_id else None

    def list_flat(self, url: str) -> Mapping[str, Any] | None:
        """Return what is at an address, without going into its entries."""
        found: Mapping[str, Any] | None = self.extract_info(url, download=False)
        return found

    def open_beside(self, watch: Watch) -> "Downloader":
        """Return another downloader with the same cookies and login, and another watch."""
        hooks = {"progress_hooks": [watch.follow], "logger": watch}
        beside = Downloader({**self.params, **hooks}, watch, self._login)
        beside.cookiejar = self.cookiejar
        return beside

    def close(self) -> None:
        """Close all connections, those of reads that failed included."""
        for transfer in list(self._opened):
            transfer.close()
        self._kept.clear()
        super().close()

    def _take_kept(self, url: str) -> Transfer | None:
        transfer = self._kept.get(url)
        if transfer is not None:
            self._kept = {name: kept for name, kept in self._kept.items() if kept is not transfer}
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
            with naming_schemes():
                return super().urlopen(sent)
        except HTTPError as error:
            error.response = self._buffer(error.response)
            raise
        except NoSupportingHandlers as error:
            for unexpected in error.unexpected_errors:
                raise RequestError(cause=unexpected) from unexpected
            raise

    def _buffer(self, response: Response) -> Response:
        """Return an error's response with its body in memory, and close the connection."""
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
_OTHERS_IN_PIECES = {"f4m", "ism"}


def _replay(playlist: Playlist) -> Transfer:
    data = playlist.text.encode()
    headers = {"Content-Type": "application/x-mpegurl"}
    response = Response(io.BytesIO(data), playlist.url, headers)
    part = Part(0, len(data), len(data), None)
    return Transfer(response, part, (0, len(data)), lambda _: None, None)


def allow_proxy(is_allowed: IsAllowed, proxy: str, url: str) -> IsAllowed:
    """Return what lets connections to a proxy pass too.

    Args:
        is_allowed: Tells whether an address may be connected to.
        proxy: The proxy, which may be of this network.
        url: What is asked of it. Its address is checked here, as far as it is known here;
            where the answer leads to, only the proxy sees.

    Raises:
        WorkError: The address leads to where no connection may go.
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
def failing_clearly(is_allowed: IsAllowed) -> Iterator[None]:
    """Guard the connections of what is done inside, and sort its errors.

    Raises:
        WorkError: yt-dlp has failed, or was about to reach what it must not.
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
        except _BUGS as error:
            _log.exception("yt-dlp failed unexpectedly")
            raise failures.OUTDATED.to_error() from error


def build_parameters(
    settings: DownloaderSettings, watch: Watch, work_dir: Path, proxy: str | None
) -> dict[str, Any]:
    """Return yt-dlp's parameters for one attempt.

    Args:
        settings: The service's settings.
        watch: What yt-dlp calls meanwhile.
        work_dir: Where it writes.
        proxy: What its connections go through.
    """
    plugin_dirs.value = []  # code that happens to lie on this machine is not ours to run
    runtime = find_runtime()
    clients = list(settings.youtube_clients)
    parameters = {
        "outtmpl": {"default": str(work_dir / "media.%(ext)s")},
        # Both: noplaylist alone does not stop the generic extractor from taking all of a page.
        "noplaylist": True,
        "playlist_items": "1",
        "match_filter": watch.check_video,
        "progress_hooks": [watch.follow],
        "logger": watch,
        "noprogress": True,
        "color": "no_color",
        "cachedir": False,
        "fixup": "never",
        "socket_timeout": _SOCKET_TIMEOUT_S,
        "buffersize": _BLOCK_BYTES,
        "noresizebuffer": True,
        "retries": 3,
        "fragment_retries": 3,
        "retry_sleep_functions": {"http": _pause, "fragment": _pause},
        "skip_unavailable_fragments": False,
        "extractor_retries": 1,
        "enable_file_urls": False,
        "external_downloader": {"default": "native"},
        "js_runtimes": {runtime.name: {"path": runtime.path}} if runtime else {},
        "http_headers": {"User-Agent": settings.user_agent} if settings.user_agent else {},
        "extractor_args": {"youtube": {"player_client": clients}} if clients else {},
    }
    if settings.cookies_file:  # as a text, because yt-dlp writes to what it is given
        parameters["cookiefile"] = io.StringIO(settings.cookies_file.read_text())
    if proxy is not None:
        parameters["proxy"] = proxy
    return parameters


def _pause(n: int) -> float:
    """Return the seconds to wait after the n-th failed attempt, from 0."""
    return min(0.5 * float(2**n), _MAX_PAUSE_S)


def find_first_video(info: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the one video of what yt-dlp found at an address.

    Raises:
        WorkError: There is none.
    """
    video = info
    while video and "entries" in video:
        video = next(iter(video["entries"]), None)
    if not video:
        raise failures.UNSUPPORTED.to_error()
    return dict(video)
