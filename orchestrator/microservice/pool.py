"""Connections to services: kept open for reuse, and shut at once when the worker stops."""

import socket
import ssl
import threading
import weakref
from collections import defaultdict, deque
from contextlib import ExitStack, suppress
from functools import cache
from typing import Final
from urllib.parse import SplitResult, urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from orchestrator.microservice.wire import Answer, Request, send

__all__ = ["ConnectionPool", "Exchange"]

_PORTS: Final = {"http": 80, "https": 443}
_Idle = deque[socket.socket]


class Exchange:
    """A call that was answered; its connection is kept if the body is read to its end."""

    def __init__(self, sock: socket.socket, answer: Answer, idle: _Idle) -> None:
        self._sock = sock
        self._answer = answer
        self._idle = idle

    def __enter__(self) -> Answer:
        return self._answer

    def __exit__(self, *_: object) -> None:
        if self._answer.end() and len(self._idle) < (self._idle.maxlen or 0):
            self._idle.append(self._sock)
        else:
            self._sock.close()


class ConnectionPool:
    """Makes calls over connections that it keeps; safe for all threads.

    Args:
        size: How many idle connections to one service are kept.
    """

    def __init__(self, *, size: int) -> None:
        # A deque's own operations are atomic: no lock stands between a thousand threads.
        self._idle: defaultdict[tuple[str, str], _Idle] = defaultdict(lambda: deque(maxlen=size))
        self._open: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._is_interrupted = False
        self._lock = threading.Lock()
        weakref.finalize(self, _close, self._idle)

    def send(self, request: Request, *, connect_s: float, read_s: float) -> Exchange:
        """Make one call and return its answer, whose body is yet to be read.

        Args:
            request: What is sent.
            connect_s: How long connecting may take, in seconds.
            read_s: How long one read or write, and the whole head of the answer, may take, in
                seconds.

        Raises:
            OSError: The service cannot be reached, did not answer in time, or not in HTTP.
        """
        parts = urlsplit(request.url)
        idle = self._idle[parts.scheme, parts.netloc]
        sock = _take(idle) or self._connect(parts, connect_s)
        with ExitStack() as on_failure:
            on_failure.callback(sock.close)
            sock.settimeout(read_s)
            # A service may answer before it has read everything, and close: the answer counts.
            with suppress(BrokenPipeError):
                send(sock, request, parts)
            answer = Answer(sock)
            answer.read_head(limit_s=read_s)
            on_failure.pop_all()
        return Exchange(sock, answer, idle)

    def interrupt(self) -> None:
        """Shut every open socket, for good: whoever reads from one gets an error at once."""
        with self._lock:
            self._is_interrupted = True
            sockets = list(self._open)
        for sock in sockets:
            _shut(sock)

    def _connect(self, parts: SplitResult, connect_s: float) -> socket.socket:
        place = (parts.hostname or "", parts.port or _PORTS[parts.scheme])
        sock = socket.create_connection(place, timeout=connect_s)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if parts.scheme == "https":
            sock = _tls().wrap_socket(sock, server_hostname=parts.hostname)
        with self._lock:
            self._open.add(sock)
            is_late = self._is_interrupted
        if is_late:  # a call that began in the same instant; nobody else would wake it
            _shut(sock)
        return sock


def _close(idle: defaultdict[tuple[str, str], _Idle]) -> None:
    """Close what nobody can use any more."""
    for sockets in idle.values():
        for sock in sockets:
            sock.close()


def _take(idle: _Idle) -> socket.socket | None:
    """Return the connection that was used last, unless its other end has closed it since."""
    while idle:
        try:
            sock = idle.pop()
        except IndexError:  # another thread was quicker
            return None
        if _is_quiet(sock):
            return sock
        sock.close()
    return None


def _is_quiet(sock: socket.socket) -> bool:
    """Whether a socket is open and nothing has come that nobody asked for."""
    sock.settimeout(0)
    try:
        sock.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False
    return False


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):  # it was closed in the meantime, which is what was wanted
        sock.shutdown(socket.SHUT_RDWR)


@cache
def _tls() -> ssl.SSLContext:
    """Return what checks certificates: against this machine's authorities and the public ones."""
    context = ssl.create_default_context()
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context
