"""Routes about the service: health, metrics, statistics, cleanup and service-specific pages."""

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
    """The body of a cleanup request."""

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
        """Return the health of the service; 503 only while Redis is unavailable."""
        checks = self._check()
        status = "healthy" if all(checks.values()) else "degraded"
        details = self._operations.service.health_details()
        response = self._describe(status if checks["redis"] else "unhealthy", checks, details)
        response.status_code = 200 if checks["redis"] else 503
        return response

    def live(self) -> Response:
        """Liveness probe: succeeds while this process responds."""
        return self._describe("alive", {})

    def ready(self) -> Response:
        """Readiness probe: 200 while submitted jobs would run, else 503."""
        checks = self._check()
        is_ready = all(checks.values())
        response = self._describe("ready" if is_ready else "not ready", checks)
        response.status_code = 200 if is_ready else 503
        return response

    def metrics(self) -> Response:
        """Return metrics in the Prometheus text format."""
        return Response(render(self._operations), content_type=CONTENT_TYPE_PLAIN_0_0_4)

    def stats(self) -> Response:
        """Return job counts and disk usage."""
        service = self._operations.service
        return jsonify(service=service.title, version=VERSION, **self._operations.describe())

    def clean_up(self) -> Response:
        """Remove expired jobs, or with ``deep`` all jobs."""
        body = Cleanup.model_validate(request.get_json(silent=True) or {})
        removed = self._operations.clean_up(deep=body.deep, purge_queue=body.purge_celery_queue)
        return jsonify(service=self._operations.service.title, **removed)

    def _check(self) -> dict[str, bool]:
        has_disk = self._operations.has_free_disk()
        try:
            has_worker = self._operations.heartbeat.is_fresh()
        except RedisError:
            return {"redis": False, "worker": False, "disk": has_disk}
        return {"redis": True, "worker": has_worker, "disk": has_disk}

    def _describe(
        self, status: str, checks: dict[str, bool], details: Mapping[str, Any] | None = None
    ) -> Response:
        title = self._operations.service.title
        known = {"service": title, "version": VERSION, "timestamp": now(), "checks": checks}
        return jsonify(status=status, **known, **(details or {}))


def _make_view(page: Any) -> Any:
    return lambda: jsonify(page())
