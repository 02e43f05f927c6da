"""Jobs, as the API tells of them."""

from collections.abc import Mapping, Sequence
from typing import Final

from ytcaption.answers import Answer, Moment

__all__ = ["Job", "JobPage", "JobSummary", "Segment", "Stage", "Submission", "Video"]

_OVER: Final = frozenset({"completed", "failed", "cancelled"})


class Submission(Answer):
    """A job that was accepted."""

    job_id: str
    status: str
    youtube_url: str


class Stage(Answer):
    """One stage of a job."""

    status: str
    """``pending``, ``processing``, ``completed``, ``failed``, ``skipped`` or ``cancelled``."""
    job_id: str | None = None
    """Of the service that does it."""
    progress: float = 0.0
    """From 0 to 100."""
    started_at: Moment | None = None
    completed_at: Moment | None = None
    attempt: int = 1


class Segment(Answer):
    """What is said at one time; in seconds from the beginning."""

    text: str
    start: float
    end: float
    duration: float


class Video(Answer):
    """What is known of a video."""

    title: str | None = None
    duration_s: float | None = None
    uploader: str | None = None
    thumbnail: str | None = None


class Job(Answer):
    """Everything about a job."""

    job_id: str
    youtube_url: str
    status: str
    """``queued``, ``downloading``, ``normalizing``, ``transcribing``, or how it has ended."""
    overall_progress: float
    """From 0 to 100."""
    created_at: Moment
    updated_at: Moment
    completed_at: Moment | None = None
    stages: Mapping[str, Stage]
    transcription_text: str | None = None
    transcription_segments: Sequence[Segment] | None = None
    detected_language: str | None = None
    captions_source: str | None = None
    """``publisher`` or ``transcription``; nothing before the end."""
    captions_language: str | None = None
    video: Video | None = None
    error_message: str | None = None
    error_code: str | None = None
    error_stage: str | None = None
    metadata: Mapping[str, str] = {}
    queue_position: int | None = None
    eta_seconds: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self.status in _OVER

    @property
    def is_completed(self) -> bool:
        """Whether its transcript is there."""
        return self.status == "completed"

    @property
    def name(self) -> str:
        """The video's title, or its address while that is not known."""
        return (self.video and self.video.title) or self.youtube_url


class JobSummary(Answer):
    """One job in a list."""

    job_id: str
    youtube_url: str
    title: str | None = None
    status: str
    progress: float
    created_at: Moment
    updated_at: Moment

    @property
    def name(self) -> str:
        """The video's title, or its address while that is not known."""
        return self.title or self.youtube_url


class JobPage(Answer):
    """A page of the list of jobs, newest first."""

    total: int
    """All jobs that match, on whatever page."""
    jobs: Sequence[JobSummary]
    next_cursor: str | None = None
    """Where the next page begins; nothing on the last one."""
