"""``watch``: the newest jobs as they change."""

import math
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.live import Live
from rich.text import Text

from ytcaption.commands.arguments import JsonOption
from ytcaption.commands.findings import warning_lines
from ytcaption.commands.jobs import JOB_COLUMNS, Limit, StatusOption, job_row
from ytcaption.commands.screen import Screen, make_table
from ytcaption.commands.session import Session, session_of
from ytcaption.errors import NotFoundError, YTCaptionError
from ytcaption.jobs import JobPage
from ytcaption.patience import Patience

__all__ = ["watch"]

Interval = Annotated[float, typer.Option("--interval", min=0.2, help="Seconds between two looks.")]


def watch(
    context: typer.Context,
    *,
    status: StatusOption = None,
    limit: Limit = 20,
    interval_s: Interval = 2.0,
    as_json: JsonOption = False,
) -> None:
    """Show the newest jobs as they change, until Ctrl-C.

    Where no person looks, a line is written for each job that is new or has another status.
    """
    session = session_of(context, as_json=as_json)
    pages = _look_again(session, status, limit, interval_s)
    with suppress(KeyboardInterrupt):
        if session.screen.out.file.isatty() and not as_json:
            _show_table(session.screen, pages)
        else:
            _write_changes(session, pages)


def _look_again(
    session: Session, status: str | None, limit: int, interval_s: float
) -> Iterator[JobPage]:
    """Yield the list again and again; while the API is away, not at all."""
    yield session.client.page(status=status, limit=limit)
    patience = Patience(math.inf)
    while True:
        time.sleep(interval_s)
        try:
            page = session.client.page(status=status, limit=limit)
        except YTCaptionError as error:
            session.screen.say(str(error))
            patience.bear(error)
        else:
            patience.restore()
            yield page


def _show_table(screen: Screen, pages: Iterator[JobPage]) -> None:
    with Live(Text("…"), console=screen.out, auto_refresh=False) as live:
        for page in pages:
            now = datetime.now(UTC)
            table = make_table(JOB_COLUMNS, [job_row(job, now, is_seen=True) for job in page.jobs])
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
                screen.give_json(job, is_line=True)
            else:
                screen.give_rows(JOB_COLUMNS, [job_row(job, now)])
                if job.warning_count and job.status == "completed":
                    _write_warnings(session, job.job_id)
        known = {job.job_id: job.status for job in page.jobs}


def _write_warnings(session: Session, job_id: str) -> None:
    """Write the warnings of a job, which a list only counts."""
    with suppress(NotFoundError):  # deleted meanwhile
        warnings = warning_lines(session.client.get(job_id))
        session.screen.warn_each(f"{job_id} {line}" for line in warnings)
