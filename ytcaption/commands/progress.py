"""Progress of a job: bars on a terminal, plain lines elsewhere."""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from ytcaption.commands.screen import Screen
from ytcaption.commands.wording import clean, describe_job, describe_stage
from ytcaption.jobs import Job

__all__ = ["Display", "StageBars", "StageLines", "open_display"]

_OVERALL = "total"
_UPLOAD = "upload"
_BYTES_PER_MEGABYTE = 1_000_000


class Display(Protocol):
    """Shows progress."""

    def show(self, job: Job) -> None:
        """Show the progress of a job."""

    def show_upload(self, sent_bytes: int, total_bytes: int) -> None:
        """Show the progress of an upload."""


class StageBars:
    """One progress bar per stage, and one for the whole job.

    Args:
        progress: The rich progress display.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}
        self._title = ""

    def show(self, job: Job) -> None:
        """Update the bars of a job."""
        if job.name != self._title:
            self._title = job.name
            self._progress.console.print(clean(f"{job.job_id} {job.name}"), markup=False)
        for name, stage in job.stages.items():
            self._update(clean(name), stage.progress, describe_stage(stage))
        self._update(_OVERALL, job.overall_progress, describe_job(job))

    def show_upload(self, sent_bytes: int, total_bytes: int) -> None:
        """Update the bar of the upload."""
        sent, total = (count / _BYTES_PER_MEGABYTE for count in (sent_bytes, total_bytes))
        self._update(_UPLOAD, 100 * sent / total, f"{sent:.1f} of {total:.1f} MB")

    def _update(self, name: str, percent: float, text: str) -> None:
        if name not in self._bars:
            self._bars[name] = self._progress.add_task(name, total=100, text="")
        self._progress.update(self._bars[name], completed=percent, text=text)


class StageLines:
    """One line whenever a stage starts or ends.

    Args:
        screen: Where to write the lines.
    """

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._known: dict[str, str] = {}

    def show(self, job: Job) -> None:
        """Write a line for each stage whose status has changed."""
        for name, stage in job.stages.items():
            if stage.status not in {"pending", self._known.get(name)}:
                self._screen.info(f"{job.job_id} {name}: {describe_stage(stage)}")
            self._known[name] = stage.status

    def show_upload(self, sent_bytes: int, total_bytes: int) -> None:
        """Write a line when the upload is complete."""
        if sent_bytes == total_bytes:
            self._screen.info(f"{_UPLOAD}: {total_bytes / _BYTES_PER_MEGABYTE:.1f} MB sent")


def open_display(screen: Screen) -> AbstractContextManager[Display]:
    """Return a context manager with the display for this screen."""
    if not screen.is_live:
        return nullcontext(StageLines(screen))
    return _Bars(screen)


class _Bars(AbstractContextManager[StageBars]):
    """Draws bars within the block and keeps them after it."""

    def __init__(self, screen: Screen) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[text]}", markup=False),
            console=screen.err,
        )

    def __enter__(self) -> StageBars:
        self._progress.start()
        return StageBars(self._progress)

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
