"""Routes of operators: figures, cleaning up, starting from nothing."""

from typing import Final

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_pydantic import validate

from orchestrator import __version__
from orchestrator.errors import ConfirmationRequiredError
from web.documentation.responses import Answer, answers
from web.http.context import app_settings, maintenance, monitor
from web.http.messages import say
from web.schemas.admin import (
    CleanupQuery,
    CleanupReport,
    OrchestratorFigures,
    QueueReport,
    RedisFigures,
    ResetReport,
    ResetRequest,
    ResetResult,
    SettingsInForce,
    Stats,
    Throughput,
    WorkerReport,
    WorkersReport,
)

__all__ = ["blueprint"]

_CONFIRMATION: Final = "factory-reset"
_BYTES_PER_MEGABYTE: Final = 1024 * 1024

blueprint = Blueprint("admin", __name__, url_prefix="/admin")


@blueprint.get("/stats")
@answers(Answer(Stats))
def stats() -> ResponseReturnValue:
    """Tell how much there is, and which settings are in force."""
    settings, figures = app_settings(), monitor().statistics()
    found = Stats(
        orchestrator=OrchestratorFigures(version=__version__, environment=settings.environment),
        redis=RedisFigures(
            total_jobs=figures.total_jobs,
            active_jobs=figures.active_jobs,
            completed_jobs=figures.completed_jobs,
            memory_usage=f"{figures.memory_bytes / _BYTES_PER_MEGABYTE:.1f}MB",
        ),
        settings=SettingsInForce(
            cache_ttl_hours=settings.cache_ttl_hours,
            job_timeout_minutes=settings.job_timeout_minutes,
            poll_interval=settings.poll_interval,
            max_poll_attempts=settings.max_poll_attempts,
        ),
    )
    return found.model_dump(mode="json")


@blueprint.get("/workers")
@answers(Answer(WorkersReport))
def workers() -> ResponseReturnValue:
    """Tell who works, what waits and how jobs have ended, whatever their number."""
    found = monitor().workload()
    last_hour = found.ended.last_hour
    report = WorkersReport(
        workers=[WorkerReport(**vars(worker)) for worker in found.workers],
        queues=[QueueReport(**vars(queue)) for queue in found.queues],
        broker_messages=found.broker_messages,
        throughput=Throughput(
            completed_last_hour=last_hour["completed"], failed_last_hour=last_hour["failed"]
        ),
        failures_by_code=found.ended.codes_last_day,
        breakers=found.breakers,
    )
    return report.model_dump(mode="json")


@blueprint.post("/cleanup")
@validate()
@answers(Answer(CleanupReport))
def cleanup(query: CleanupQuery) -> ResponseReturnValue:
    """Remove old jobs that have ended."""
    cleaned = maintenance().clean_up(max_age_hours=query.max_age_hours, deep=query.deep)
    report = CleanupReport(
        message=say("message.cleanup", "Cleanup done"),
        jobs_removed=cleaned.jobs_removed,
        logs_cleaned=cleaned.logs_cleaned,
    )
    return report.model_dump(mode="json")


@blueprint.post("/factory-reset")
@answers(Answer(ResetReport))
def factory_reset() -> ResponseReturnValue:
    """Cancel what runs and remove everything, here and at every service."""
    if app_settings().factory_reset_confirm:
        asked = request.get_json(silent=True)
        if asked != ResetRequest(confirm=_CONFIRMATION).model_dump():
            detail = f'The body must be {{"confirm": "{_CONFIRMATION}"}}'
            raise ConfirmationRequiredError(detail, pointer="#/confirm")
    cleaned = maintenance().factory_reset()
    report = ResetReport(
        message=say("message.factory_reset", "Factory reset done in all services"),
        orchestrator=ResetResult(
            jobs_removed=cleaned.jobs_removed, logs_cleaned=cleaned.logs_cleaned
        ),
        microservices=cleaned.microservices,
        warning=say("warning.factory_reset", "All data was removed from all services"),
    )
    return report.model_dump(mode="json")
