"""``/metrics``, and what is counted of every request."""

import time

from flask import Blueprint, Flask, Response

from orchestrator.telemetry.metrics.catalogue import REQUEST_TIME, REQUESTS
from orchestrator.telemetry.metrics.exposition import CONTENT_TYPE_PLAIN_0_0_4
from web.documentation.responses import Answer, answers
from web.http.context import monitor, present

__all__ = ["blueprint", "register_metrics"]

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

blueprint = Blueprint("metrics", __name__)


def register_metrics(app: Flask) -> None:
    """Have every request counted and timed; before all other hooks."""
    app.before_request(_begin)
    app.after_request(_count)


@blueprint.get("/metrics")
@answers(Answer(media_types=("text/plain",), description="Figures in Prometheus' text format."))
def metrics() -> Response:
    """Show figures of the API and of all jobs, for Prometheus."""
    return Response(monitor().metrics_page(), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _begin() -> None:
    present().began_at = time.perf_counter()


def _count(response: Response) -> Response:
    """Count an answer by its route: addresses as such would be without number."""
    asked = present()
    method = asked.method if asked.method in _METHODS else "other"
    route = asked.url_rule.rule if asked.url_rule else "none"
    watched = monitor()
    watched.counts.add(REQUESTS, method, route, str(response.status_code))
    watched.counts.observe(REQUEST_TIME, time.perf_counter() - asked.began_at, method, route)
    watched.flusher.start()
    return response
