"""Keeps a download to the web: URLs of other schemes are refused, wherever they come from."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from requests.exceptions import InvalidSchema
from yt_dlp.networking.exceptions import RequestError

__all__ = ["ForbiddenFileError", "ForbiddenSchemeError", "check_scheme", "naming_schemes"]

_SCHEMES: Final = {"http", "https", "ws", "wss", "data"}  # data: nothing is connected to
_FILES: Final = {"file", "local_file"}


class ForbiddenSchemeError(RequestError):  # type: ignore[misc]  # yt-dlp has no types
    """A URL is not one of the web; nothing was sent to it."""


class ForbiddenFileError(ForbiddenSchemeError):
    """A URL names a file of this machine."""


def check_scheme(url: str) -> None:
    """Raise `ForbiddenSchemeError` if a URL is not one of the web."""
    scheme = url.partition(":")[0].strip().lower()
    if scheme not in _SCHEMES:
        raise _refuse(scheme)


@contextmanager
def naming_schemes() -> Iterator[None]:
    """Raise `ForbiddenSchemeError` for a redirect that leads out of the web.

    The HTTP client does not follow such a redirect, but its error has no type of its own.
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
        return ForbiddenFileError("A download may not read a file of this machine")
    return ForbiddenSchemeError(f"A download may not use the scheme {scheme[:20]!r}")
