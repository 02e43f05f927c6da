"""A server that sends the exact bytes of a test, valid or not."""

import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import Self

__all__ = ["Exchange", "RawServer", "answer", "drip"]

_LOOPBACK = "127.0.0.1"
_TIMEOUT_S = 20.0
_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class Exchange:
    """A connection after the request's head has been read."""

    connection: socket.socket
    line: str
    """The first line of the request."""
    headers: Mapping[str, str]
    """The headers, with lower-case names."""
    rest: bytes
    """The part of the body that was received with the head."""
    closing: threading.Event
    """Set when the server stops."""

    def read_body(self) -> bytes:
        """Read a body with a Content-Length."""
        body = self.rest
        while len(body) < int(self.headers.get("content-length", "0")):
            chunk = self.connection.recv(_CHUNK_BYTES)
            if not chunk:
                break
            body += chunk
        return body

    def send(self, data: bytes) -> None:
        """Send these bytes."""
        self.connection.sendall(data)

    def wait(self, seconds: float) -> bool:
        """Wait for some seconds; return true if the server stops meanwhile."""
        return self.closing.wait(seconds)


Play = Callable[[Exchange], object]
"""Handles one request; the connection is kept only if it returns ``KEPT``."""
KEPT = "kept"


def answer(
    body: bytes = b"",
    *,
    status: str = "200 OK",
    length: int | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Play:
    """Return a handler that reads the whole request and responds.

    Args:
        body: The body.
        status: The status with its phrase.
        length: The Content-Length that is announced, where it is not the body's.
        headers: Further headers.
    """
    announced = str(len(body) if length is None else length)
    fields = {"Connection": "close", "Content-Length": announced, **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    whole = f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body

    def play(exchange: Exchange) -> object:
        exchange.read_body()
        exchange.send(whole)
        return KEPT if fields["Connection"] == "keep-alive" else None

    return play


def drip(head: bytes, piece: bytes, *, every_s: float) -> Play:
    """Return a handler that sends a head, and then an endless body in small pieces."""

    def play(exchange: Exchange) -> None:
        exchange.read_body()
        exchange.send(head)
        while not exchange.wait(every_s):
            exchange.send(piece)

    return play


class RawServer:
    """Uses one handler per request, and the last one for all further requests.

    Args:
        *plays: What to do with the first request, the second, and so on.
    """

    def __init__(self, *plays: Play) -> None:
        self.lines: list[str] = []
        """The first lines of all requests."""
        self.headers: list[Mapping[str, str]] = []
        """Their headers."""
        self.connections = 0
        """The number of connections."""
        self._plays = plays
        self._closing = threading.Event()
        self._listener = socket.create_server((_LOOPBACK, 0))
        self.url = f"http://{_LOOPBACK}:{self._listener.getsockname()[1]}"
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()

    def __enter__(self) -> Self:
        self._run(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with suppress(OSError):  # it was closed in the meantime, which is what was wanted
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(_TIMEOUT_S)

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # closed, which ends the server
            self.connections += 1
            self._open.add(connection)
            self._run(lambda connection=connection: self._serve(connection))  # type: ignore[misc]

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(_TIMEOUT_S)
        with connection:
            try:
                while exchange := self._read_head(connection):
                    play = self._plays[min(len(self.lines), len(self._plays)) - 1]
                    if play(exchange) != KEPT:
                        return
            except OSError:
                return  # the client had enough, which many tests are about
            finally:
                self._open.discard(connection)

    def _read_head(self, connection: socket.socket) -> Exchange | None:
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = connection.recv(_CHUNK_BYTES)
            if not chunk:
                return None
            data += chunk
        head, _, rest = data.partition(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        pairs = (field.split(": ", 1) for field in fields)
        headers = {name.lower(): value for name, value in pairs}
        self.lines.append(line)
        self.headers.append(headers)
        return Exchange(connection, line, headers, rest, self._closing)

    def _run(self, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, daemon=True)
        self._threads.append(thread)
        thread.start()
