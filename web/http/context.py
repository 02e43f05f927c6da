"""The operations of the app that serves the present request, and what was settled about it."""

from contextlib import ExitStack
from typing import cast

from flask import Request, current_app, request

from orchestrator.domain.access import Caller, Scope
from orchestrator.domain.job import Job
from orchestrator.operating.administration import Administration
from orchestrator.operating.monitoring import Monitoring
from orchestrator.use_cases.batches import Batches
from orchestrator.use_cases.jobs import Operations
from orchestrator.use_cases.live import Live
from orchestrator.use_cases.results import Results
from orchestrator.use_cases.webhooks import Webhooks
from web.http.rates import Window

__all__ = [
    "ADMINISTRATION",
    "BATCHES",
    "EXTENSION",
    "LIVE",
    "MONITORING",
    "RESULTS",
    "WEBHOOKS",
    "ApiRequest",
    "administration",
    "asked_job",
    "batches",
    "caller",
    "live",
    "monitoring",
    "operations",
    "present",
    "results",
    "webhooks",
]

EXTENSION = "orchestrator"
ADMINISTRATION = "orchestrator administration"
BATCHES = "orchestrator batches"
LIVE = "orchestrator live"
MONITORING = "orchestrator monitoring"
RESULTS = "orchestrator results"
WEBHOOKS = "orchestrator webhooks"


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
        asked.job = operations().get(job_id)
    return asked.job


def live() -> Live:
    """Return what serves those who follow a job."""
    return cast("Live", current_app.extensions[LIVE])


def batches() -> Batches:
    """Return the use cases of batches."""
    return cast("Batches", current_app.extensions[BATCHES])


def administration() -> Administration:
    """Return the operator's use cases."""
    return cast("Administration", current_app.extensions[ADMINISTRATION])


def monitoring() -> Monitoring:
    """Return what operators watch."""
    return cast("Monitoring", current_app.extensions[MONITORING])


def operations() -> Operations:
    """Return the use cases that the routes call."""
    return cast("Operations", current_app.extensions[EXTENSION])


def webhooks() -> Webhooks:
    """Return the use cases of notices to clients' own addresses."""
    return cast("Webhooks", current_app.extensions[WEBHOOKS])


def results() -> Results:
    """Return what gives out the files that jobs have made."""
    return cast("Results", current_app.extensions[RESULTS])
