"""Follow one job until it ends or the user presses Ctrl-C."""

import typer

from ytcaption.commands.exits import ExitCode
from ytcaption.commands.findings import warning_lines
from ytcaption.commands.progress import Display, open_display
from ytcaption.commands.session import Session
from ytcaption.commands.target import Target
from ytcaption.commands.wording import describe_outcome
from ytcaption.jobs import Job

__all__ = ["follow", "write_result"]


def follow(session: Session, job_id: str) -> Job:
    """Show a job's progress until it has ended, and return the job.

    Raises:
        typer.Exit: The user pressed Ctrl-C; the job was cancelled or continues.
    """
    try:
        with open_display(session.screen) as display:
            return _watch(session, job_id, display)
    except KeyboardInterrupt:
        _offer_cancel(session, job_id)
        raise typer.Exit(ExitCode.INTERRUPTED) from None


def write_result(session: Session, job: Job, target: Target) -> None:
    """Write the transcript of a job and its warnings, or the reason of its failure.

    Raises:
        typer.Exit: The job failed or was cancelled.
    """
    screen = session.screen
    if job.is_completed and (target.path or not screen.is_json):
        target.write_transcript(session.client, screen, job.job_id)
    if screen.is_json:
        screen.print_json(job)
    else:
        screen.warn_each(warning_lines(job))
    if not job.is_completed:
        screen.warn(describe_outcome(job))
        raise typer.Exit(ExitCode.FAILED)


def _watch(session: Session, job_id: str, display: Display) -> Job:
    for job in session.client.watch(job_id):
        display.show(job)
    return job


def _offer_cancel(session: Session, job_id: str) -> None:
    """Ask whether to cancel the job; without an answer it continues."""
    screen = session.screen
    try:
        is_unwanted = screen.can_ask and screen.confirm(f"Cancel job {job_id} too?")
    except (KeyboardInterrupt, EOFError):
        is_unwanted = False
    if is_unwanted:
        screen.warn(describe_outcome(session.client.cancel(job_id)))
    else:
        screen.warn(f"Job {job_id} continues. To follow it: ytcaption wait {job_id}")
        screen.warn(f"To cancel it: ytcaption cancel {job_id}")
