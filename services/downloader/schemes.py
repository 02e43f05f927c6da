"""Refuse URLs with other schemes than those of the web, including those of redirects."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from requests.exceptions import InvalidSchema
from yt_dlp.networking.exceptions import RequestError

__all__ = ["ForbiddenFileError", "ForbiddenSchemeError", "check_scheme", "translate_scheme_errors"]

_SCHEMES: Final = {"http", "https", "ws", "wss", "data"}  # data: opens no connection
_FILES: Final = {"file", "local_file"}


class ForbiddenSchemeError(RequestError):  # type: ignore[misc]  # yt-dlp has no types
    """The scheme of a URL is not allowed; nothing was sent."""


class ForbiddenFileError(ForbiddenSchemeError):
    """The URL refers to a local file."""


def check_scheme(url: str) -> None:
    """Raise `ForbiddenSchemeError` if the scheme of a URL is not allowed."""
    scheme = url.partition(":")[0].strip().lower()
    if scheme not in _SCHEMES:
        raise _refuse(scheme)


@contextmanager
def translate_scheme_errors() -> Iterator[None]:
    """Raise `ForbiddenSchemeError` for a redirect to a scheme that is not allowed.

    The HTTP client does not follow such redirects, but its error has no specific type.
    """
    try:
        yield
    except RequestError as error:
        if not isinstance(error.cause, InvalidSchema):
            raise
        scheme = str(error.cause).partition("'")[2].partition(":")[0].strip().lower()
        raise _refuse(scheme) from error


def _refuse(scheme: str) -> ForbiddenSchemeError:
    if scheme in _FILES:
        return ForbiddenFileError("A download may not read a local file")
    return ForbiddenSchemeError(f"A download may not use the scheme {scheme[:20]!r}")
