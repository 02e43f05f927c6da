"""A web server for the videos of tests, which can also be slow."""

import threading
from collections.abc import Iterable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import repeat
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tools.ports import LOOPBACK

_DRIP_BYTES = 16 * 1024
_DRIP_INTERVAL_S = 0.1
_CLAIMED_BYTES = {"/drip.wav": 64 * 1024 * 1024, "/huge.wav": 1024**4}


class MediaServer:
    """Serves a folder; ``/drip.wav`` and ``/huge.wav`` come a few bytes at a time.

    ``/slow/NAME`` is a file of the folder that takes a few seconds.
    """

    def __init__(self, directory: Path) -> None:
        self._stopping = threading.Event()
        handler = partial(_Handler, stopping=self._stopping, directory=str(directory))
        self._server = ThreadingHTTPServer((LOOPBACK, 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def url(self) -> str:
        """The URL of the folder."""
        return f"http://{LOOPBACK}:{self._server.server_port}"

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


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *arguments: Any, stopping: threading.Event, **options: Any) -> None:
        self._stopping = stopping
        super().__init__(*arguments, **options)

    def do_GET(self) -> None:
        claimed_bytes = _CLAIMED_BYTES.get(self.path)
        if claimed_bytes is not None:
            self._drip(claimed_bytes, repeat(bytes(_DRIP_BYTES)))
        elif self.path.startswith("/slow/"):
            content = Path(self.directory, Path(self.path).name).read_bytes()
            starts = range(0, len(content), _DRIP_BYTES)
            self._drip(len(content), (content[n : n + _DRIP_BYTES] for n in starts))
        else:
            super().do_GET()

    def _drip(self, size_bytes: int, chunks: Iterable[bytes]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "audio/wav")
        self.send_header("Content-Length", str(size_bytes))
        self.end_headers()
        try:
            for chunk in chunks:
                if self._stopping.wait(_DRIP_INTERVAL_S):
                    break
                self.wfile.write(chunk)
        except ConnectionError:
            self.close_connection = True

    def log_message(self, *arguments: Any) -> None:
        """Log nothing."""
