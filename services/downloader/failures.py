"""Sorts what yt-dlp raises into the codes of the HTTP contract: pure.

An exception's type decides where yt-dlp has one for the case. Where it has none, as for most
of what YouTube answers, the message does; its texts are YouTube's own and change rarely.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from yt_dlp.networking.exceptions import HTTPError, TransportError
from yt_dlp.utils import (
    ContentTooShortError,
    GeoRestrictedError,
    UnsupportedError,
    UserNotLive,
)

from services.kit.work import WorkError


@dataclass(frozen=True)
class Kind:
    """One kind of failure, as the client learns of it."""

    code: str
    message: str
    retryable: bool = False

    def to_error(self) -> WorkError:
        """Return the error to raise."""
        return WorkError(self.code, self.message, retryable=self.retryable)


UNSUPPORTED = Kind("unsupported_url", "There is no video at this address.")
UNAVAILABLE = Kind("video_unavailable", "The video is not available.")
REFUSED = Kind("video_unavailable", "The site refused to hand out the video.", retryable=True)
PRIVATE = Kind("private_video", "The video is private.")
MEMBERS_ONLY = Kind("members_only", "The video is for members of the channel only.")
GEO_BLOCKED = Kind("geo_blocked", "The video is not available in this server's country.")
BOT_CHECK = Kind("bot_check", "The site asks to prove that no bot is calling.", retryable=True)
RATE_LIMITED = Kind("rate_limited", "The site asks to call less often.", retryable=True)
LIVE_NOT_ENDED = Kind("live_not_ended", "The live stream has not ended yet.")
FORBIDDEN_ADDRESS = Kind("forbidden_address", "This address may not be downloaded from.")
TOO_LARGE = Kind("file_too_large", "The video is larger than this service accepts.")
TOO_LONG = Kind("file_too_large", "The video lasts longer than this service accepts.")
UNREACHABLE = Kind("source_unreachable", "The site cannot be reached.", retryable=True)
UNEXPECTED = Kind("internal", "The video could not be downloaded.", retryable=True)

_BY_TYPE: tuple[tuple[type[BaseException], Kind], ...] = (
    (UnsupportedError, UNSUPPORTED),
    (GeoRestrictedError, GEO_BLOCKED),
    (UserNotLive, LIVE_NOT_ENDED),
    (TransportError, UNREACHABLE),
    (ContentTooShortError, UNREACHABLE),
)

_BY_STATUS = {
    HTTPStatus.UNAUTHORIZED: PRIVATE,
    HTTPStatus.FORBIDDEN: REFUSED,
    HTTPStatus.REQUEST_TIMEOUT: UNREACHABLE,
    HTTPStatus.TOO_MANY_REQUESTS: RATE_LIMITED,
}

# In this order: a bot check also says "sign in", a rate limit also says "unavailable".
_BY_MESSAGE = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r"not a bot|captcha|unusual traffic", BOT_CHECK),
        (r"\bip (address )?is (likely being )?blocked|blocked by server", BOT_CHECK),
        (r"rate.?limited|try again later|too many requests", RATE_LIMITED),
        (r"members.only|channel's members|join this channel", MEMBERS_ONLY),
        (r"private video|(video|playlist) is private|this is a private", PRIVATE),
        (r"event will (begin|start)|premieres in|premiere will begin|is upcoming", LIVE_NOT_ENDED),
        (r"not (yet )?started|is scheduled (for|to start)", LIVE_NOT_ENDED),
        (r"in your country|from your location|geo.?restrict|in (your|this) region", GEO_BLOCKED),
        (r"file:// urls are disabled", FORBIDDEN_ADDRESS),
        (r"unsupported url|is not a valid url|invalid url|looks truncated", UNSUPPORTED),
        (r"label (empty|too long)|\bno (\w+ )?(video|media).* found", UNSUPPORTED),
        (r"(not have|n't contain) an?y? video", UNSUPPORTED),
        (r"timed out|temporarily unavailable|connection (refused|reset)", UNREACHABLE),
        (r"name or service not known", UNREACHABLE),
        (r"unavailable|(is not|no longer) available|does not exist", UNAVAILABLE),
        (r"removed|was deleted|terminated", UNAVAILABLE),
        (r"only available (for|to)|confirm your age|requires payment", UNAVAILABLE),
        (r"drm protected|protected by a pass", UNAVAILABLE),
    )
)


def classify(error: BaseException) -> WorkError:
    """Return what a client is told about an error of yt-dlp.

    Args:
        error: As yt-dlp raised it; the errors behind it are looked at too.
    """
    chain = list(_unfold(error))
    for link in chain:
        if isinstance(link, HTTPError):
            return _classify_status(link.status).to_error()
        for kind_of_error, kind in _BY_TYPE:
            if isinstance(link, kind_of_error):
                return kind.to_error()
    message = str(error).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    for pattern, kind in _BY_MESSAGE:
        if pattern.search(message):
            return kind.to_error()
    return UNEXPECTED.to_error()


def _classify_status(status: int) -> Kind:
    if status in _BY_STATUS:
        return _BY_STATUS[HTTPStatus(status)]
    return UNREACHABLE if status >= HTTPStatus.INTERNAL_SERVER_ERROR else UNAVAILABLE


def _unfold(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what caused it, by every way in which yt-dlp keeps a cause."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        link = waiting.pop(0)
        if not isinstance(link, BaseException) or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        exc_info = getattr(link, "exc_info", None) or (None, None, None)
        waiting += [exc_info[1], getattr(link, "cause", None), link.__cause__]
