"""One POST to an address that a client named: resolved once, checked, and only there connected."""

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import cache
from http.client import HTTPConnection, HTTPException
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from orchestrator.errors import CallbackError, ForbiddenAddressError
from orchestrator.network import is_public

__all__ = ["post"]

_PORTS: Final = {"http": 80, "https": 443}
_SAFE_IN_TARGET: Final = "/%:@!$&'()*+,;=~-._?"


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, allow_private: bool, limit_s: float
) -> int:
    """Send a body to an address; redirects are not followed, and the answer's body is not read.

    Args:
        url: An http or https address.
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
    parts = urlsplit(url)
    try:
        host = (parts.hostname or "").encode("idna").decode()
        port = parts.port or _PORTS[parts.scheme]
        addresses = _resolve(host, port, allow_private=allow_private)
        with _connect(addresses, port, limit_s) as raw, _bounded(raw, limit_s):
            connection = HTTPConnection(host, port)
            is_secure = parts.scheme == "https"
            # It connects by itself only where it has no socket yet.
            connection.sock = _tls().wrap_socket(raw, server_hostname=host) if is_secure else raw
            with closing(connection):
                connection.request("POST", _target(parts), body, {**headers, "Connection": "close"})
                return connection.getresponse().status
    except (OSError, HTTPException, UnicodeError) as error:
        raise CallbackError(_reason(error)) from error


def _resolve(host: str, port: int, *, allow_private: bool) -> list[str]:
    """Return the addresses of a host, all of them checked: DNS is not asked again after this."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(target[0]) for *_, target in found))
    if not allow_private and not all(is_public(address) for address in addresses):
        raise ForbiddenAddressError(host)
    return addresses


def _connect(addresses: list[str], port: int, limit_s: float) -> socket.socket:
    for address in addresses[:-1]:
        with suppress(OSError):
            return socket.create_connection((address, port), timeout=limit_s / len(addresses))
    return socket.create_connection((addresses[-1], port), timeout=limit_s)


@contextmanager
def _bounded(sock: socket.socket, limit_s: float) -> Iterator[None]:
    """Shut a socket after some time: its own timeout is that of a single read.

    Raises:
        TimeoutError: That happened; what was read until then is no whole answer.
    """
    twin = sock.dup()  # TLS takes the socket itself over; shutting this one ends both
    is_over = threading.Event()

    def shut() -> None:
        is_over.set()
        with suppress(OSError):  # it was closed in the meantime, which is what was wanted
            twin.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(limit_s, shut)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        twin.close()
    if is_over.is_set():
        raise TimeoutError


@cache
def _tls() -> ssl.SSLContext:
    """Return what checks certificates: against this machine's authorities and the public ones."""
    context = ssl.create_default_context()
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context


def _target(parts: SplitResult) -> str:
    target = parts.path or "/"
    return quote(f"{target}?{parts.query}" if parts.query else target, safe=_SAFE_IN_TARGET)


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not valid: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, socket.gaierror):
        return "the host's name has no address"
    return f"no answer: {type(error).__name__}"
