"""A web server whose responses a test defines byte by byte.

It speaks HTTP/1.1 by hand, since a library would not send the responses of nonstandard servers:
truncated bodies, wrong lengths, unrequested ranges, reset connections.
"""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tools.ports import LOOPBACK

_BLOCK_BYTES = 64 * 1024


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    count: int
    """The number of this request for the path, starting with 1."""
    headers: Mapping[str, str]

    @property
    def first(self) -> int | None:
        """The first byte of the requested range; ``None`` without a range."""
        text = self.headers.get("Range")
        return int(text.removeprefix("bytes=").split("-")[0]) if text else None

    @property
    def last(self) -> int | None:
        """The last byte of the requested range; ``None`` if it is open."""
        text = (self.headers.get("Range") or "-").split("-")[1]
        return int(text) if text else None


@dataclass(frozen=True)
class Answer:
    """A response: the status line, exactly these headers, then the body."""

    body: bytes | Iterable[bytes] = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    is_reset: bool = False
    """Whether the connection is then reset instead of closed."""
    wait_s: float = 0.0
    """Delay before the response, in seconds."""


Answering = Callable[[Asked], Answer]


def whole(body: bytes, media_type: str = "audio/wav", **headers: str) -> Answer:
    """Return a correct response."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(
        body, headers={"Content-Type": media_type, "Content-Length": str(len(body)), **named}
    )


def ranged(body: bytes, asked: Asked, *, most: int | None = None, **headers: str) -> Answer:
    """Return a correct response to a range request, with at most ``most`` bytes."""
    if asked.first is None:
        return whole(body, Accept_Ranges="bytes", **headers)
    last = len(body) - 1 if asked.last is None else asked.last
    end = min(last + 1, len(body), asked.first + (most or len(body)))
    part = whole(body[asked.first : end], **headers)
    content_range = {"Content-Range": f"bytes {asked.first}-{end - 1}/{len(body)}"}
    return Answer(part.body, 206, {**part.headers, **content_range})


def chunks(body: bytes, size: int = 8192, *, is_ended: bool = True) -> bytes:
    """Return a body in chunked transfer coding."""
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    coded = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    return coded + (b"0\r\n\r\n" if is_ended else b"")


class OddServer:
    """Answers the configured paths; 404 for all others."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer | Answering] = {}
        self.asked: list[Asked] = []
        self.sent_bytes = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._server = ThreadingHTTPServer((LOOPBACK, 0), self._make_handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """The server's URL."""
        return f"http://{LOOPBACK}:{self._server.server_port}"

    @property
    def netloc(self) -> str:
        """Its host and port."""
        return f"{LOOPBACK}:{self._server.server_port}"

    def count(self, path: str) -> int:
        """Return the number of requests for a path."""
        return sum(asked.path == path for asked in self.asked)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server._answer(self)

            def log_message(self, *arguments: Any) -> None:
                """Log nothing."""

        return Handler

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        with self._lock:
            asked = Asked(request.path, self.count(request.path) + 1, dict(request.headers))
            self.asked.append(asked)
        known = self.answers.get(request.path, Answer(status=404, headers={"Content-Length": "0"}))
        answer = known if isinstance(known, Answer) else known(asked)
        self._stopping.wait(answer.wait_s)
        lines = [f"HTTP/1.1 {answer.status} Odd", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        request.close_connection = True
        with suppress(ConnectionError):
            request.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
            self._send(request, answer)

    def _send(self, request: BaseHTTPRequestHandler, answer: Answer) -> None:
        blocks = [answer.body] if isinstance(answer.body, bytes) else answer.body
        for block in blocks:
            if self._stopping.is_set():
                break
            request.wfile.write(block)
            self.sent_bytes += len(block)
        request.wfile.flush()
        if answer.is_reset:
            time.sleep(0.05)  # what was sent arrives first
            linger = struct.pack("ii", 1, 0)
            request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            request.connection.close()
