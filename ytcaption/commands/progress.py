"""Shows a job while it goes on: bars on a terminal, plain lines elsewhere."""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from ytcaption.commands.screen import Screen
from ytcaption.commands.wording import clean, job_words, stage_words
from ytcaption.jobs import Job

__all__ = ["Display", "StageBars", "StageLines", "open_display"]

_OVERALL = "in all"
_UPLOAD = "upload"
_BYTES_PER_MEGABYTE = 1_000_000


class Display(Protocol):
    """Shows how far something is."""

    def show(self, job: Job) -> None:
        """Show a job."""

    def show_upload(self, sent_bytes: int, total_bytes: int) -> None:
        """Show how much of a file is sent."""


class StageBars:
    """One bar for each stage, and one for all.

    Args:
        progress: Draws them.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}
        self._title = ""

    def show(self, job: Job) -> None:
        """Move the bars to where a job is."""
        if job.name != self._title:
            self._title = job.name
            self._progress.console.print(clean(f"{job.job_id} {job.name}"), markup=False)
        for name, stage in job.stages.items():
            self._move(clean(name), stage.progress, stage_words(stage))
        self._move(_OVERALL, job.overall_progress, job_words(job))

    def show_upload(self, sent_bytes: int, total_bytes: int) -> None:
        """Move the bar of the upload."""
        sent, total = (count / _BYTES_PER_MEGABYTE for count in (sent_bytes, total_bytes))
        self._move(_UPLOAD, 100 * sent / total, f"{sent:.1f} of {total:.1f} MB")

    def _move(self, name: str, percent: float, words: str) -> None:
        if name not in self._bars:
            self._bars[name] = self._progress.add_task(name, total=100, words="")
        self._progress.update(self._bars[name], completed=percent, words=words)


class StageLines:
    """A line whenever a stage begins or ends.

    Args:
        screen: Where to.
    """

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._known: dict[str, str] = {}

    def show(self, job: Job) -> None:
        """Write what is new."""
        for name, stage in job.stages.items():
            if stage.status not in {"pending", self._known.get(name)}:
                self._screen.say(f"{job.job_id} {name}: {stage_words(stage)}")
            self._known[name] = stage.status

    def show_upload(self, sent_bytes: int, total_bytes: int) -> None:
        """Write that a file is sent, when it is."""
        if sent_bytes == total_bytes:
            self._screen.say(f"{_UPLOAD}: {total_bytes / _BYTES_PER_MEGABYTE:.1f} MB sent")


def open_display(screen: Screen) -> AbstractContextManager[Display]:
    """Return what shows a job here, within the block."""
    if not screen.is_live:
        return nullcontext(StageLines(screen))
    return _Bars(screen)


class _Bars(AbstractContextManager[StageBars]):
    """Bars that are drawn within the block, and stay there after it."""

    def __init__(self, screen: Screen) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[words]}", markup=False),
            console=screen.err,
        )

    def __enter__(self) -> StageBars:
        self._progress.start()
        return StageBars(self._progress)

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
