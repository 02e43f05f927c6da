"""Schemas of the operator routes."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from web.schemas.jobs import Moment

__all__ = [
    "CleanupQuery",
    "CleanupReport",
    "OrchestratorInfo",
    "QueueReport",
    "RedisStats",
    "ResetReport",
    "ResetRequest",
    "ResetResult",
    "SettingsInForce",
    "Stats",
    "Throughput",
    "WorkerReport",
    "WorkersReport",
]


def _drop_zero_fraction(value: float) -> float:
    return int(value) if value.is_integer() else value


# Written as 24 instead of 24.0, which clients with an integer field reject.
Number = Annotated[float, PlainSerializer(_drop_zero_fraction, return_type=int | float)]


class OrchestratorInfo(BaseModel):
    """The version and environment of the orchestrator."""

    version: str
    environment: str


class RedisStats(BaseModel):
    """Job counts and Redis memory."""

    total_jobs: int
    active_jobs: int
    completed_jobs: int
    memory_usage: str = Field(description="Memory that Redis uses, for example `12.5MB`.")


class SettingsInForce(BaseModel):
    """Settings that affect clients."""

    cache_ttl_hours: Number
    job_timeout_minutes: Number
    poll_interval: Number
    max_poll_attempts: int


class Stats(BaseModel):
    """Response of ``GET /admin/stats``."""

    orchestrator: OrchestratorInfo
    redis: RedisStats
    settings: SettingsInForce


class WorkerReport(BaseModel):
    """A worker process, as of its last heartbeat."""

    worker: str = Field(description="Host name, process id and a random suffix.")
    concurrency: int = Field(
        description="Maximum number of concurrent turns (executions of a stage)."
    )
    active_turns: int = Field(description="Turns that are running.")
    turns_processed: int = Field(description="Turns completed since the process started.")
    heartbeat_age_s: float = Field(description="Seconds since the last heartbeat.")
    started_at: Moment


class QueueReport(BaseModel):
    """Jobs that wait for a worker, by stage."""

    stage: str
    waiting: int = Field(description="Number of waiting jobs.")
    oldest_wait_s: float | None = Field(
        description="Seconds that the oldest job has waited; `null` if none waits."
    )


class Throughput(BaseModel):
    """Jobs that ended in the last hour, in steps of five minutes."""

    completed_last_hour: int
    failed_last_hour: int


class WorkersReport(BaseModel):
    """Response of ``GET /admin/workers``."""

    workers: list[WorkerReport]
    queues: list[QueueReport]
    broker_messages: Mapping[str, int] = Field(
        description="Messages in the Celery broker, by queue."
    )
    throughput: Throughput
    failures_by_code: Mapping[str, int] = Field(
        description="Failed jobs of the last 24 hours by `error_code`. After the first fifty "
        "codes, the others are counted as `other`."
    )
    breakers: Mapping[str, Literal["closed", "open", "half-open"]] = Field(
        description="State of each service's circuit breaker. An `open` breaker stops all calls to "
        "the service; a `half-open` one allows a single trial call."
    )


class CleanupQuery(BaseModel):
    """Query of ``POST /admin/cleanup``."""

    model_config = ConfigDict(frozen=True)

    max_age_hours: float = Field(
        24, ge=0, allow_inf_nan=False, description="Minimum age in hours of the jobs to delete."
    )
    deep: bool = Field(default=False, description="Empty the log file as well.")


class CleanupReport(BaseModel):
    """Response of ``POST /admin/cleanup``."""

    message: str
    jobs_removed: int
    logs_cleaned: bool


class ResetRequest(BaseModel):
    """Body of ``POST /admin/factory-reset``, required if ``FACTORY_RESET_CONFIRM`` is set."""

    model_config = ConfigDict(frozen=True)

    confirm: str | None = None


class ResetResult(BaseModel):
    """The deletions in the orchestrator."""

    jobs_removed: int
    logs_cleaned: bool


class ResetReport(BaseModel):
    """Response of ``POST /admin/factory-reset``."""

    message: str
    orchestrator: ResetResult
    microservices: Mapping[str, Mapping[str, Any]]
    warning: str
