"""HTTP helpers of the fake on top of gevent's WSGI server."""

import errno
import json
import os
import socket
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, BinaryIO

from gevent.pywsgi import WSGIHandler

_DROP = "fake.drop"


class ConnectionDroppedError(Exception):
    """Reset the connection now."""


@dataclass(frozen=True)
class Request:
    """A WSGI request."""

    environ: Mapping[str, Any]

    @property
    def method(self) -> str:
        """GET, POST or DELETE."""
        return str(self.environ["REQUEST_METHOD"])

    @property
    def segments(self) -> list[str]:
        """The components of the path."""
        return [part for part in str(self.environ["PATH_INFO"]).split("/") if part]

    @property
    def body(self) -> BinaryIO:
        """The body, as a stream."""
        stream: BinaryIO = self.environ["wsgi.input"]
        return stream

    @property
    def content_type(self) -> str:
        """The body's media type with its parameters."""
        return str(self.environ.get("CONTENT_TYPE", ""))

    def header(self, name: str) -> str | None:
        """Return a header's value, or None."""
        value = self.environ.get(f"HTTP_{name.upper().replace('-', '_')}")
        return None if value is None else str(value)

    def json(self) -> Any:
        """Return the parsed body, or an empty object.

        Raises:
            ValueError: The body is not JSON.
        """
        return json.loads(self.body.read() or b"{}")

    def drop_connection(self) -> None:
        """Reset the connection at once."""
        self.environ[_DROP]()


@dataclass(frozen=True)
class Response:
    """A response with a Content-Length."""

    status: HTTPStatus
    body: Iterable[bytes]
    length_bytes: int
    headers: Mapping[str, str] = field(default_factory=dict)

    def status_line(self) -> str:
        """Return the status for WSGI."""
        return f"{self.status.value} {self.status.phrase}"

    def wsgi_headers(self) -> list[tuple[str, str]]:
        """Return the headers for WSGI."""
        if self.status is HTTPStatus.NOT_MODIFIED:
            return list(self.headers.items())
        return [*self.headers.items(), ("Content-Length", str(self.length_bytes))]

    def truncated(self) -> "Response":
        """Return this response with half of its bytes and an orderly close."""
        headers = {**self.headers, "Connection": "close"}
        return replace(self, body=_first(self.body, self.length_bytes // 2), headers=headers)

    def corrupted(self) -> "Response":
        """Return this response with its first byte inverted."""
        return replace(self, body=_flipped(self.body))


def json_response(
    payload: Any, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with an object."""
    body = json.dumps(payload).encode()
    return Response(
        status, [body], len(body), {"Content-Type": "application/json", **(headers or {})}
    )


def problem(
    status: HTTPStatus, code: str, detail: str = "", *, retry_after_s: int | None = None
) -> Response:
    """Answer with a problem of RFC 9457.

    Args:
        status: Also decides ``retryable``: a server's error and 429 are.
        code: One of the contract's stable codes.
        detail: One sentence for a person.
        retry_after_s: Seconds for the header of that name, where there shall be one.
    """
    is_retryable = (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS
    )
    payload = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "code": code,
        "detail": detail,
        "retryable": is_retryable,
    }
    headers = {"Content-Type": "application/problem+json"}
    if retry_after_s is not None:
        headers["Retry-After"] = str(retry_after_s)
    return json_response(payload, status, headers)


class QuietHandler(WSGIHandler):
    """Keeps no access log, and lets the application reset its connection."""

    def get_environ(self) -> dict[str, Any]:
        """Add the means to reset the connection."""
        environ: dict[str, Any] = super().get_environ()
        environ[_DROP] = self._drop
        return environ

    def log_request(self) -> None:
        """Log nothing, to save time with thousands of polls per second."""

    def _drop(self) -> None:
        # Closed with a linger time of zero, a connection ends in a reset instead of an orderly
        # end. Detached, because the request's own file object would keep the socket open.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.socket.detach())
        raise ConnectionResetError(errno.ECONNRESET, "dropped on purpose")


def _first(body: Iterable[bytes], count: int) -> Iterable[bytes]:
    for chunk in body:
        yield chunk[:count]
        count -= len(chunk)
        if count <= 0:
            return


def _flipped(body: Iterable[bytes]) -> Iterable[bytes]:
    is_first = True
    for chunk in body:
        yield bytes([chunk[0] ^ 0xFF]) + chunk[1:] if is_first else chunk
        is_first = False
