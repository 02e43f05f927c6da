"""Commands for existing jobs."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from ytcaption.commands.arguments import JobId, JsonOption
from ytcaption.commands.findings import finding_rows, warning_lines
from ytcaption.commands.screen import Rows, Screen
from ytcaption.commands.session import session_of
from ytcaption.commands.wording import ago, describe_job, describe_outcome, describe_stage
from ytcaption.events import Event
from ytcaption.jobs import Job, JobSummary
from ytcaption.logins import hide_logins

__all__ = ["JOB_COLUMNS", "cancel", "delete", "events", "job_row", "jobs", "retry", "show"]

JOB_COLUMNS = ("job", "status", "progress", "created", "video")

StatusOption = Annotated[
    str | None, typer.Option("--status", help="Show only jobs with this status.")
]
MetadataOption = Annotated[
    str | None,
    typer.Option("--note", metavar="KEY=VALUE", help="Show only jobs with this metadata."),
]
Limit = Annotated[
    int, typer.Option("--limit", "-n", min=1, max=200, help="Maximum number of jobs.")
]
Cursor = Annotated[
    str | None,
    typer.Option(help="Start of the page: `next_cursor` of the previous page's JSON."),
]


def job_row(job: JobSummary, now: datetime, *, is_terminal: bool = False) -> list[str]:
    """Return the fields of `JOB_COLUMNS`.

    Args:
        job: The job.
        now: The current time, for the age.
        is_terminal: Whether to add the number of warnings to the status.
    """
    count = job.warning_count if is_terminal else 0
    suffix = f" ({count} warning{'s' if count > 1 else ''})" if count else ""
    status = f"{job.status}{suffix}"
    return [job.job_id, status, f"{job.progress:.0f} %", ago(job.created_at, now), job.name]


def jobs(
    context: typer.Context,
    *,
    status: StatusOption = None,
    metadata: MetadataOption = None,
    limit: Limit = 20,
    cursor: Cursor = None,
    as_json: JsonOption = False,
) -> None:
    """List the newest jobs."""
    session = session_of(context, as_json=as_json)
    key, _, value = (metadata or "").partition("=")
    page = session.client.page(
        status=status, metadata=(key, value) if metadata else None, limit=limit, cursor=cursor
    )
    if session.screen.is_json:
        session.screen.print_json(page)
        return
    now = datetime.now(UTC)
    is_terminal = session.screen.out.file.isatty()
    rows = [job_row(job, now, is_terminal=is_terminal) for job in page.jobs]
    session.screen.print_rows(JOB_COLUMNS, rows)
    if page.total > len(page.jobs):
        session.screen.info(f"{len(page.jobs)} of {page.total}")


def show(context: typer.Context, job_id: JobId, *, as_json: JsonOption = False) -> None:
    """Show a job."""
    session = session_of(context, as_json=as_json)
    _print_job(session.screen, session.client.get(job_id))


def cancel(context: typer.Context, job_id: JobId, *, as_json: JsonOption = False) -> None:
    """Cancel a job."""
    session = session_of(context, as_json=as_json)
    _print_outcome(session.screen, session.client.cancel(job_id))


def retry(context: typer.Context, job_id: JobId, *, as_json: JsonOption = False) -> None:
    """Resume a failed or cancelled job at the stage where it stopped."""
    session = session_of(context, as_json=as_json)
    _print_outcome(session.screen, session.client.retry(job_id))


def delete(context: typer.Context, job_id: JobId) -> None:
    """Delete a job that has ended, with its transcript and files."""
    session = session_of(context)
    session.client.delete(job_id)
    session.screen.info(f"Deleted job {job_id}")


def events(context: typer.Context, job_id: JobId, *, as_json: JsonOption = False) -> None:
    """Show the events of a job, from its start to its end."""
    session = session_of(context, as_json=as_json)
    for event in session.client.events(job_id):
        if as_json:
            fields = {"id": event.event_id, "event": event.kind, **event.facts}
            session.screen.print_json(fields, is_line=True)
        else:
            session.screen.print(_event_line(event))


def _print_outcome(screen: Screen, job: Job) -> None:
    if screen.is_json:
        screen.print_json(job)
    else:
        screen.info(describe_outcome(job))


def _print_job(screen: Screen, job: Job) -> None:
    if screen.is_json:
        screen.print_json(job)
        return
    screen.print_rows(("", ""), _facts_of(job))
    screen.warn_each(warning_lines(job))


def _facts_of(job: Job) -> Rows:
    now = datetime.now(UTC)
    yield "job", job.job_id
    yield "video", job.name
    yield "url", job.youtube_url
    yield "status", describe_job(job)
    yield "created", ago(job.created_at, now)
    for name, stage in job.stages.items():
        yield name, describe_stage(stage)
    for name, value in job.metadata.items():
        yield f"metadata {name}", value
    yield from finding_rows(job)
    if job.error_code:
        yield "error", describe_outcome(job)
    if job.transcription_text:
        yield "text", job.transcription_text


def _event_line(event: Event) -> str:
    fields = (
        f"{name}={_format_fact(value)}" for name, value in event.facts.items() if name != "at"
    )
    return hide_logins(f"{event.at:%H:%M:%S} {event.kind} {' '.join(fields)}")


def _format_fact(value: Any) -> str:
    is_nested = isinstance(value, Mapping | Sequence) and not isinstance(value, str)
    return json.dumps(value, ensure_ascii=False) if is_nested else str(value)
