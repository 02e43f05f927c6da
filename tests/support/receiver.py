"""A client's web server that records webhooks."""

import base64
import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tools.ports import LOOPBACK

__all__ = ["WEBHOOK_SECRET", "Notice", "Receiver"]

WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass(frozen=True)
class Notice:
    """One received request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """Its ``webhook-id``."""
        return self.headers["webhook-id"]

    @property
    def content(self) -> Any:
        """Its body, as JSON."""
        return json.loads(self.body)

    def is_signed_with(self, secret: str) -> bool:
        """Verify the signature according to the specification."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return f"v1,{expected}" in self.headers["webhook-signature"].split()


@dataclass
class Receiver:
    """Answers with the given statuses in turn, then always with the last one.

    Args:
        statuses: What it answers.
        location: Where its answers redirect to.
        tls: Its certificate, where it speaks https.
    """

    statuses: Sequence[int] = (204,)
    location: str = ""
    tls: ssl.SSLContext | None = None
    notices: list[Notice] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its URL."""
        return f"http{'s' if self.tls else ''}://{LOOPBACK}:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer((LOOPBACK, 0), self._handler())
        if self.tls:
            # The handshake is left to each connection's own thread: it may fail there.
            self._server.socket = self.tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                count = len(receiver.notices)
                receiver.notices.append(Notice(self.path, headers, body))
                self.send_response(receiver.statuses[min(count, len(receiver.statuses) - 1)])
                if receiver.location:
                    self.send_header("Location", receiver.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                """Log nothing."""

        return Handler
