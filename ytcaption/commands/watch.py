"""The command ``watch``."""

import math
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.live import Live
from rich.text import Text

from ytcaption.backoff import Backoff
from ytcaption.commands.arguments import JsonOption
from ytcaption.commands.findings import warning_lines
from ytcaption.commands.jobs import JOB_COLUMNS, Limit, StatusOption, job_row
from ytcaption.commands.screen import Screen, make_table
from ytcaption.commands.session import Session, session_of
from ytcaption.errors import NotFoundError, YTCaptionError
from ytcaption.jobs import JobPage

__all__ = ["watch"]

Interval = Annotated[float, typer.Option("--interval", min=0.2, help="Seconds between updates.")]


def watch(
    context: typer.Context,
    *,
    status: StatusOption = None,
    limit: Limit = 20,
    interval_s: Interval = 2.0,
    as_json: JsonOption = False,
) -> None:
    """Watch the newest jobs until Ctrl-C.

    Without a terminal, print a line for each job that is new or has changed its status.
    """
    session = session_of(context, as_json=as_json)
    pages = _poll_pages(session, status, limit, interval_s)
    with suppress(KeyboardInterrupt):
        if session.screen.out.file.isatty() and not as_json:
            _show_table(session.screen, pages)
        else:
            _write_changes(session, pages)


def _poll_pages(
    session: Session, status: str | None, limit: int, interval_s: float
) -> Iterator[JobPage]:
    """Yield the list periodically; pause while the API is unavailable."""
    yield session.client.page(status=status, limit=limit)
    backoff = Backoff(math.inf)
    while True:
        time.sleep(interval_s)
        try:
            page = session.client.page(status=status, limit=limit)
        except YTCaptionError as error:
            session.screen.info(str(error))
            backoff.wait(error)
        else:
            backoff.reset()
            yield page


def _show_table(screen: Screen, pages: Iterator[JobPage]) -> None:
    with Live(Text("…"), console=screen.out, auto_refresh=False) as live:
        for page in pages:
            now = datetime.now(UTC)
            table = make_table(
                JOB_COLUMNS, [job_row(job, now, is_terminal=True) for job in page.jobs]
            )
            table.caption = f"{len(page.jobs)} of {page.total}, {now.astimezone():%H:%M:%S}"
            live.update(table, refresh=True)


def _write_changes(session: Session, pages: Iterator[JobPage]) -> None:
    screen = session.screen
    known: dict[str, str] = {}
    for page in pages:
        now = datetime.now(UTC)
        for job in reversed(page.jobs):
            if known.get(job.job_id) == job.status:
                continue
            if screen.is_json:
                screen.print_json(job, is_line=True)
            else:
                screen.print_rows(JOB_COLUMNS, [job_row(job, now)])
                if job.warning_count and job.status == "completed":
                    _write_warnings(session, job.job_id)
        known = {job.job_id: job.status for job in page.jobs}


def _write_warnings(session: Session, job_id: str) -> None:
    """Write the warnings of a job; the list has only their number."""
    with suppress(NotFoundError):  # deleted meanwhile
        warnings = warning_lines(session.client.get(job_id))
        session.screen.warn_each(f"{job_id} {line}" for line in warnings)
