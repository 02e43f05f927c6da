"""A loopback web server for a folder that imitates nonstandard servers.

``/as/BEHAVIOUR/FILE?ARGUMENT`` serves ``FILE`` with one of the behaviours of ``Behaviour``; any
other path is served normally. Requests are counted by path.
"""

import base64
import gzip
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from tools.ports import LOOPBACK

LOGIN = "user:secret-of-the-login"
_MOST_ENDLESS_BYTES = 600 * 2**20
_LONGEST_HANG_S = 90.0
_PIECE_BYTES = 16 * 1024
_SCRIPTS = (".php", ".aspx", ".cgi", ".ashx")
_TYPES = {
    ".m3u": "audio/x-mpegurl",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".ts": "video/mp2t",
    ".m4s": "video/iso.segment",
    ".vtt": "text/vtt",
    ".opus": "audio/ogg",
    ".mka": "audio/x-matroska",
    ".mkv": "video/x-matroska",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".caf": "audio/x-caf",
    ".amr": "audio/amr",
}


class OddServer:
    """A server that runs for the duration of the block.

    Args:
        folder: The folder to serve.
    """

    def __init__(self, folder: Path) -> None:
        self.requests: Counter[str] = Counter()
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        handler = _make_handler(self, folder)
        self._server = _Server((LOOPBACK, 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="odd-server")

    @property
    def url(self) -> str:
        """The URL of the folder, without a trailing slash."""
        return f"http://{LOOPBACK}:{self._server.server_port}"

    def count(self, path: str) -> int:
        """Count a GET request and return its number for the path, starting with 1."""
        with self._lock:
            self.requests[path] += 1
            return self.requests[path]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_request: object) -> None:
        """Log nothing: disconnecting clients are expected."""


def _make_handler(owner: OddServer, folder: Path) -> Callable[..., "_Handler"]:
    def make(*arguments: Any, **options: Any) -> _Handler:
        return _Handler(owner, *arguments, directory=str(folder), **options)

    return make


class _Handler(SimpleHTTPRequestHandler):
    """Handles the requests of one connection."""

    protocol_version = "HTTP/1.1"

    def __init__(self, owner: OddServer, *arguments: Any, **options: Any) -> None:
        self._owner = owner
        super().__init__(*arguments, **options)

    def do_GET(self) -> None:
        """Answer normally, or with the behaviour in the path."""
        parts = urlsplit(self.path)
        path, self._argument = unquote(parts.path), unquote(parts.query)
        self._number = self._owner.count(path) if self.command == "GET" else 0
        if not path.startswith("/as/"):
            super().do_GET()
            return
        _, _, name, file = path.split("/", 3)
        self._type = self.guess_type(file)
        if file.endswith(_SCRIPTS):
            file = str(Path(file).with_suffix(".mp3"))
            self._type = "audio/mpeg"
        source = Path(self.directory, file)
        self._data = source.read_bytes() if source.is_file() else b""
        with suppress(ConnectionError, TimeoutError):
            getattr(self, f"answer_{name}")()

    def do_HEAD(self) -> None:
        """Answer without a body."""
        self.do_GET()

    def guess_type(self, path: Any) -> str:
        """Return the content type for the suffix."""
        return _TYPES.get(Path(str(path)).suffix) or super().guess_type(path)

    def log_message(self, *_message: object) -> None:
        """Log nothing."""

    # The behaviours.

    def answer_plain(self) -> None:
        """All of it; no ranges."""
        self._send(self._data)

    def answer_untyped(self) -> None:
        """No Content-Type at all."""
        self._type = ""
        self._send(self._data)

    def answer_binary(self) -> None:
        """Content-Type: application/octet-stream."""
        self._type = "application/octet-stream"
        self._send(self._data)

    def answer_once(self) -> None:
        """A single-use link."""
        if self._number > 1:
            self._refuse(HTTPStatus.GONE)
        else:
            self._send(self._data)

    def answer_nohead(self) -> None:
        """HEAD is not allowed."""
        if self.command == "HEAD":
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED)
        else:
            self._send(self._data)

    def answer_login(self) -> None:
        """HTTP Basic authentication."""
        expected = f"Basic {base64.b64encode(LOGIN.encode()).decode()}"
        if self.headers.get("Authorization") == expected:
            self._send(self._data)
        else:
            challenge = {"WWW-Authenticate": 'Basic realm="media"'}
            self._send(b"login", status=HTTPStatus.UNAUTHORIZED, headers=challenge)

    def answer_flaky(self) -> None:
        """503 for the first two requests."""
        if 0 < self._number <= 2:  # noqa: PLR2004 - as the docstring says
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            self._send(self._data)

    def answer_status(self) -> None:
        """Always this status."""
        self._refuse(HTTPStatus(int(self._argument)))

    def answer_nocontent(self) -> None:
        """204."""
        self.send_response(HTTPStatus.NO_CONTENT)
        self.end_headers()

    def answer_empty(self) -> None:
        """200 with an empty body."""
        self._send(b"")

    def answer_redirect(self) -> None:
        """A redirect to the argument, or to the plain file."""
        self._send(b"", status=HTTPStatus.FOUND, headers={"Location": self._argument})

    def answer_loop(self) -> None:
        """A redirect to itself."""
        self._send(b"", status=HTTPStatus.FOUND, headers={"Location": self.path})

    def answer_nolength(self) -> None:
        """The end of the connection is the end of the body."""
        self._send(self._data, has_length=False)

    def answer_nolengthcut(self) -> None:
        """The same with half of the body, which clients cannot detect."""
        self._send(self._data[: len(self._data) // 2], has_length=False)

    def answer_chunked(self) -> None:
        """Chunked transfer encoding."""
        self._send_chunks(self._data, is_whole=True)

    def answer_chunkedcut(self) -> None:
        """Chunked, and closed in the middle without the last chunk."""
        self._send_chunks(self._data[: len(self._data) // 2], is_whole=False)

    def answer_cut(self) -> None:
        """Half of Content-Length, and no ranges."""
        self._send(self._data[: len(self._data) // 2], length=len(self._data))

    def answer_cutonce(self) -> None:
        """The same, but complete from the third request on."""
        half = 0 < self._number <= 2  # noqa: PLR2004 - probe and download
        body = self._data[: len(self._data) // 2] if half else self._data
        self._send(body, length=len(self._data))

    def answer_longer(self) -> None:
        """More bytes than Content-Length."""
        self._send(self._data, length=len(self._data) // 2)

    def answer_reset(self) -> None:
        """A reset in the middle, every time."""
        self._send_reset(len(self._data) // 2)

    def answer_resetonce(self) -> None:
        """A reset in the middle of the first two requests."""
        if 0 < self._number <= 2:  # noqa: PLR2004 - probe and download
            self._send_reset(len(self._data) // 2)
        else:
            self._send(self._data)

    def answer_resetrange(self) -> None:
        """A reset every 40,000 bytes, with support for ranges."""
        start = _range_start(self.headers.get("Range"))
        self._data = self._data[start:]
        headers = {"Accept-Ranges": "bytes"}
        if start:
            whole = start + len(self._data)
            headers["Content-Range"] = f"bytes {start}-{whole - 1}/{whole}"
        status = HTTPStatus.PARTIAL_CONTENT if start else HTTPStatus.OK
        self._send_reset(40_000, status=status, headers=headers)

    def answer_whole206(self) -> None:
        """206 with all of it."""
        size = len(self._data)
        headers = {"Content-Range": f"bytes 0-{size - 1}/{size}"}
        self._send(self._data, status=HTTPStatus.PARTIAL_CONTENT, headers=headers)

    def answer_half206(self) -> None:
        """206 with the first half, for every range."""
        size, half = len(self._data), len(self._data) // 2
        headers = {"Content-Range": f"bytes 0-{half - 1}/{size}"}
        self._send(self._data[:half], status=HTTPStatus.PARTIAL_CONTENT, headers=headers)

    def answer_lie206(self) -> None:
        """206 with half of the bytes that Content-Range announces."""
        size = len(self._data)
        headers = {"Content-Range": f"bytes 0-{size - 1}/{size}"}
        body = self._data[: size // 2]
        self._send(body, status=HTTPStatus.PARTIAL_CONTENT, headers=headers)

    def answer_gzip(self) -> None:
        """Content-Encoding: gzip, even without Accept-Encoding."""
        self._send(gzip.compress(self._data), headers={"Content-Encoding": "gzip"})

    def answer_gzipcut(self) -> None:
        """A truncated gzip stream."""
        packed = gzip.compress(self._data)
        self._send(packed[: len(packed) // 2], headers={"Content-Encoding": "gzip"})

    def answer_slow(self) -> None:
        """A number of bytes per second."""
        rate = int(self._argument or 20_000)
        self._start(HTTPStatus.OK, {"Content-Length": str(len(self._data))})
        for start in range(0, len(self._data), rate):
            self.wfile.write(self._data[start : start + rate])
            if self._owner.stopping.wait(1.0):
                break

    def answer_endless(self) -> None:
        """The file repeated forever, with pauses of the argument's seconds."""
        self._start(HTTPStatus.OK, {"Connection": "close"})
        self.close_connection = True
        sent = 0
        while sent < _MOST_ENDLESS_BYTES and not self._owner.stopping.wait(
            float(self._argument or 0.02)
        ):
            self.wfile.write(self._data)
            sent += len(self._data)

    def answer_hang(self) -> None:
        """No answer at all."""
        self._owner.stopping.wait(_LONGEST_HANG_S)
        self.close_connection = True

    def answer_stall(self) -> None:
        """Half of the body, then an idle connection."""
        self._start(HTTPStatus.OK, {"Content-Length": str(len(self._data))})
        self.wfile.write(self._data[: len(self._data) // 2])
        self.wfile.flush()
        self._owner.stopping.wait(_LONGEST_HANG_S)
        self.close_connection = True

    def answer_html(self) -> None:
        """A login page."""
        self._type = "text/html"
        self._send(b"<html><title>Login</title><body>Please log in.</body></html>")

    def answer_htmlaudio(self) -> None:
        """A login page that claims to be audio."""
        self._send(b"<html><title>Login</title><body>Please log in.</body></html>")

    def answer_disposition(self) -> None:
        """The name in Content-Disposition, as application/octet-stream."""
        self._type = "application/octet-stream"
        headers = {"Content-Disposition": f'attachment; filename="{self._argument}"'}
        self._send(self._data, headers=headers)

    # Sending.

    def _send(
        self,
        body: bytes,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        headers: dict[str, str] | None = None,
        length: int | None = None,
        has_length: bool = True,
    ) -> None:
        claimed = len(body) if length is None else length
        size = {"Content-Length": str(claimed)} if has_length else {"Connection": "close"}
        if not has_length or claimed != len(body):
            self.close_connection = True
        self._start(status, size | (headers or {}))
        if self.command != "HEAD":
            self.wfile.write(body)

    def _refuse(self, status: HTTPStatus) -> None:
        self._type = "text/plain"
        self._send(status.phrase.encode(), status=status)

    def _start(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.send_response(status)
        if self._type:
            self.send_header("Content-Type", self._type)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send_chunks(self, body: bytes, *, is_whole: bool) -> None:
        self._start(HTTPStatus.OK, {"Transfer-Encoding": "chunked"})
        for piece in _pieces(body):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        if is_whole:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True

    def _send_reset(
        self,
        count: int,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        headers: dict[str, str] | None = None,
    ) -> None:
        self._start(status, {"Content-Length": str(len(self._data))} | (headers or {}))
        self.wfile.write(self._data[:count])
        self.wfile.flush()
        self.close_connection = True
        if count < len(self._data):
            # Closing with unsent data and no linger makes the kernel send a reset.
            self._owner.stopping.wait(0.05)
            off = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, off)
            self.connection.close()


def _pieces(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), _PIECE_BYTES):
        yield body[start : start + _PIECE_BYTES]


def _range_start(header: str | None) -> int:
    return int(header.removeprefix("bytes=").split("-")[0]) if header else 0
