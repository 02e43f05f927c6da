"""Routes about the service itself: health, counts, cleaning up, and its own pages."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, jsonify, request
from pydantic import BaseModel
from redis.exceptions import RedisError

from services.kit.http.metrics import CONTENT_TYPE_PLAIN_0_0_4, render
from services.kit.http.operations import Operations
from services.kit.jobs.job import now
from services.kit.service import VERSION


class Cleanup(BaseModel):
    """What to clean up."""

    deep: bool = False
    purge_celery_queue: bool = False


class ServiceRoutes:
    """The views of the service itself."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def install(self, app: Flask) -> None:
        """Add the routes to an application."""
        app.add_url_rule("/health", view_func=self.health)
        app.add_url_rule("/health/live", view_func=self.live)
        app.add_url_rule("/health/ready", view_func=self.ready)
        app.add_url_rule("/metrics", view_func=self.metrics)
        app.add_url_rule("/admin/stats", view_func=self.stats)
        app.add_url_rule("/admin/cleanup", view_func=self.clean_up, methods=["POST"])
        for name, page in self._operations.service.pages.items():
            app.add_url_rule(f"/{name}", name, _make_view(page))

    def health(self) -> Response:
        """Return how the service is; 503 only when it can answer nothing else either."""
        checks = self._check()
        status = "healthy" if all(checks.values()) else "degraded"
        facts = self._operations.service.facts()
        response = self._describe(status if checks["redis"] else "unhealthy", checks, facts)
        response.status_code = 200 if checks["redis"] else 503
        return response

    def live(self) -> Response:
        """Return that this process answers."""
        return self._describe("alive", {})

    def ready(self) -> Response:
        """Return whether jobs would be done: 200 or 503."""
        checks = self._check()
        is_ready = all(checks.values())
        response = self._describe("ready" if is_ready else "not ready", checks)
        response.status_code = 200 if is_ready else 503
        return response

    def metrics(self) -> Response:
        """Return figures in Prometheus' text format."""
        return Response(render(self._operations), content_type=CONTENT_TYPE_PLAIN_0_0_4)

    def stats(self) -> Response:
        """Return counts and disk use."""
        service = self._operations.service
        return jsonify(service=service.title, version=VERSION, **self._operations.describe())

    def clean_up(self) -> Response:
        """Remove what has expired, or with ``deep`` everything."""
        wish = Cleanup.model_validate(request.get_json(silent=True) or {})
        removed = self._operations.clean_up(deep=wish.deep, purge_queue=wish.purge_celery_queue)
        return jsonify(service=self._operations.service.title, **removed)

    def _check(self) -> dict[str, bool]:
        has_room = self._operations.has_room()
        try:
            has_worker = self._operations.heartbeat.is_fresh()
        except RedisError:
            return {"redis": False, "worker": False, "disk": has_room}
        return {"redis": True, "worker": has_worker, "disk": has_room}

    def _describe(
        self, status: str, checks: dict[str, bool], facts: Mapping[str, Any] | None = None
    ) -> Response:
        title = self._operations.service.title
        known = {"service": title, "version": VERSION, "timestamp": now(), "checks": checks}
        return jsonify(status=status, **known, **(facts or {}))


def _make_view(page: Any) -> Any:
    return lambda: jsonify(page())
