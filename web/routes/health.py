"""Routes of health."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Literal

from flask import Blueprint
from flask.typing import ResponseReturnValue

from orchestrator import __version__
from orchestrator.operating.health import Health
from web.documentation.responses import Answer, answers
from web.guards.access import warnings
from web.http.context import app_settings, health_checker
from web.http.errors import headers_of
from web.schemas.jobs import HealthReport, Probe

__all__ = ["blueprint"]

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
@answers(Answer(HealthReport), Answer(HealthReport, 503, description="Redis does not answer."))
def health() -> ResponseReturnValue:
    """Tell how the orchestrator and its services are."""
    found = health_checker().check()
    report = HealthReport(
        status=_sum_up(found),
        version=__version__,
        timestamp=datetime.now(UTC),
        microservices=found.microservices,
        instances=found.instances,
        breakers=found.breakers,
        warnings=warnings(app_settings()),
    )
    status = HTTPStatus.OK if found.is_store_up else HTTPStatus.SERVICE_UNAVAILABLE
    return report.model_dump(mode="json"), status, headers_of(status)


@blueprint.get("/health/live")
@answers(Answer(Probe))
def live() -> ResponseReturnValue:
    """Tell that this process answers."""
    return {"status": "healthy"}


@blueprint.get("/health/ready")
@answers(Answer(Probe), Answer(Probe, 503, description="Redis does not answer."))
def ready() -> ResponseReturnValue:
    """Tell whether jobs can be accepted: Redis answers."""
    if health_checker().check().is_store_up:
        return {"status": "healthy"}
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return {"status": "unhealthy"}, status, headers_of(status)


def _sum_up(found: Health) -> Literal["healthy", "degraded", "unhealthy"]:
    if not found.is_store_up:
        return "unhealthy"
    are_healthy = all(word == "healthy" for word in found.microservices.values())
    are_healthy = are_healthy and "open" not in found.breakers.values()
    return "healthy" if are_healthy else "degraded"
