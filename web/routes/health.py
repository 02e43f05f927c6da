"""Health routes and probes."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Literal

from flask import Blueprint
from flask.typing import ResponseReturnValue

from orchestrator import __version__
from orchestrator.operating.health import Health
from web.documentation.responses import ResponseSpec, document_responses
from web.guards.access import security_warnings
from web.http.context import app_settings, health_checker
from web.http.errors import status_headers
from web.schemas.jobs import HealthReport, Probe

__all__ = ["blueprint"]

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
@document_responses(
    ResponseSpec(HealthReport), ResponseSpec(HealthReport, 503, description="Redis is unreachable.")
)
def health() -> ResponseReturnValue:
    """Return the health of the orchestrator and its services.

    `status` is `degraded` if a service is unhealthy or its circuit breaker is open, and
    `unhealthy` with status 503 if Redis is unreachable.
    """
    found = health_checker().check()
    report = HealthReport(
        status=_overall_status(found),
        version=__version__,
        timestamp=datetime.now(UTC),
        microservices=found.microservices,
        instances=found.instances,
        breakers=found.breakers,
        warnings=security_warnings(app_settings()),
    )
    status = HTTPStatus.OK if found.is_store_up else HTTPStatus.SERVICE_UNAVAILABLE
    return report.model_dump(mode="json"), status, status_headers(status)


@blueprint.get("/health/live")
@document_responses(ResponseSpec(Probe))
def live() -> ResponseReturnValue:
    """Liveness probe: succeeds while the process responds."""
    return {"status": "healthy"}


@blueprint.get("/health/ready")
@document_responses(
    ResponseSpec(Probe), ResponseSpec(Probe, 503, description="Redis is unreachable.")
)
def ready() -> ResponseReturnValue:
    """Readiness probe: succeeds while Redis is reachable."""
    if health_checker().check().is_store_up:
        return {"status": "healthy"}
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return {"status": "unhealthy"}, status, status_headers(status)


def _overall_status(found: Health) -> Literal["healthy", "degraded", "unhealthy"]:
    if not found.is_store_up:
        return "unhealthy"
    are_healthy = all(status == "healthy" for status in found.microservices.values())
    are_healthy = are_healthy and "open" not in found.breakers.values()
    return "healthy" if are_healthy else "degraded"
