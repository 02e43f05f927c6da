"""One page of figures for all worker processes of a machine, at a port that they share."""

import socketserver
import threading
from collections.abc import Iterable
from http import HTTPStatus
from secrets import compare_digest
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import StartResponse, WSGIEnvironment

from orchestrator.engine.resources import Resources
from orchestrator.errors import StoreError
from orchestrator.store.statistics import FigureStore, place_of
from orchestrator.store.workers import WorkerStore
from orchestrator.telemetry.log import LOGGER
from orchestrator.telemetry.metrics import Key
from orchestrator.telemetry.metrics import catalogue as names
from orchestrator.telemetry.metrics.catalogue import Place
from orchestrator.telemetry.metrics.exposition import CONTENT_TYPE_PLAIN_0_0_4, render

__all__ = ["MetricsPort"]

_PATIENCE_S = 10.0  # for a client that does not go on with its request


class MetricsPort:
    """Shows the figures of this machine's workers, unless another process of it does already.

    Every process adds what it counts to one sum in Redis, so it does not matter which of them has
    the port. When that one ends, the next sign of life of another takes it.

    Args:
        resources: The worker's settings and stores.
    """

    def __init__(self, resources: Resources) -> None:
        settings = resources.settings
        self._host = settings.host
        self._port = settings.worker_metrics_port
        self._token = settings.metrics_token
        self._worker = resources.turns.worker
        self._figures = FigureStore(resources.connection)
        self._workers = WorkerStore(resources.connection, ttl_s=settings.heartbeat_ttl_s)
        self._server: _Server | None = None
        self._was_taken = False

    def open(self) -> None:
        """Begin to serve where the port is wanted and free; to be asked again and again."""
        if not self._port or self._server:
            return
        try:
            self._server = _Server(self._host, self._port)
        except OSError as error:
            if not self._was_taken:
                LOGGER.info("Port %d is left to another process: %s", self._port, error)
            self._was_taken = True
            return
        self._server.set_app(self.answer)
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()
        LOGGER.info("Figures of this machine's workers are at port %d", self._port)

    def answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (WSGI)."""
        status, body = self._choose(environ)
        headers = [("Content-Type", CONTENT_TYPE_PLAIN_0_0_4), ("Content-Length", str(len(body)))]
        if status is HTTPStatus.UNAUTHORIZED:
            headers.append(("WWW-Authenticate", "Bearer"))
        start_response(f"{status} {status.phrase}", headers)
        return [body]

    def _choose(self, environ: WSGIEnvironment) -> tuple[HTTPStatus, bytes]:
        if environ["PATH_INFO"] != "/metrics":
            return HTTPStatus.NOT_FOUND, b"The figures are at /metrics\n"
        if not self._is_allowed(environ.get("HTTP_AUTHORIZATION", "")):
            return HTTPStatus.UNAUTHORIZED, b"METRICS_TOKEN is needed as Authorization: Bearer\n"
        try:
            return HTTPStatus.OK, self._page()
        except StoreError as error:
            return HTTPStatus.SERVICE_UNAVAILABLE, f"{error}\n".encode()

    def _is_allowed(self, authorization: str) -> bool:
        if self._token is None:
            return True
        expected = f"Bearer {self._token.get_secret_value()}"
        return compare_digest(authorization.encode(), expected.encode())

    def _page(self) -> bytes:
        place = place_of(self._worker)
        alive = [facts for name, facts in self._workers.alive().items() if place_of(name) == place]
        gauges: dict[Key, float] = {
            (names.WORKER_PROCESSES.name,): len(alive),
            (names.TURNS_ACTIVE.name,): sum(facts["active"] for facts in alive),
            (names.TURNS_CAPACITY.name,): sum(facts["concurrency"] for facts in alive),
        }
        return render({**self._figures.read(place), **gauges}, Place.WORKER)


class _Handler(WSGIRequestHandler):
    timeout = _PATIENCE_S

    def log_message(self, *_: Any) -> None:
        """Say nothing: a line for every scrape helps nobody."""


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def __init__(self, host: str, port: int) -> None:
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Take the port, without asking the DNS for this machine's name as the base class does."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()
