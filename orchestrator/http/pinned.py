"""One POST to a URL that a client named: resolved once, checked, and connected only there."""

import socket
import ssl
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.util import Timeout

from foundation.addresses import is_public
from orchestrator.errors import CallbackError, ForbiddenAddressError
from orchestrator.http.connections import DirectSession, WatchedAdapter, root_cause

__all__ = ["post"]

_PORTS: Final = {"http": 80, "https": 443}
_LEAST_S: Final = 0.1  # for the last address, where the ones before it took all the time


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, allow_private: bool, limit_s: float
) -> int:
    """Send a body to a URL; redirects are not followed, and the response's body is not read.

    Args:
        url: An http or https URL.
        body: What is sent.
        headers: Sent with it.
        allow_private: Whether it may lead into a private network.
        limit_s: How long all of it may take, in seconds.

    Returns:
        The HTTP status.

    Raises:
        ForbiddenAddressError: The host's name leads into a private network.
        CallbackError: There was no answer.
    """
    try:
        request = requests.Request("POST", url, {**headers, "Connection": "close"}, data=body)
        prepared = request.prepare()  # without a session, which would look into ~/.netrc
        parts = urlsplit(prepared.url or "")
        # The connection is made to an address; http.client would name that.
        prepared.headers["Host"] = parts.netloc.rpartition("@")[2]
        port = parts.port or _PORTS[parts.scheme]
        addresses = _resolve(parts.hostname or "", port, allow_private=allow_private)
        return _send(prepared, addresses, limit_s)
    except (requests.RequestException, HTTPError, OSError, UnicodeError) as error:
        raise CallbackError(_reason(error)) from error


class _PinnedAdapter(WatchedAdapter):
    """Connects to an address instead of the host in the URL, for which TLS checks all the same.

    Args:
        address: Where it connects to.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def build_connection_pool_key_attributes(self, *args: Any, **kwargs: Any) -> Any:
        """Return what identifies the pool of connections: the address, and the host for TLS."""
        host: dict[str, Any]
        tls: dict[str, Any]
        host, tls = map(dict, super().build_connection_pool_key_attributes(*args, **kwargs))
        if host["scheme"] == "https":
            tls["server_hostname"] = host["host"]
        return {**host, "host": self._address}, tls


def _resolve(host: str, port: int, *, allow_private: bool) -> list[str]:
    """Return the addresses of a host, all of them checked: DNS is not asked again after this."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(target[0]) for *_, target in found))
    if not allow_private and not all(is_public(address) for address in addresses):
        raise ForbiddenAddressError(host)
    return addresses


def _send(request: requests.PreparedRequest, addresses: list[str], limit_s: float) -> int:
    """Send a request to the first address that can be connected to; returns the status."""
    ends = time.monotonic() + limit_s
    *others, last = addresses
    for number, address in enumerate(others):
        left_s = max(ends - time.monotonic(), _LEAST_S)
        timeout = Timeout(connect=left_s / (len(addresses) - number), total=left_s)
        try:
            return _send_to(address, request, timeout)
        except requests.ConnectionError as error:
            if not _is_unconnected(error):
                raise
    return _send_to(last, request, Timeout(total=max(ends - time.monotonic(), _LEAST_S)))


def _send_to(address: str, request: requests.PreparedRequest, timeout: Any) -> int:
    with DirectSession() as session:
        adapter = _PinnedAdapter(address)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        # The environment's authorities, but not its proxies: one would resolve the host again.
        how: dict[str, Any] = {
            **session.merge_environment_settings(request.url, {}, True, None, None),  # noqa: FBT003
            "proxies": {},
            "timeout": timeout,  # one of urllib3, which requests takes as well
            "allow_redirects": False,
        }
        with session.send(request, **how) as response:
            return response.status_code


def _is_unconnected(error: requests.ConnectionError) -> bool:
    """Whether nothing was sent, so that another address may be tried."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, ConnectTimeoutError | NewConnectionError)


def _reason(error: BaseException) -> str:
    cause = root_cause(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the certificate is not valid: {cause.verify_message}"
    if isinstance(cause, TimeoutError):
        return "no answer in time"
    if isinstance(cause, socket.gaierror):
        return "the host's name has no address"
    return f"no answer: {type(cause).__name__}"
