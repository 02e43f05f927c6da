"""One HTTP/1.1 connection to a service: a request out, an answer in, a body as it comes.

The parser is that of ``httptools`` (llhttp, in C): reading answers with the standard library took
several times the CPU, and answers are most of what a worker reads.
"""

import socket
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import SplitResult

from httptools import HttpParserError, HttpResponseParser

__all__ = ["Answer", "Request", "send"]

_HEAD_BYTES: Final = 4 * 1024  # what thousands of waiting polls keep ready
_BODY_BYTES: Final = 256 * 1024  # large enough that the work per read does not show
_FIRST_FINAL_STATUS: Final = 200
_MOST_HEADERS: Final = 100  # a service that sends more is no service of ours
_BREAKS: Final = frozenset("\r\n")


@dataclass(frozen=True)
class Request:
    """A call to a service."""

    method: str
    url: str
    """The whole address, http or https."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Iterable[bytes] | None = None
    """Sent in chunks where it is not bytes and the headers name no length."""


class Answer:
    """What a service answers; its body is read from the socket as it is asked for.

    Args:
        sock: Where it comes from.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.status = 0
        self.reason = ""
        self.is_whole = False
        """Whether the body has come to its end."""
        self._sock = sock
        self._headers: dict[str, str] = {}
        self._has_head = False
        self._is_kept = False
        self._is_spoiled = False
        self._pieces: deque[bytes] = deque()
        self._parser: Any = HttpResponseParser(self)

    def end(self) -> bool:
        """Read no more; returns whether another call may go over the connection."""
        self._parser = None  # the two know each other, and garbage collection costs
        return self._is_kept and not self._is_spoiled

    def header(self, name: str) -> str | None:
        """Return a header; its name in any letter case."""
        return self._headers.get(name.lower())

    def headers(self) -> Mapping[str, str]:
        """Return all headers, by their names in lower case."""
        return self._headers

    def read_head(self, *, limit_s: float) -> None:
        """Read until the headers are there, which must be so within ``limit_s`` seconds.

        The socket's own timeout is that of a single read: a head may come byte by byte.

        Raises:
            OSError: The connection broke, was too slow, or what came is not HTTP.
        """
        deadline = time.monotonic() + limit_s
        while not self._has_head:
            self._read_on(_HEAD_BYTES)
            if not self._has_head and time.monotonic() > deadline:
                raise TimeoutError

    def chunks(self) -> Iterator[bytes]:
        """Yield the body's bytes as they come.

        Raises:
            OSError: As for ``read_head``.
        """
        while True:
            while self._pieces:
                yield self._pieces.popleft()
            if self.is_whole:
                return
            self._read_on(_BODY_BYTES)

    def _read_on(self, most_bytes: int) -> None:
        data = self._sock.recv(most_bytes)
        if data:
            try:
                self._parser.feed_data(data)
            except HttpParserError as error:
                raise ConnectionError(f"what it answered is not HTTP: {error}") from error
        elif self._has_head and not self._is_framed:
            self.is_whole = self._is_spoiled = True  # the end of the connection is that of the body
        else:
            raise ConnectionError("it cut the connection")

    @property
    def _is_framed(self) -> bool:
        return "content-length" in self._headers or "transfer-encoding" in self._headers

    # --- called by the parser ---------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Note that an answer begins; after the end of one nobody has asked for another."""
        self._is_spoiled = self.is_whole

    def on_status(self, reason: bytes) -> None:
        """Take the words of the status line."""
        self.reason = reason.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header.

        Raises:
            ValueError: There are too many.
        """
        if len(self._headers) >= _MOST_HEADERS:
            raise ValueError("too many headers")
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1").strip()

    def on_headers_complete(self) -> None:
        """Note the status; a provisional answer (1xx) is passed over."""
        self.status = self._parser.get_status_code()
        self._has_head = self.status >= _FIRST_FINAL_STATUS

    def on_body(self, piece: bytes) -> None:
        """Take a piece of the body."""
        self._pieces.append(piece)

    def on_message_complete(self) -> None:
        """Note the end."""
        self.is_whole = self._has_head
        self._is_kept = self._parser.should_keep_alive()  # it knows only at this instant
        if not self._has_head:
            self._headers.clear()


def send(sock: socket.socket, request: Request, parts: SplitResult) -> None:
    """Send a request.

    Args:
        sock: Where to.
        request: What.
        parts: Its address, split.

    Raises:
        OSError: The connection broke, or was too slow.
        ValueError: A header would break out of its line.
    """
    body = request.body
    headers = {"Host": parts.netloc, "Accept-Encoding": "identity", **request.headers}
    is_chunked = not (body is None or isinstance(body, bytes) or "Content-Length" in headers)
    if is_chunked:
        headers["Transfer-Encoding"] = "chunked"
    elif isinstance(body, bytes):
        headers["Content-Length"] = str(len(body))
    if any(_BREAKS.intersection(value) for value in headers.values()):
        raise ValueError("A header has more than one line")
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    lines = [f"{request.method} {target} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    head = "\r\n".join((*lines, "\r\n")).encode("latin-1")
    if body is None or isinstance(body, bytes):
        sock.sendall(head + (body or b""))
        return
    sock.sendall(head)
    for piece in body:
        if is_chunked and piece:
            sock.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        elif piece:
            sock.sendall(piece)
    if is_chunked:
        sock.sendall(b"0\r\n\r\n")
