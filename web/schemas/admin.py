"""What the operator's routes take and answer."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from web.schemas.jobs import Moment

__all__ = [
    "CleanupQuery",
    "CleanupReport",
    "OrchestratorFigures",
    "QueueReport",
    "RedisFigures",
    "ResetReport",
    "ResetRequest",
    "ResetResult",
    "SettingsInForce",
    "Stats",
    "Throughput",
    "WorkerReport",
    "WorkersReport",
]


def _plain(figure: float) -> float:
    return int(figure) if figure.is_integer() else figure


# 24 and not 24.0, which readers that expect a whole number do not take.
Figure = Annotated[float, PlainSerializer(_plain, return_type=int | float)]


class OrchestratorFigures(BaseModel):
    """Which orchestrator this is."""

    version: str
    environment: str


class RedisFigures(BaseModel):
    """How many jobs there are, and what Redis uses."""

    total_jobs: int
    active_jobs: int
    completed_jobs: int
    memory_usage: str = Field(description="With its unit, e.g. `12.5MB`.")


class SettingsInForce(BaseModel):
    """The settings that clients feel."""

    cache_ttl_hours: Figure
    job_timeout_minutes: Figure
    poll_interval: Figure
    max_poll_attempts: int


class Stats(BaseModel):
    """The answer to ``GET /admin/stats``."""

    orchestrator: OrchestratorFigures
    redis: RedisFigures
    settings: SettingsInForce


class WorkerReport(BaseModel):
    """A worker process, as it was at its last sign of life."""

    worker: str = Field(description="Machine, process id and a word that no other process has.")
    concurrency: int = Field(description="Turns that it may drive at once.")
    active_turns: int
    turns_processed: int = Field(description="Turns that have ended since it began.")
    heartbeat_age_s: float
    started_at: Moment


class QueueReport(BaseModel):
    """The jobs that could go on with a stage and wait, in line or for a worker."""

    stage: str
    waiting: int
    oldest_wait_s: float | None = Field(description="How long the first has waited.")


class Throughput(BaseModel):
    """Jobs that have ended in the last hour, give or take five minutes."""

    completed_last_hour: int
    failed_last_hour: int


class WorkersReport(BaseModel):
    """The answer to ``GET /admin/workers``."""

    workers: list[WorkerReport]
    queues: list[QueueReport]
    broker_messages: Mapping[str, int] = Field(description="Messages by queue of the broker.")
    throughput: Throughput
    failures_by_code: Mapping[str, int] = Field(
        description="Jobs that have failed in the last 24 hours; after fifty codes, `other`."
    )
    breakers: Mapping[str, Literal["closed", "open", "half-open"]] = Field(
        description="By service: left alone while it is open, tried once while half-open."
    )


class CleanupQuery(BaseModel):
    """The query of ``POST /admin/cleanup``."""

    model_config = ConfigDict(frozen=True)

    max_age_hours: float = Field(
        24, ge=0, allow_inf_nan=False, description="Age from which on jobs are removed."
    )
    deep: bool = Field(default=False, description="Whether the logs are emptied too.")


class CleanupReport(BaseModel):
    """The answer to ``POST /admin/cleanup``."""

    message: str
    jobs_removed: int
    logs_cleaned: bool


class ResetRequest(BaseModel):
    """The body of ``POST /admin/factory-reset``; needed where a confirmation is."""

    model_config = ConfigDict(frozen=True)

    confirm: str | None = None


class ResetResult(BaseModel):
    """What was removed here."""

    jobs_removed: int
    logs_cleaned: bool


class ResetReport(BaseModel):
    """The answer to ``POST /admin/factory-reset``."""

    message: str
    orchestrator: ResetResult
    microservices: Mapping[str, Mapping[str, Any]]
    warning: str
