"""Following one job to its end, with somebody who watches and may press Ctrl-C."""

import typer

from ytcaption.commands.exits import ExitCode
from ytcaption.commands.findings import warning_lines
from ytcaption.commands.progress import Display, open_display
from ytcaption.commands.session import Session
from ytcaption.commands.target import Target
from ytcaption.commands.wording import job_outcome
from ytcaption.jobs import Job

__all__ = ["deliver", "follow"]


def follow(session: Session, job_id: str) -> Job:
    """Show a job until it has ended, and return it.

    Raises:
        typer.Exit: Somebody has pressed Ctrl-C, and decided about the job.
    """
    try:
        with open_display(session.screen) as display:
            return _watch(session, job_id, display)
    except KeyboardInterrupt:
        _leave(session, job_id)
        raise typer.Exit(ExitCode.INTERRUPTED) from None


def deliver(session: Session, job: Job, target: Target) -> None:
    """Hand over what a job has made with its warnings, or say why it has made nothing.

    Raises:
        typer.Exit: It has failed or was cancelled.
    """
    screen = session.screen
    if job.is_completed and (target.path or not screen.is_json):
        target.take(session.client, screen, job.job_id)
    if screen.is_json:
        screen.give_json(job)
    else:
        screen.warn_each(warning_lines(job))
    if not job.is_completed:
        screen.warn(job_outcome(job))
        raise typer.Exit(ExitCode.FAILED)


def _watch(session: Session, job_id: str, display: Display) -> Job:
    for job in session.client.watch(job_id):
        display.show(job)
    return job


def _leave(session: Session, job_id: str) -> None:
    """Cancel the job if somebody is there who says so; else it goes on."""
    screen = session.screen
    try:
        is_unwanted = screen.can_ask and screen.ask(f"Cancel job {job_id} too?")
    except (KeyboardInterrupt, EOFError):
        is_unwanted = False
    if is_unwanted:
        screen.warn(job_outcome(session.client.cancel(job_id)))
    else:
        screen.warn(f"Job {job_id} goes on. To follow it: ytcaption wait {job_id}")
        screen.warn(f"To cancel it: ytcaption cancel {job_id}")
