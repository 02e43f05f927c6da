"""The operations of the app that serves the present request, and what was settled about it."""

from typing import cast

from flask import current_app, g

from orchestrator.administration import Administration
from orchestrator.batches import Batches
from orchestrator.job import Job
from orchestrator.live import Live
from orchestrator.monitoring import Monitoring
from orchestrator.operations import Operations
from orchestrator.results import Results
from orchestrator.webhooks import Webhooks

__all__ = [
    "ADMINISTRATION",
    "BATCHES",
    "EXTENSION",
    "LIVE",
    "MONITORING",
    "RESULTS",
    "WEBHOOKS",
    "administration",
    "asked_job",
    "batches",
    "chosen_job_id",
    "live",
    "monitoring",
    "note_job",
    "operations",
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


def chosen_job_id() -> str | None:
    """Return the id for the job that this request makes; ``None`` where any will do."""
    job_id: str | None = g.get("job_id")
    return job_id


def asked_job(job_id: str) -> Job:
    """Return the job that the present request is about, as it was when it was first asked for.

    Raises:
        JobNotFoundError: There is none, or not any more.
    """
    if "job" not in g:
        note_job(operations().get(job_id))
    job: Job = g.job
    return job


def note_job(job: Job) -> None:
    """Remember the job that the present request is about."""
    g.job = job


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
