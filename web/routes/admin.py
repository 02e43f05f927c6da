"""Operator routes: statistics, workers, cleanup and factory reset."""

from typing import Final

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_pydantic import validate

from orchestrator import __version__
from orchestrator.errors import ConfirmationRequiredError
from web.documentation.responses import ResponseSpec, document_responses
from web.http.context import app_settings, maintenance, monitor
from web.http.messages import translate
from web.schemas.admin import (
    CleanupQuery,
    CleanupReport,
    OrchestratorInfo,
    QueueReport,
    RedisStats,
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
@document_responses(ResponseSpec(Stats))
def stats() -> ResponseReturnValue:
    """Return job counts, Redis memory and the main settings."""
    settings, statistics = app_settings(), monitor().statistics()
    report = Stats(
        orchestrator=OrchestratorInfo(version=__version__, environment=settings.environment),
        redis=RedisStats(
            total_jobs=statistics.total_jobs,
            active_jobs=statistics.active_jobs,
            completed_jobs=statistics.completed_jobs,
            memory_usage=f"{statistics.memory_bytes / _BYTES_PER_MEGABYTE:.1f}MB",
        ),
        settings=SettingsInForce(
            cache_ttl_hours=settings.cache_ttl_hours,
            job_timeout_minutes=settings.job_timeout_minutes,
            poll_interval=settings.poll_interval,
            max_poll_attempts=settings.max_poll_attempts,
        ),
    )
    return report.model_dump(mode="json")


@blueprint.get("/workers")
@document_responses(ResponseSpec(WorkersReport))
def workers() -> ResponseReturnValue:
    """Return the workers, the queues and the outcomes of recent jobs.

    The response time does not depend on the number of jobs.
    """
    workload = monitor().workload()
    last_hour = workload.ended.last_hour
    report = WorkersReport(
        workers=[WorkerReport(**vars(worker)) for worker in workload.workers],
        queues=[QueueReport(**vars(queue)) for queue in workload.queues],
        broker_messages=workload.broker_messages,
        throughput=Throughput(
            completed_last_hour=last_hour["completed"], failed_last_hour=last_hour["failed"]
        ),
        failures_by_code=workload.ended.codes_last_day,
        breakers=workload.breakers,
    )
    return report.model_dump(mode="json")


@blueprint.post("/cleanup")
@validate()
@document_responses(ResponseSpec(CleanupReport))
def cleanup(query: CleanupQuery) -> ResponseReturnValue:
    """Delete finished jobs older than `max_age_hours`.

    Running jobs are never deleted. With `deep=true` the log file is emptied as well.
    """
    cleaned = maintenance().clean_up(max_age_hours=query.max_age_hours, deep=query.deep)
    report = CleanupReport(
        message=translate("message.cleanup", "Cleanup completed"),
        jobs_removed=cleaned.jobs_removed,
        logs_cleaned=cleaned.logs_cleaned,
    )
    return report.model_dump(mode="json")


@blueprint.post("/factory-reset")
@document_responses(ResponseSpec(ResetReport))
def factory_reset() -> ResponseReturnValue:
    """Cancel all running jobs and delete all data of the orchestrator and the services.

    This cannot be undone. If `FACTORY_RESET_CONFIRM` is set, the body must be
    `{"confirm": "factory-reset"}`. Services that fail are reported in `microservices`.
    """
    if app_settings().factory_reset_confirm:
        body = request.get_json(silent=True)
        if body != ResetRequest(confirm=_CONFIRMATION).model_dump():
            detail = f'The body must be {{"confirm": "{_CONFIRMATION}"}}'
            raise ConfirmationRequiredError(detail, pointer="#/confirm")
    cleaned = maintenance().factory_reset()
    report = ResetReport(
        message=translate("message.factory_reset", "Factory reset completed in all services"),
        orchestrator=ResetResult(
            jobs_removed=cleaned.jobs_removed, logs_cleaned=cleaned.logs_cleaned
        ),
        microservices=cleaned.microservices,
        warning=translate("warning.factory_reset", "All data has been deleted from all services"),
    )
    return report.model_dump(mode="json")
