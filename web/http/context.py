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
    "asked_job",
    "audio_files",
    "batches",
    "caller",
    "health_checker",
    "jobs",
    "live_updates",
    "maintenance",
    "monitor",
    "present",
    "register_use_cases",
    "reply_store",
    "webhooks",
]

_EXTENSION: Final = "orchestrator"


@dataclass(frozen=True)
class UseCases:
    """What the app's routes and guards call; built once by ``create_app``."""

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
    """A request, and what has been settled about it so far."""

    began_at: float
    """On the clock of ``time.perf_counter``."""
    request_id: str
    context: ExitStack | None = None
    """What ends with it: what its log lines tell, and its span."""
    caller: Caller
    scope: Scope | None = None
    """What the caller needs for it; ``None`` where nothing is needed."""
    window: Window | None = None
    """How the caller stands with the rate that leaves it least."""
    job: Job | None = None
    """The job that it is about, as it was when it was first asked for."""
    chosen_job_id: str | None = None
    """The id for the job that it makes; ``None`` where any will do."""


def present() -> ApiRequest:
    """Return the present request itself: all that is read through Flask's ``request`` costs more.

    Raises:
        RuntimeError: There is none.
    """
    found = request._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - werkzeug documents it
    return cast("ApiRequest", found)


def caller() -> Caller:
    """Return who sent the present request."""
    return present().caller


def asked_job(job_id: str) -> Job:
    """Return the job that the present request is about, as it was when it was first asked for.

    Raises:
        JobNotFoundError: There is none, or not any more.
    """
    asked = present()
    if asked.job is None:
        asked.job = jobs().get(job_id)
    return asked.job


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
