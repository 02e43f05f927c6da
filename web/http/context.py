"""The use cases of the current app, and the state of the current request."""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final, cast

from flask import Flask, Request, current_app, request

from orchestrator.domain.access import Caller, Scope
from orchestrator.domain.job import Job
from orchestrator.operating.health import HealthChecker
from orchestrator.operating.maintenance import Maintenance
from orchestrator.operating.monitoring import Monitor
from orchestrator.settings import Settings
from orchestrator.store.replies import ReplyStore
from orchestrator.use_cases.audio import AudioFiles
from orchestrator.use_cases.batches import Batches
from orchestrator.use_cases.jobs import Jobs
from orchestrator.use_cases.live import LiveUpdates
from orchestrator.use_cases.webhooks import Webhooks
from web.http.rates import Window

__all__ = [
    "ApiRequest",
    "UseCases",
    "app_settings",
    "audio_files",
    "batches",
    "caller",
    "current_request",
    "health_checker",
    "jobs",
    "live_updates",
    "maintenance",
    "monitor",
    "register_use_cases",
    "reply_store",
    "requested_job",
    "webhooks",
]

_EXTENSION: Final = "orchestrator"


@dataclass(frozen=True)
class UseCases:
    """The objects that routes and guards call; built once by ``create_app``."""

    settings: Settings
    audio_files: AudioFiles
    batches: Batches
    health_checker: HealthChecker
    jobs: Jobs
    live_updates: LiveUpdates
    maintenance: Maintenance
    monitor: Monitor
    reply_store: ReplyStore
    webhooks: Webhooks


class ApiRequest(Request):
    """A request and the state that hooks attach to it."""

    started_at: float
    """On the clock of ``time.perf_counter``."""
    request_id: str
    context: ExitStack | None = None
    """Log context and span, closed when the request ends."""
    caller: Caller
    scope: Scope | None = None
    """The scope that the request requires; ``None`` for public routes."""
    window: Window | None = None
    """The caller's rate-limit window with the fewest requests left."""
    job: Job | None = None
    """The job in the path, as it was when it was first read."""
    chosen_job_id: str | None = None
    """The id of the job to create; ``None`` for a random one."""


def current_request() -> ApiRequest:
    """Return the current request without Flask's proxy, whose every attribute access costs more.

    Raises:
        RuntimeError: No request is being served.
    """
    found = request._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - werkzeug documents it
    return cast("ApiRequest", found)


def caller() -> Caller:
    """Return the caller of the current request."""
    return current_request().caller


def requested_job(job_id: str) -> Job:
    """Return the job in the path of the current request; it is read once per request.

    Raises:
        JobNotFoundError: The job does not exist.
    """
    current = current_request()
    if current.job is None:
        current.job = jobs().get(job_id)
    return current.job


def register_use_cases(app: Flask, use_cases: UseCases) -> None:
    """Make the use cases available to the app's routes and guards."""
    app.extensions[_EXTENSION] = use_cases


def app_settings() -> Settings:
    """Return the app's settings."""
    return _use_cases().settings


def audio_files() -> AudioFiles:
    """Return the jobs' audio files."""
    return _use_cases().audio_files


def batches() -> Batches:
    """Return the use cases of batches."""
    return _use_cases().batches


def health_checker() -> HealthChecker:
    """Return the health checker."""
    return _use_cases().health_checker


def jobs() -> Jobs:
    """Return the use cases of jobs."""
    return _use_cases().jobs


def live_updates() -> LiveUpdates:
    """Return the live updates of jobs."""
    return _use_cases().live_updates


def maintenance() -> Maintenance:
    """Return the cleanup and the factory reset."""
    return _use_cases().maintenance


def monitor() -> Monitor:
    """Return the statistics and metrics."""
    return _use_cases().monitor


def reply_store() -> ReplyStore:
    """Return the store of replies to requests with an idempotency key."""
    return _use_cases().reply_store


def webhooks() -> Webhooks:
    """Return the use cases of webhooks."""
    return _use_cases().webhooks


def _use_cases() -> UseCases:
    return cast("UseCases", current_app.extensions[_EXTENSION])
