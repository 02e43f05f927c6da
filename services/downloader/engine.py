"""yt-dlp as this service uses it: nothing of this machine, nothing but the web, one video."""

import io
import logging
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yt_dlp
from yt_dlp.globals import plugin_dirs
from yt_dlp.utils import YoutubeDLError

from services.downloader import failures
from services.downloader.network import ForbiddenConnectionError, guarded
from services.downloader.runtimes import find_runtime
from services.downloader.settings import DownloaderSettings
from services.downloader.watch import Watch

_log = logging.getLogger(__name__)

IsAllowed = Callable[[str], bool] | None

_SOCKET_TIMEOUT_S = 20
_HANDLERS = {"Urllib", "Requests", "Websockets"}  # not libcurl, which Python does not see


class Downloader(yt_dlp.YoutubeDL):  # type: ignore[misc]  # yt-dlp has no types
    """yt-dlp with those of its handlers whose connections Python makes, and so can guard."""

    def build_request_director(self, handlers: Iterable[Any], preferences: Any = None) -> Any:
        """Build what sends the requests."""
        guardable = [handler for handler in handlers if handler.RH_KEY in _HANDLERS]
        return super().build_request_director(guardable, preferences)

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
        except (YoutubeDLError, ForbiddenConnectionError) as error:
            _log.info("yt-dlp failed: %s", error)
            if guard.refused:
                raise failures.FORBIDDEN_ADDRESS.to_error() from error
            raise failures.classify(error) from error


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
        "retries": 3,
        "fragment_retries": 3,
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
