"""HTTP connections of requests that another thread can shut, and descriptions of their errors.

requests and urllib3 limit the time of a single read. They cannot end a read that is in progress,
and a response head that arrives byte by byte takes as long as it likes. `WatchedAdapter` adds
both: a limit for each response head, and shutting the connections when the process stops.
"""

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, ClassVar, Final
from weakref import WeakSet

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import InvalidSchema, InvalidURL, ProxyError
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import LocationValueError

__all__ = ["DirectSession", "OpenConnections", "WatchedAdapter", "describe_error"]

_TICK_S: Final = 0.5  # how late a limit takes effect; it only concerns peers that send slowly


@dataclass(eq=False)
class _Limit:
    """The time limit of a read."""

    ends: float
    shut: Callable[[], object]
    is_wait: bool
    is_over: bool = False


class OpenConnections:
    """The open connections of one adapter; thread-safe."""

    def __init__(self) -> None:
        self._open: WeakSet[socket.socket] = WeakSet()
        self._limits: set[_Limit] = set()
        self._ends_waits = False
        self._is_shut = False
        self._watcher: threading.Thread | None = None
        self._lock = threading.Lock()

    def add(self, sock: socket.socket) -> None:
        """Register a new connection.

        Raises:
            ConnectionAbortedError: The process is stopping.
        """
        with self._lock:
            self._open.add(sock)
            if self._is_shut:
                raise ConnectionAbortedError

    @contextmanager
    def limit(
        self, shut: Callable[[], object], *, limit_s: float, is_wait: bool = False
    ) -> Iterator[None]:
        """Limit the time of a read from a connection.

        Args:
            shut: Shuts the connection, from another thread.
            limit_s: The limit in seconds, accurate to half a second.
            is_wait: Whether the peer was asked to hold the response open; such a read ends as
                soon as the process stops.

        Raises:
            TimeoutError: The read took longer, and `shut` was called.
            ConnectionAbortedError: The process is stopping.
        """
        limit = _Limit(time.monotonic() + limit_s, shut, is_wait)
        with self._lock:
            if self._is_shut or (is_wait and self._ends_waits):
                raise ConnectionAbortedError
            self._limits.add(limit)
            self._start_watching()
        try:
            yield
        finally:
            with self._lock:
                self._limits.discard(limit)
            if limit.is_over:
                raise TimeoutError from None

    def end_waits(self) -> None:
        """End all reads that the peer was asked to hold open, and refuse new ones."""
        with self._lock:
            self._ends_waits = True
            for limit in self._limits:
                if limit.is_wait:
                    _quietly(limit.shut)

    def shut(self) -> None:
        """Shut all connections, and refuse new ones."""
        with self._lock:
            self._ends_waits = self._is_shut = True
            for sock in self._open:
                _quietly(shutdown_of(sock))

    def _start_watching(self) -> None:
        # The thread ends when there is nothing to watch; a forked child starts its own.
        if self._watcher is None or not self._watcher.is_alive():
            self._watcher = threading.Thread(target=self._watch, name="http-limits", daemon=True)
            self._watcher.start()

    def _watch(self) -> None:
        while True:
            time.sleep(_TICK_S)
            with self._lock:
                if not self._limits:
                    self._watcher = None
                    return
                now = time.monotonic()
                for limit in self._limits:
                    if limit.ends < now and not limit.is_over:
                        limit.is_over = True
                        _quietly(limit.shut)


class _Connection(HTTPConnection):
    """A connection registered in `OpenConnections`, with a time limit on each response head."""

    opened: ClassVar[OpenConnections]
    _is_wait = False
    _is_upload = False

    def connect(self) -> None:
        """Connect, and register the socket."""
        super().connect()
        self.opened.add(self.sock)

    def request(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Any = None,
        **how: Any,
    ) -> None:
        """Send a request; `Prefer: wait` (RFC 7240) marks one whose response is held open."""
        self._is_wait = "Prefer" in (headers or {})
        self._is_upload = not (body is None or isinstance(body, bytes))
        super().request(method, url, body, headers, **how)

    def getresponse(self) -> Any:
        """Read the head of a response within the read timeout.

        Raises:
            TimeoutError: The head took longer.
            OSError: The connection broke, or the process is stopping.
        """
        with self.opened.limit(
            shutdown_of(self.sock), limit_s=self.timeout or 0.0, is_wait=self._is_wait
        ):
            return super().getresponse()


class _PlainConnection(_Connection):
    """Stops sending a streamed body once the peer has responded, for example with 413.

    http.client reads the response only after the whole body, which may be gigabytes later. Over
    TLS, incoming bytes may be other than a response, so there the peer has to close the connection.
    """

    _is_half_sent = False

    def send(self, data: Any) -> None:
        """Send a piece of a request.

        Raises:
            BrokenPipeError: The peer has responded; urllib3 then reads the response.
        """
        if self._is_upload and self.sock and _is_readable(self.sock):
            self._is_half_sent = True
            raise BrokenPipeError
        super().send(data)

    @property
    def is_connected(self) -> bool:
        """Whether another request can be sent, which is not the case after half of one."""
        return not self._is_half_sent and super().is_connected

    def close(self) -> None:
        """Close the connection; it may be opened again."""
        super().close()
        self._is_half_sent = False


class _SecureConnection(_Connection, HTTPSConnection):
    """The same over TLS."""


class WatchedAdapter(HTTPAdapter):
    """An adapter of requests that registers its open connections.

    Args:
        **how: Arguments of `requests.adapters.HTTPAdapter`.
    """

    def __init__(self, **how: Any) -> None:
        self.opened = OpenConnections()
        self._watched: dict[type[HTTPConnection], type[HTTPConnection]] = {}
        super().__init__(**how)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """Return the connection pool of a host, or of the proxy in front of it."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        if not issubclass(pool.ConnectionCls, _Connection):
            pool.ConnectionCls = self._watch(pool.ConnectionCls)
        return pool

    def _watch(self, plain: type[HTTPConnection]) -> type[HTTPConnection]:
        """Return a connection class (that of a SOCKS proxy, for example) with limits added."""
        watched = self._watched.get(plain)
        if watched is None:
            own = _SecureConnection if issubclass(plain, HTTPSConnection) else _PlainConnection
            watched = type(f"Watched{plain.__name__}", (own, plain), {"opened": self.opened})
            self._watched[plain] = watched
        return watched


class DirectSession(requests.Session):
    """A session that follows no redirects, and reads no body to prepare for one."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return no target."""


def describe_error(error: BaseException) -> str:
    """Return the reason why a call failed, as a clause about the peer.

    The messages of requests and urllib3 contain memory addresses of objects.
    """
    match error:
        case ProxyError():
            variables = "HTTP_PROXY, HTTPS_PROXY, NO_PROXY"
            return f"its proxy cannot be reached, or refused the call ({variables})"
        case LocationValueError() | InvalidURL() | InvalidSchema():
            return "its URL, or that of its proxy, is not valid"
    cause = _root_cause(error)
    reason = "its response is incomplete or not HTTP"
    match cause:
        case TimeoutError():
            reason = "it did not respond in time"
        case ssl.SSLCertVerificationError():
            reason = f"its certificate is not valid: {cause.verify_message}"
        case socket.gaierror():
            reason = "its host name cannot be resolved"
        case OSError() if not isinstance(cause, requests.RequestException):
            reason = "it cannot be reached, or closed the connection"
    return reason


def _root_cause(error: BaseException) -> BaseException:
    """Return the error that requests and urllib3 wrapped."""
    while cause := error.__cause__ or (not error.__suppress_context__ and error.__context__):
        error = cause
    return error


def shutdown_of(sock: socket.socket) -> Callable[[], object]:
    """Return a function that shuts a socket while another thread reads from it."""
    plain = getattr(sock, "socket", sock)  # TLS inside the TLS of a proxy is not a socket itself
    # SSLSocket.shutdown would remove the TLS state from under the thread that reads.
    return lambda: socket.socket.shutdown(plain, socket.SHUT_RDWR)


def _quietly(shut: Callable[[], object]) -> None:
    # The connection may have been closed or returned to its pool meanwhile.
    with suppress(OSError, ValueError, RuntimeError):
        shut()


def _is_readable(sock: socket.socket) -> bool:
    # select() does not support descriptors above 1023.
    poller = select.poll()
    poller.register(sock, select.POLLIN)
    return bool(poller.poll(0))
