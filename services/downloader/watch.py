"""Follows one download: reports its progress, and stops what must not go on."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from foundation.logins import hide_login
from services.downloader import failures
from services.kit.running.exemption import exempt
from services.kit.work import Report

_log = logging.getLogger(__name__)

_DETAILS = (
    "title",
    "duration",
    "uploader",
    "thumbnail",
    "language",
    "chapters",
    "webpage_url",
    "extractor",
)
_URLS = {"webpage_url", "thumbnail"}
_LIVE = {"is_live", "is_upcoming", "post_live"}


@dataclass
class Watch:
    """What yt-dlp calls while it works: as match filter, as progress hook and as its log."""

    report: Report
    max_bytes: int
    max_duration_s: float
    timeout_s: float = inf
    """How long the whole transfer may take, from the first byte of the first page on."""
    progress: float = 0.0
    is_aside: bool = False
    """Whether it follows something beside the video, whose bytes are no progress."""
    clock: Callable[[], float] = time.monotonic
    received_bytes: int = 0
    """What has arrived: pages, playlists, and pieces of media alike."""
    warnings: list[dict[str, Any]] = field(default_factory=list)
    """What the job warns of; see the contract's ``warnings``."""
    _started_at: float | None = None
    _is_open_ended: bool = False

    def count(self, n_bytes: int) -> None:
        """Add bytes that have arrived; negative ones are thrown away and arrive again.

        Raises:
            WorkError: They are more than the service takes, or they take too long.
        """
        now = self.clock()
        if self._started_at is None:
            self._started_at = now
        self.received_bytes = max(0, self.received_bytes + n_bytes)
        if self.received_bytes > self.max_bytes:
            raise failures.TOO_LARGE.to_error()
        if now - self._started_at > self.timeout_s:
            raise (failures.ENDLESS if self._is_open_ended else failures.TOO_SLOW).to_error()

    def tell(self, details: Mapping[str, Any] | None = None) -> None:
        """Report the progress; here a cancelled job stops."""
        with exempt():
            self.report(self.progress, status="downloading", details=details)

    def check_video(self, info: Mapping[str, Any], *, incomplete: bool) -> None:
        """Look at a video before it is downloaded, as yt-dlp's match filter."""
        if info.get("is_live") or info.get("live_status") in _LIVE:
            raise failures.LIVE_NOT_ENDED.to_error()
        if (info.get("duration") or 0) > self.max_duration_s:
            raise failures.TOO_LONG.to_error()
        if not incomplete:
            self.tell(pick_details(info))

    def follow(self, event: Mapping[str, Any]) -> None:
        """Take one step of a download, as yt-dlp's progress hook."""
        done_bytes = event.get("downloaded_bytes") or 0
        total_bytes = event.get("total_bytes") or event.get("total_bytes_estimate") or 0
        self._is_open_ended = not total_bytes
        if max(done_bytes, event.get("total_bytes") or 0) > self.max_bytes:
            raise failures.TOO_LARGE.to_error()
        if total_bytes and not self.is_aside:
            self.progress = 100 * min(1.0, done_bytes / total_bytes)
        self.tell()

    def debug(self, message: str) -> None:
        """Take a line of yt-dlp's log: between the lines are its requests, so a stop here helps."""
        _log.debug("%s", message)
        self.tell()

    def warning(self, message: str) -> None:
        """Take a warning of yt-dlp."""
        _log.info("%s", message)

    def error(self, message: str) -> None:
        """Take an error of yt-dlp, which is raised as well."""
        _log.debug("%s", message)


def pick_details(info: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the job shows of a video."""
    picked = {name: info[name] for name in _DETAILS if info.get(name) is not None}
    for name in _URLS & picked.keys():
        picked[name] = hide_login(str(picked[name]))
    return picked
