"""Commands about jobs that there are."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from ytcaption.commands.arguments import JobId, JsonOption
from ytcaption.commands.findings import finding_rows, warning_lines
from ytcaption.commands.screen import Rows, Screen
from ytcaption.commands.session import session_of
from ytcaption.commands.wording import ago, job_outcome, job_words, stage_words
from ytcaption.events import Event
from ytcaption.jobs import Job, JobSummary
from ytcaption.logins import hide_logins

__all__ = ["JOB_COLUMNS", "cancel", "delete", "events", "job_row", "jobs", "retry", "show"]

JOB_COLUMNS = ("job", "status", "progress", "created", "video")

StatusOption = Annotated[str | None, typer.Option("--status", help="Only those with this status.")]
NoteOption = Annotated[
    str | None, typer.Option("--note", metavar="KEY=VALUE", help="Only those with this note.")
]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=200, help="How many.")]
Cursor = Annotated[
    str | None, typer.Option(help="Where the next page begins: `next_cursor` in the JSON.")
]


def job_row(job: JobSummary, now: datetime, *, is_seen: bool = False) -> list[str]:
    """Return the fields of `JOB_COLUMNS`.

    Args:
        job: The job.
        now: What its age is measured from.
        is_seen: Whether a person reads it: the status then has the number of warnings.
    """
    count = job.warning_count if is_seen else 0
    words = f" ({count} warning{'s' if count > 1 else ''})" if count else ""
    status = f"{job.status}{words}"
    return [job.job_id, status, f"{job.progress:.0f} %", ago(job.created_at, now), job.name]


def jobs(
    context: typer.Context,
    *,
    status: StatusOption = None,
    note: NoteOption = None,
    limit: Limit = 20,
    cursor: Cursor = None,
    as_json: JsonOption = False,
) -> None:
    """List the newest jobs."""
    session = session_of(context, as_json=as_json)
    key, _, value = (note or "").partition("=")
    page = session.client.page(
        status=status, metadata=(key, value) if note else None, limit=limit, cursor=cursor
    )
    if session.screen.is_json:
        session.screen.give_json(page)
        return
    now = datetime.now(UTC)
    is_seen = session.screen.out.file.isatty()
    rows = [job_row(job, now, is_seen=is_seen) for job in page.jobs]
    session.screen.give_rows(JOB_COLUMNS, rows)
    if page.total > len(page.jobs):
        session.screen.say(f"{len(page.jobs)} of {page.total}")


def show(context: typer.Context, job_id: JobId, *, as_json: JsonOption = False) -> None:
    """Tell everything about a job."""
    session = session_of(context, as_json=as_json)
    _give_job(session.screen, session.client.get(job_id))


def cancel(context: typer.Context, job_id: JobId, *, as_json: JsonOption = False) -> None:
    """End a job at once."""
    session = session_of(context, as_json=as_json)
    _give_change(session.screen, session.client.cancel(job_id))


def retry(context: typer.Context, job_id: JobId, *, as_json: JsonOption = False) -> None:
    """Send a failed or cancelled job on from where it stopped."""
    session = session_of(context, as_json=as_json)
    _give_change(session.screen, session.client.retry(job_id))


def delete(context: typer.Context, job_id: JobId) -> None:
    """Delete a job that has ended, with all that it has made."""
    session = session_of(context)
    session.client.delete(job_id)
    session.screen.say(f"Job {job_id} is deleted")


def events(context: typer.Context, job_id: JobId, *, as_json: JsonOption = False) -> None:
    """Tell what happens to a job, from its beginning to its end."""
    session = session_of(context, as_json=as_json)
    for event in session.client.events(job_id):
        if as_json:
            told = {"id": event.event_id, "event": event.kind, **event.facts}
            session.screen.give_json(told, is_line=True)
        else:
            session.screen.give(_event_line(event))


def _give_change(screen: Screen, job: Job) -> None:
    if screen.is_json:
        screen.give_json(job)
    else:
        screen.say(job_outcome(job))


def _give_job(screen: Screen, job: Job) -> None:
    if screen.is_json:
        screen.give_json(job)
        return
    screen.give_rows(("", ""), _facts_of(job))
    screen.warn_each(warning_lines(job))


def _facts_of(job: Job) -> Rows:
    now = datetime.now(UTC)
    yield "job", job.job_id
    yield "video", job.name
    yield "address", job.youtube_url
    yield "status", job_words(job)
    yield "created", ago(job.created_at, now)
    for name, stage in job.stages.items():
        yield name, stage_words(stage)
    for name, note in job.metadata.items():
        yield f"note {name}", note
    yield from finding_rows(job)
    if job.error_code:
        yield "error", job_outcome(job)
    if job.transcription_text:
        yield "text", job.transcription_text


def _event_line(event: Event) -> str:
    words = (f"{name}={_fact(value)}" for name, value in event.facts.items() if name != "at")
    return hide_logins(f"{event.at:%H:%M:%S} {event.kind} {' '.join(words)}")


def _fact(value: Any) -> str:
    is_nested = isinstance(value, Mapping | Sequence) and not isinstance(value, str)
    return json.dumps(value, ensure_ascii=False) if is_nested else str(value)
