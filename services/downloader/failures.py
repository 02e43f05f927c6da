"""Sorts what yt-dlp raises into the kinds of failure of the HTTP contract: pure.

An exception's type decides where yt-dlp has one for the case. Where it has none, as for most of
what YouTube answers, the text does (``error_texts``). What no text names still has a code: that
of its exception's class.
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
    "classify_piece",
    "is_refused_here",
    "name_content",
]

# In this order: a subclass comes before its parent.
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
# Of the last attempt of several, yt-dlp leaves only the text.
_GIVEN_UP = re.compile(r"Got error: HTTP Error (\d{3})\b")
_ICY = re.compile(r"\bICY \d{3}\b")


def classify(error: BaseException) -> WorkError:
    """Return the error of a job in which yt-dlp failed.

    Args:
        error: As yt-dlp raised it; the errors behind it are looked at too.
    """
    return find_failure(error).to_error()


def find_failure(error: BaseException) -> Kind:
    """Return the kind of failure that an error is."""
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


def classify_piece(error: BaseException) -> WorkError:
    """Return the error of a job that cannot fetch one piece of a stream.

    What is true for the whole stream, such as a missing permission, keeps its own code.
    """
    kind = find_failure(error)
    return (kind if kind in _LASTING else INCOMPLETE).to_error()


def is_refused_here(error: BaseException) -> bool:
    """Return whether this service has caused an error, since a URL may not be downloaded."""
    refusals = (ForbiddenConnectionError, ForbiddenSchemeError)
    return any(isinstance(link, refusals) for link in _unfold(error))


def _classify_status(status: int) -> Kind:
    if status in _BY_STATUS:
        return _BY_STATUS[HTTPStatus(status)]
    return UNREACHABLE if status >= HTTPStatus.INTERNAL_SERVER_ERROR else UNAVAILABLE


def _classify_system_error(chain: list[BaseException]) -> Kind | None:
    """Sort by the errors of the operating system and of Python's own HTTP client."""
    for link in chain:
        if isinstance(link, socket.gaierror):
            return HOST_NOT_FOUND if link.errno in _NO_SUCH_HOST else UNREACHABLE
        if isinstance(link, OSError) and link.errno == ENOSPC:
            return DISK_LOW
        if isinstance(link, TimeoutError):
            return TIMED_OUT
        if _ICY.search(str(link)):  # SHOUTcast's own status line
            return LIVE_NOT_ENDED
    if any(isinstance(link, TransportError) for link in chain):
        return find_kind(" ".join(map(str, chain))) or UNREACHABLE
    return None


def _classify_rest(chain: list[BaseException]) -> Kind:
    """Sort what no text names by the class of the error."""
    for link in chain:
        if isinstance(link, ExtractorError):
            return SITE_ERROR if link.expected else OUTDATED
        if isinstance(link, UnavailableVideoError):
            return UNAVAILABLE
    return UNEXPECTED


def _unfold(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what caused it, by every way in which yt-dlp keeps a cause."""
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
