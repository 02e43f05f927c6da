"""Check that a URL from a client does not point into a private network. Pure.

Only the URL's text is checked. A name may still resolve to a private address, so
``orchestrator.http.pinned`` checks each address again when it connects.
"""

import unicodedata
from functools import lru_cache
from typing import Final
from urllib.parse import unquote, urlsplit

from foundation.addresses import is_public, literal_address
from orchestrator.errors import ForbiddenAddressError

__all__ = ["check_address"]

_LOCAL_NAMES: Final = ("localhost", "localdomain", "local", "internal", "home.arpa")


def check_address(url: str, *, allow_private: bool, pointer: str = "") -> None:
    """Check that the host of a URL is neither a private address nor a local name.

    Args:
        url: A URL from a client.
        allow_private: Accept private addresses and local names too.
        pointer: The request field with the URL, for the error.

    Raises:
        ForbiddenAddressError: The host is private, or the URL is malformed.
    """
    try:
        host = (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError as error:
        raise ForbiddenAddressError(url, pointer) from error
    if not allow_private and _is_private(host):
        raise ForbiddenAddressError(host, pointer)


@lru_cache(maxsize=256)  # most URLs share a few hosts
def _is_private(host: str) -> bool:
    address = literal_address(host)
    return not is_public(address) if address else _is_local_name(host)


def _is_local_name(host: str) -> bool:
    plain = unicodedata.normalize("NFKC", unquote(host)).rstrip(".").lower()
    return any(plain == name or plain.endswith(f".{name}") for name in _LOCAL_NAMES)
