"""A plain web server on loopback, which gives the demo's clip an address like any video's."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tools.ports import LOOPBACK


class _QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a line on the terminal for each."""

    def log_message(self, *_message: object) -> None:
        """Say nothing."""


@contextmanager
def serve_directory(directory: Path) -> Iterator[str]:
    """Serve a directory's files on a free port while the block runs.

    Yields:
        The server's address, without a slash at its end.
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
