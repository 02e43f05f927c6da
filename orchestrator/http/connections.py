"""HTTP connections of requests that another thread can shut.

requests and urllib3 limit the time of a single read. They cannot end a read that is in progress,
and a response head that arrives byte by byte takes as long as it likes. `WatchedAdapter` adds
both: a limit for each response head, and shutting the connections when the process stops.
"""

import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, ClassVar, Final
from weakref import WeakSet

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

__all__ = ["DirectSession", "OpenConnections", "WatchedAdapter", "root_cause"]

_TICK_S: Final = 0.5  # how late a limit may be noticed; it catches peers that drip, nothing else


@dataclass(eq=False)
class _Limit:
    """A read that must end by a time."""

    ends: float
    shut: Callable[[], object]
    is_wait: bool
    is_over: bool = False


class OpenConnections:
    """The open connections of one adapter; safe for all threads."""

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
            ConnectionAbortedError: The process stops.
        """
        with self._lock:
            self._open.add(sock)
            if self._is_shut:
                raise ConnectionAbortedError

    @contextmanager
    def limit(
        self, shut: Callable[[], object], *, limit_s: float, is_wait: bool = False
    ) -> Iterator[None]:
        """Bound the time that reading from a connection takes.

        Args:
            shut: Shuts the connection, from another thread.
            limit_s: The limit in seconds, kept to within half a second.
            is_wait: Whether the peer was asked to hold the response; such a read ends as soon as
                the process stops.

        Raises:
            TimeoutError: It took longer, and `shut` was called.
            ConnectionAbortedError: The process stops.
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
        """End all reads for which the peer was asked to wait, and refuse new ones."""
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
    """A connection that `OpenConnections` knows; the head of each response has a time limit."""

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
        """Send a request; `Prefer: wait` (RFC 7240) marks one that waits for its response."""
        self._is_wait = "Prefer" in (headers or {})
        self._is_upload = not (body is None or isinstance(body, bytes))
        super().request(method, url, body, headers, **how)

    def getresponse(self) -> Any:
        """Read the head of a response within the read timeout.

        Raises:
            TimeoutError: It took longer.
            OSError: The connection broke, or the process stops.
        """
        with self.opened.limit(
            shutdown_of(self.sock), limit_s=self.timeout or 0.0, is_wait=self._is_wait
        ):
            return super().getresponse()


class _PlainConnection(_Connection):
    """Stops sending a streamed body when the peer has answered, e.g. with 413.

    http.client would look for a response only after the whole body, which may be gigabytes
    later. Over TLS more than responses comes in, so there the peer has to close the connection.
    """

    _is_half_sent = False

    def send(self, data: Any) -> None:
        """Send a piece of a request.

        Raises:
            BrokenPipeError: The peer has answered; urllib3 reads the response then.
        """
        if self._is_upload and self.sock and _is_readable(self.sock):
            self._is_half_sent = True
            raise BrokenPipeError
        super().send(data)

    @property
    def is_connected(self) -> bool:
        """Whether another request can be sent: not after half of one."""
        return not self._is_half_sent and super().is_connected

    def close(self) -> None:
        """Close the connection; it may be opened again."""
        super().close()
        self._is_half_sent = False


class _SecureConnection(_Connection, HTTPSConnection):
    """The same over TLS."""


class WatchedAdapter(HTTPAdapter):
    """An adapter of requests that knows its open connections.

    Args:
        **how: As for `requests.adapters.HTTPAdapter`.
    """

    def __init__(self, **how: Any) -> None:
        self.opened = OpenConnections()
        self._watched: dict[type[HTTPConnection], type[HTTPConnection]] = {}
        super().__init__(**how)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """Return the pool of a host, or of the proxy before it."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        if not issubclass(pool.ConnectionCls, _Connection):
            pool.ConnectionCls = self._watch(pool.ConnectionCls)
        return pool

    def _watch(self, plain: type[HTTPConnection]) -> type[HTTPConnection]:
        """Return a class of connections, such as those to a SOCKS proxy, with both limits."""
        watched = self._watched.get(plain)
        if watched is None:
            own = _SecureConnection if issubclass(plain, HTTPSConnection) else _PlainConnection
            watched = type(f"Watched{plain.__name__}", (own, plain), {"opened": self.opened})
            self._watched[plain] = watched
        return watched


class DirectSession(requests.Session):
    """A session that follows no redirect, and reads no body to prepare for one."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Find no target."""


def root_cause(error: BaseException) -> BaseException:
    """Return the error that requests and urllib3 wrapped: their texts name objects in memory."""
    while cause := error.__cause__ or (not error.__suppress_context__ and error.__context__):
        error = cause
    return error


def shutdown_of(sock: socket.socket) -> Callable[[], object]:
    """Return what shuts a socket while another thread reads from it."""
    plain = getattr(sock, "socket", sock)  # TLS inside the TLS of a proxy is no socket itself
    # Not SSLSocket's own shutdown, which takes the TLS state away from the thread that reads.
    return lambda: socket.socket.shutdown(plain, socket.SHUT_RDWR)


def _quietly(shut: Callable[[], object]) -> None:
    # It was closed, or given back to its pool, in the meantime.
    with suppress(OSError, ValueError, RuntimeError):
        shut()


def _is_readable(sock: socket.socket) -> bool:
    # Not select(), which knows no descriptors above 1023.
    poller = select.poll()
    poller.register(sock, select.POLLIN)
    return bool(poller.poll(0))
