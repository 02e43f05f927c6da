"""Monitor one download: report its progress, and enforce its limits."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from foundation.logins import hide_login
from services.downloader import failures
from services.downloader.timing import Timing
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
    """The match filter, progress hook and logger of yt-dlp for one download."""

    report: Report
    max_bytes: int
    max_duration_s: float
    timeout_s: float = inf
    """Limit of the whole transfer, counted from the first byte of the first page."""
    progress: float = 0.0
    is_secondary: bool = False
    """Whether it monitors a secondary download, whose bytes do not count as progress."""
    clock: Callable[[], float] = time.monotonic
    timing: Timing = field(default_factory=Timing)
    received_bytes: int = 0
    """All received bytes: pages, playlists and media."""
    warnings: list[dict[str, Any]] = field(default_factory=list)
    """Warnings of the job; see ``warnings`` in the HTTP contract."""
    _started_at: float | None = None
    _is_open_ended: bool = False

    def count(self, n_bytes: int) -> None:
        """Add received bytes; a negative number takes back discarded ones.

        Raises:
            WorkError: The size limit or the time limit is exceeded.
        """
        now = self.clock()
        if self._started_at is None:
            self._started_at = now
        self.received_bytes = max(0, self.received_bytes + n_bytes)
        if self.received_bytes > self.max_bytes:
            raise failures.TOO_LARGE.to_error()
        if now - self._started_at > self.timeout_s:
            raise (failures.ENDLESS if self._is_open_ended else failures.TOO_SLOW).to_error()

    def report_progress(self, details: Mapping[str, Any] | None = None) -> None:
        """Report the progress; raises if the job was cancelled."""
        with exempt():
            self.report(self.progress, status="downloading", details=details)

    def check_video(self, info: Mapping[str, Any], *, incomplete: bool) -> None:
        """Check a video before it is downloaded; yt-dlp's match filter."""
        if info.get("is_live") or info.get("live_status") in _LIVE:
            raise failures.LIVE_NOT_ENDED.to_error()
        if (info.get("duration") or 0) > self.max_duration_s:
            raise failures.TOO_LONG.to_error()
        if not incomplete:
            self.report_progress(pick_details(info))

    def on_progress(self, event: Mapping[str, Any]) -> None:
        """Record the progress of a download; yt-dlp's progress hook."""
        done_bytes = event.get("downloaded_bytes") or 0
        total_bytes = event.get("total_bytes") or event.get("total_bytes_estimate") or 0
        self._is_open_ended = not total_bytes
        if max(done_bytes, event.get("total_bytes") or 0) > self.max_bytes:
            raise failures.TOO_LARGE.to_error()
        if total_bytes and not self.is_secondary:
            self.progress = 100 * min(1.0, done_bytes / total_bytes)
        self.report_progress()

    def debug(self, message: str) -> None:
        """Log a message of yt-dlp, which also lets a cancelled job stop between requests."""
        _log.debug("%s", message)
        self.report_progress()

    def warning(self, message: str) -> None:
        """Log a warning of yt-dlp."""
        _log.info("%s", message)

    def error(self, message: str) -> None:
        """Log an error of yt-dlp, which it also raises."""
        _log.debug("%s", message)


def pick_details(info: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of a video for the job's ``details``."""
    picked = {name: info[name] for name in _DETAILS if info.get(name) is not None}
    for name in _URLS & picked.keys():
        picked[name] = hide_login(str(picked[name]))
    return picked
