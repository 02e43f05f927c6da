"""Human-readable texts for the values of jobs."""

from datetime import datetime
from typing import Final

from ytcaption.jobs import Job, Stage
from ytcaption.logins import hide_logins

__all__ = [
    "ago",
    "clean",
    "describe_job",
    "describe_outcome",
    "describe_stage",
    "printable",
    "seconds",
]

_UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "min"))


def printable(text: str) -> str:
    """Return a line without control characters.

    A video's title or captions could otherwise move the cursor or reverse the text.
    """
    return "".join(letter for letter in text.expandtabs() if letter.isprintable())


def clean(text: str) -> str:
    """Return a text as one printable line, without extra spaces and without logins in URLs."""
    return hide_logins(printable(" ".join(text.split())))


def seconds(count_s: float) -> str:
    """Format a duration, rounded: ``42 s``, ``3 min``, ``2 h``, ``5 d``."""
    for unit_s, name in _UNITS:
        if count_s >= unit_s:
            return f"{count_s / unit_s:.0f} {name}"
    return f"{max(count_s, 0.0):.0f} s"


def ago(moment: datetime, now: datetime) -> str:
    """Format the time since an instant: ``3 min ago``."""
    return f"{seconds((now - moment).total_seconds())} ago"


def describe_stage(stage: Stage) -> str:
    """Describe the progress of a stage."""
    attempt = f", attempt {stage.attempt}" if stage.attempt > 1 else ""
    if stage.status == "processing":
        return f"{stage.progress:.0f} %{attempt}"
    if stage.status == "completed" and stage.started_at and stage.completed_at:
        return (
            f"done in {seconds((stage.completed_at - stage.started_at).total_seconds())}{attempt}"
        )
    return clean({"pending": "waiting", "completed": "done"}.get(stage.status, stage.status))


def describe_job(job: Job) -> str:
    """Describe the status of a job."""
    if job.queue_position:
        return f"number {job.queue_position} in the queue"
    if job.eta_seconds and not job.is_over:
        return f"{clean(job.status)}, about {seconds(job.eta_seconds)} left"
    return clean(job.status)


def describe_outcome(job: Job) -> str:
    """Describe the result of a job in one sentence."""
    if job.status != "failed":
        return f"Job {job.job_id} is {clean(job.status)}"
    stage = f" in {job.error_stage}" if job.error_stage else ""
    reason = clean(job.error_message or "no reason given")
    return f"Job {job.job_id} failed{stage}: {reason} ({clean(job.error_code or 'unknown')})"
