"""A web server on loopback for the demo's clip, so that it has a URL like any video."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tools.ports import LOOPBACK


class _QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without logging requests."""

    def log_message(self, *_message: object) -> None:
        """Log nothing."""


@contextmanager
def serve_directory(directory: Path) -> Iterator[str]:
    """Serve a directory's files on a free port while the block runs.

    Yields:
        The server's URL, without a trailing slash.
    """
    handler = partial(_QuietHandler, directory=str(directory))
    with ThreadingHTTPServer((LOOPBACK, 0), handler) as server:
        thread = Thread(target=server.serve_forever, name="file-server")
        thread.start()
        try:
            yield f"http://{LOOPBACK}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
