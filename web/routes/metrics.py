"""``/metrics`` and the request metrics."""

import time

from flask import Blueprint, Flask, Response

from orchestrator.telemetry.metrics.catalogue import REQUEST_TIME, REQUESTS
from orchestrator.telemetry.metrics.exposition import CONTENT_TYPE_PLAIN_0_0_4
from web.documentation.responses import ResponseSpec, document_responses
from web.http.context import current_request, monitor

__all__ = ["blueprint", "register_metrics"]

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

blueprint = Blueprint("metrics", __name__)


def register_metrics(app: Flask) -> None:
    """Count and time every request; call this before other hooks are registered."""
    app.before_request(_start_timer)
    app.after_request(_count_request)


@blueprint.get("/metrics")
@document_responses(
    ResponseSpec(media_types=("text/plain",), description="Metrics in the Prometheus text format.")
)
def metrics() -> Response:
    """Return the metrics of the API and of all jobs for Prometheus."""
    return Response(monitor().metrics_page(), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _start_timer() -> None:
    current_request().started_at = time.perf_counter()


def _count_request(response: Response) -> Response:
    """Count a response by its route; a label per path would be unbounded."""
    request = current_request()
    method = request.method if request.method in _METHODS else "other"
    route = request.url_rule.rule if request.url_rule else "none"
    watch = monitor()
    watch.counts.add(REQUESTS, method, route, str(response.status_code))
    watch.counts.observe(REQUEST_TIME, time.perf_counter() - request.started_at, method, route)
    watch.flusher.start()
    return response
