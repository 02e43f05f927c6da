"""The metrics page of all worker processes on a host, on a port that they share."""

import socketserver
import threading
from collections.abc import Iterable
from http import HTTPStatus
from secrets import compare_digest
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import StartResponse, WSGIEnvironment

from orchestrator.errors import StoreError
from orchestrator.settings import Settings
from orchestrator.store.statistics import StatisticsStore, scope_of
from orchestrator.store.workers import WorkerStore
from orchestrator.telemetry.log import LOGGER
from orchestrator.telemetry.metrics import Key
from orchestrator.telemetry.metrics import catalogue as names
from orchestrator.telemetry.metrics.catalogue import Exporter
from orchestrator.telemetry.metrics.exposition import CONTENT_TYPE_PLAIN_0_0_4, render

__all__ = ["MetricsServer"]

_READ_TIMEOUT_S = 10.0


class MetricsServer:
    """Serves the metrics of this host's workers, unless another process already does.

    The processes add their counts in Redis, so any of them can serve all. When the one that has
    the port exits, another takes it over at its next heartbeat.

    Args:
        settings: `HOST`, `WORKER_METRICS_PORT` and `METRICS_TOKEN`.
        worker: The name of this worker process.
        statistics: The counts.
        workers: The heartbeats.
    """

    def __init__(
        self, settings: Settings, worker: str, statistics: StatisticsStore, workers: WorkerStore
    ) -> None:
        self._host = settings.host
        self._port = settings.worker_metrics_port
        self._token = settings.metrics_token
        self._worker = worker
        self._statistics = statistics
        self._workers = workers
        self._server: _Server | None = None
        self._was_in_use = False

    def start(self) -> None:
        """Start to serve if the port is set and free; call this at every heartbeat."""
        if not self._port or self._server:
            return
        try:
            self._server = _Server(self._host, self._port)
        except OSError as error:
            if not self._was_in_use:
                LOGGER.info(
                    "Metrics port is in use; not serving metrics: port=%d: %s", self._port, error
                )
            self._was_in_use = True
            return
        self._server.set_app(self.respond)
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()
        LOGGER.info("Serving the metrics of this host's workers: port=%d", self._port)

    def respond(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond to a request (WSGI)."""
        status, body = self._make_response(environ)
        headers = [("Content-Type", CONTENT_TYPE_PLAIN_0_0_4), ("Content-Length", str(len(body)))]
        if status is HTTPStatus.UNAUTHORIZED:
            headers.append(("WWW-Authenticate", "Bearer"))
        start_response(f"{status} {status.phrase}", headers)
        return [body]

    def _make_response(self, environ: WSGIEnvironment) -> tuple[HTTPStatus, bytes]:
        if environ["PATH_INFO"] != "/metrics":
            return HTTPStatus.NOT_FOUND, b"The metrics are at /metrics\n"
        if not self._is_allowed(environ.get("HTTP_AUTHORIZATION", "")):
            return HTTPStatus.UNAUTHORIZED, b"Send METRICS_TOKEN as Authorization: Bearer\n"
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
        scope = scope_of(self._worker)
        alive = [facts for name, facts in self._workers.alive().items() if scope_of(name) == scope]
        gauges: dict[Key, float] = {
            (names.WORKER_PROCESSES.name,): len(alive),
            (names.TURNS_ACTIVE.name,): sum(facts["active"] for facts in alive),
            (names.TURNS_CAPACITY.name,): sum(facts["concurrency"] for facts in alive),
        }
        return render({**self._statistics.read(scope), **gauges}, Exporter.WORKER)


class _Handler(WSGIRequestHandler):
    timeout = _READ_TIMEOUT_S

    def log_message(self, *_: Any) -> None:
        """Log nothing: scrapes are frequent and regular."""


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def __init__(self, host: str, port: int) -> None:
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Bind the port, without the DNS lookup of the base class."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()
