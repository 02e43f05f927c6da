"""Classify the exceptions of yt-dlp as failures of the HTTP contract. Pure.

The type of an exception decides if yt-dlp has a specific one. Otherwise, as for most errors of
YouTube, its text decides (``error_texts``), and finally its base class.
"""

import re
import socket
from collections.abc import Iterator
from errno import ENOSPC
from http import HTTPStatus

from requests.exceptions import InvalidURL
from yt_dlp.networking.exceptions import (
    CertificateVerifyError,
    HTTPError,
    IncompleteRead,
    NoSupportingHandlers,
    ProxyError,
    SSLError,
    TransportError,
)
from yt_dlp.utils import (
    ContentTooShortError,
    ExtractorError,
    GeoRestrictedError,
    UnavailableVideoError,
    UnsupportedError,
    UserNotLive,
)

from services.downloader.error_texts import find_kind
from services.downloader.kinds import (
    BAD_CERTIFICATE,
    DISK_LOW,
    EMPTY,
    ENDLESS,
    FORBIDDEN_ADDRESS,
    GEO_BLOCKED,
    HOST_NOT_FOUND,
    INCOMPLETE,
    LIVE_NOT_ENDED,
    NOT_LIVE,
    OUTDATED,
    PAID,
    PRIVATE,
    PROTECTED,
    PROXY_FAILED,
    RATE_LIMITED,
    REDIRECT_LOOP,
    REFUSED,
    SITE_ERROR,
    TIMED_OUT,
    TLS_FAILED,
    TOO_LARGE,
    TOO_LONG,
    TOO_SLOW,
    UNAUTHORIZED,
    UNAVAILABLE,
    UNEXPECTED,
    UNREACHABLE,
    UNSUPPORTED,
    UNSUPPORTED_PROTOCOL,
    Kind,
    name_content,
)
from services.downloader.network import ForbiddenConnectionError, ForbiddenProgramError
from services.downloader.schemes import ForbiddenFileError, ForbiddenSchemeError
from services.downloader.transfer import PageTooLargeError
from services.kit.work import WorkError

__all__ = [
    "EMPTY",
    "ENDLESS",
    "FORBIDDEN_ADDRESS",
    "INCOMPLETE",
    "LIVE_NOT_ENDED",
    "OUTDATED",
    "PROTECTED",
    "RATE_LIMITED",
    "REFUSED",
    "TOO_LARGE",
    "TOO_LONG",
    "TOO_SLOW",
    "UNSUPPORTED",
    "Kind",
    "classify",
    "classify_segment_error",
    "is_refused_here",
    "name_content",
]

# Ordered: a subclass precedes its parent.
_BY_TYPE: tuple[tuple[type[BaseException], Kind], ...] = (
    (ForbiddenProgramError, UNSUPPORTED_PROTOCOL),
    (ForbiddenConnectionError, FORBIDDEN_ADDRESS),
    (ForbiddenFileError, FORBIDDEN_ADDRESS),
    (ForbiddenSchemeError, UNSUPPORTED_PROTOCOL),
    (InvalidURL, UNSUPPORTED),
    (UnsupportedError, UNSUPPORTED),
    (GeoRestrictedError, GEO_BLOCKED),
    (UserNotLive, NOT_LIVE),
    (PageTooLargeError, TOO_LARGE),
    (ContentTooShortError, INCOMPLETE),
    (IncompleteRead, INCOMPLETE),
    (CertificateVerifyError, BAD_CERTIFICATE),
    (ProxyError, PROXY_FAILED),
    (SSLError, TLS_FAILED),
    (NoSupportingHandlers, UNSUPPORTED_PROTOCOL),
)
_BY_STATUS = {
    HTTPStatus.UNAUTHORIZED: UNAUTHORIZED,
    HTTPStatus.PAYMENT_REQUIRED: PAID,
    HTTPStatus.FORBIDDEN: REFUSED,
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: PROXY_FAILED,
    HTTPStatus.REQUEST_TIMEOUT: TIMED_OUT,
    HTTPStatus.TOO_EARLY: UNREACHABLE,
    HTTPStatus.TOO_MANY_REQUESTS: RATE_LIMITED,
    HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS: GEO_BLOCKED,
    HTTPStatus.GATEWAY_TIMEOUT: TIMED_OUT,
}
_LASTING = {
    PRIVATE,
    UNAUTHORIZED,
    PAID,
    REFUSED,
    RATE_LIMITED,
    GEO_BLOCKED,
    FORBIDDEN_ADDRESS,
    UNSUPPORTED_PROTOCOL,
    UNSUPPORTED,
    BAD_CERTIFICATE,
}
_NO_SUCH_HOST = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
# After its last attempt yt-dlp passes on only the text.
_GIVEN_UP = re.compile(r"Got error: HTTP Error (\d{3})\b")
_ICY = re.compile(r"\bICY \d{3}\b")


def classify(error: BaseException) -> WorkError:
    """Return the error of a job in which yt-dlp failed.

    Args:
        error: The exception from yt-dlp; its causes are considered too.
    """
    return find_failure(error).to_error()


def find_failure(error: BaseException) -> Kind:
    """Return the kind of failure of an error."""
    chain = list(_unfold(error))
    for link in chain:
        if isinstance(link, HTTPError):
            return REDIRECT_LOOP if link.redirect_loop else _classify_status(link.status)
        for kind_of_error, kind in _BY_TYPE:
            if isinstance(link, kind_of_error):
                return kind
    if found := _GIVEN_UP.search(str(error)):
        return _classify_status(int(found[1]))
    return _classify_system_error(chain) or find_kind(str(error)) or _classify_rest(chain)


def classify_segment_error(error: BaseException) -> WorkError:
    """Return the error of a job that could not fetch a segment of a stream.

    Failures that apply to the whole stream, such as a missing permission, keep their own code.
    """
    kind = find_failure(error)
    return (kind if kind in _LASTING else INCOMPLETE).to_error()


def is_refused_here(error: BaseException) -> bool:
    """Return whether this service refused the URL itself."""
    refusals = (ForbiddenConnectionError, ForbiddenSchemeError)
    return any(isinstance(link, refusals) for link in _unfold(error))


def _classify_status(status: int) -> Kind:
    if status in _BY_STATUS:
        return _BY_STATUS[HTTPStatus(status)]
    return UNREACHABLE if status >= HTTPStatus.INTERNAL_SERVER_ERROR else UNAVAILABLE


def _classify_system_error(chain: list[BaseException]) -> Kind | None:
    """Classify errors of the operating system and of Python's HTTP client."""
    for link in chain:
        if isinstance(link, socket.gaierror):
            return HOST_NOT_FOUND if link.errno in _NO_SUCH_HOST else UNREACHABLE
        if isinstance(link, OSError) and link.errno == ENOSPC:
            return DISK_LOW
        if isinstance(link, TimeoutError):
            return TIMED_OUT
        if _ICY.search(str(link)):  # SHOUTcast's status line
            return LIVE_NOT_ENDED
    if any(isinstance(link, TransportError) for link in chain):
        return find_kind(" ".join(map(str, chain))) or UNREACHABLE
    return None


def _classify_rest(chain: list[BaseException]) -> Kind:
    """Classify errors with an unknown text by their class."""
    for link in chain:
        if isinstance(link, ExtractorError):
            return SITE_ERROR if link.expected else OUTDATED
        if isinstance(link, UnavailableVideoError):
            return UNAVAILABLE
    return UNEXPECTED


def _unfold(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its causes, wherever yt-dlp stores them."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        link = waiting.pop(0)
        if not isinstance(link, BaseException) or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        exc_info = getattr(link, "exc_info", None) or (None, None, None)
        waiting += [exc_info[1], getattr(link, "cause", None), link.__cause__]
        waiting += [each for each in link.args if isinstance(each, BaseException)]
        waiting.append(getattr(link, "reason", None))  # urllib3's MaxRetryError
