"""POST to a URL that a client chose: resolved once, checked, and pinned to those IP addresses."""

import socket
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.util import Timeout

from foundation.addresses import is_public
from orchestrator.errors import CallbackError, ForbiddenAddressError
from orchestrator.http.connections import DirectSession, WatchedAdapter, describe_error

__all__ = ["post"]

_PORTS: Final = {"http": 80, "https": 443}
_MIN_S: Final = 0.1  # for the last IP address, if the others used up the time


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, allow_private: bool, limit_s: float
) -> int:
    """Send a body to a URL; redirects are not followed, and the response's body is not read.

    Args:
        url: An http or https URL.
        body: The body.
        headers: Headers beside `Host` and `Connection`.
        allow_private: Whether the host may be in a private network.
        limit_s: The limit for the whole call, in seconds.

    Returns:
        The HTTP status.

    Raises:
        ForbiddenAddressError: The host has an IP address in a private network.
        CallbackError: There was no response.
    """
    try:
        request = requests.Request("POST", url, {**headers, "Connection": "close"}, data=body)
        prepared = request.prepare()  # a session would read ~/.netrc
        parts = urlsplit(prepared.url or "")
        # http.client would send the IP address that the connection is made to.
        prepared.headers["Host"] = parts.netloc.rpartition("@")[2]
        port = parts.port or _PORTS[parts.scheme]
        addresses = _resolve(parts.hostname or "", port, allow_private=allow_private)
        return _send(prepared, addresses, limit_s)
    except (requests.RequestException, HTTPError, OSError, UnicodeError) as error:
        raise CallbackError(describe_error(error)) from error


class _PinnedAdapter(WatchedAdapter):
    """Connects to an IP address in place of the URL's host; TLS still verifies the host.

    Args:
        address: The IP address.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def build_connection_pool_key_attributes(self, *args: Any, **kwargs: Any) -> Any:
        """Return the key of the connection pool, with the IP address, and the host for TLS."""
        host: dict[str, Any]
        tls: dict[str, Any]
        host, tls = map(dict, super().build_connection_pool_key_attributes(*args, **kwargs))
        if host["scheme"] == "https":
            tls["server_hostname"] = host["host"]
        return {**host, "host": self._address}, tls


def _resolve(host: str, port: int, *, allow_private: bool) -> list[str]:
    """Return the checked IP addresses of a host; the only DNS lookup of the call."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(target[0]) for *_, target in found))
    if not allow_private and not all(is_public(address) for address in addresses):
        raise ForbiddenAddressError(host)
    return addresses


def _send(request: requests.PreparedRequest, addresses: list[str], limit_s: float) -> int:
    """Send a request to the first IP address that accepts a connection; return the status."""
    ends = time.monotonic() + limit_s
    *others, last = addresses
    for number, address in enumerate(others):
        left_s = max(ends - time.monotonic(), _MIN_S)
        timeout = Timeout(connect=left_s / (len(addresses) - number), total=left_s)
        try:
            return _send_to(address, request, timeout)
        except requests.ConnectionError as error:
            if not _is_unconnected(error):
                raise
    return _send_to(last, request, Timeout(total=max(ends - time.monotonic(), _MIN_S)))


def _send_to(address: str, request: requests.PreparedRequest, timeout: Any) -> int:
    with DirectSession() as session:
        adapter = _PinnedAdapter(address)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        # Certificate authorities come from the environment; a proxy would resolve the host again.
        how: dict[str, Any] = {
            **session.merge_environment_settings(request.url, {}, True, None, None),  # noqa: FBT003
            "proxies": {},
            "timeout": timeout,  # requests accepts urllib3's Timeout
            "allow_redirects": False,
        }
        with session.send(request, **how) as response:
            return response.status_code


def _is_unconnected(error: requests.ConnectionError) -> bool:
    """Whether nothing was sent, so that another IP address may be tried."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, ConnectTimeoutError | NewConnectionError)
