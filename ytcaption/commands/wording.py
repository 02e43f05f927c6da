"""Facts as a person reads them."""

from datetime import datetime
from typing import Final

from ytcaption.jobs import Job, Stage
from ytcaption.logins import hide_logins

__all__ = ["ago", "clean", "job_outcome", "job_words", "printable", "seconds", "stage_words"]

_UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "min"))


def printable(text: str) -> str:
    """Return a line that a terminal can be trusted with.

    What a video's title or subtitles say could otherwise move the cursor, or write backwards.
    """
    return "".join(letter for letter in text.expandtabs() if letter.isprintable())


def clean(text: str) -> str:
    """Return a text as one such line, without needless space and without logins in URLs."""
    return hide_logins(printable(" ".join(text.split())))


def seconds(count_s: float) -> str:
    """Return a duration, rounded: ``42 s``, ``3 min``, ``2 h``, ``5 d``."""
    for unit_s, name in _UNITS:
        if count_s >= unit_s:
            return f"{count_s / unit_s:.0f} {name}"
    return f"{max(count_s, 0.0):.0f} s"


def ago(moment: datetime, now: datetime) -> str:
    """Return how long ago an instant was."""
    return f"{seconds((now - moment).total_seconds())} ago"


def stage_words(stage: Stage) -> str:
    """Say how far a stage is."""
    again = f", attempt {stage.attempt}" if stage.attempt > 1 else ""
    if stage.status == "processing":
        return f"{stage.progress:.0f} %{again}"
    if stage.status == "completed" and stage.started_at and stage.completed_at:
        return f"done in {seconds((stage.completed_at - stage.started_at).total_seconds())}{again}"
    return clean({"pending": "waiting", "completed": "done"}.get(stage.status, stage.status))


def job_words(job: Job) -> str:
    """Say where a job is."""
    if job.queue_position:
        return f"number {job.queue_position} in line"
    if job.eta_seconds and not job.is_over:
        return f"{clean(job.status)}, about {seconds(job.eta_seconds)} left"
    return clean(job.status)


def job_outcome(job: Job) -> str:
    """Say in one sentence how a job has ended."""
    if job.status != "failed":
        return f"Job {job.job_id} is {clean(job.status)}"
    stage = f" in {job.error_stage}" if job.error_stage else ""
    reason = clean(job.error_message or "no reason is known")
    return f"Job {job.job_id} failed{stage}: {reason} ({clean(job.error_code or 'unknown')})"
