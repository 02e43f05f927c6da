"""``/metrics``, and what is counted of every request."""

import time

from flask import Blueprint, Flask, Response, g, request

from orchestrator.metrics.catalogue import REQUEST_TIME, REQUESTS
from orchestrator.metrics.exposition import CONTENT_TYPE_PLAIN_0_0_4
from web.context import monitoring
from web.documented import Answer, answers

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
    return Response(monitoring().page(), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _begin() -> None:
    g.began = time.perf_counter()


def _count(response: Response) -> Response:
    """Count an answer by its route: addresses as such would be without number."""
    method = request.method if request.method in _METHODS else "other"
    route = request.url_rule.rule if request.url_rule else "none"
    watch = monitoring()
    watch.counts.add(REQUESTS, method, route, str(response.status_code))
    if "began" in g:  # not where gunicorn could not read the request
        watch.counts.observe(REQUEST_TIME, time.perf_counter() - g.began, method, route)
    watch.bookkeeper.keep_carrying()
    return response
