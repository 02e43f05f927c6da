"""Jobs, as the API tells of them."""

from collections.abc import Mapping, Sequence
from typing import Final

from ytcaption.answers import Answer, Moment
from ytcaption.logins import ShownUrl

__all__ = [
    "AudioTrack",
    "Job",
    "JobPage",
    "JobSummary",
    "JobWarning",
    "Quality",
    "Segment",
    "SpokenLanguage",
    "Stage",
    "Submission",
    "Video",
]

_OVER: Final = frozenset({"completed", "failed", "cancelled"})


class Submission(Answer):
    """A job that was accepted."""

    job_id: str
    status: str
    youtube_url: ShownUrl


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
    language: str | None = None
    """ISO code of what is spoken in it."""
    confidence: float | None = None
    """How sure the transcriber is of its words, from 0 to 1."""
    no_speech: float | None = None
    """How likely the model finds that nobody speaks, from 0 to 1."""
    speaker: str | None = None


class JobWarning(Answer):
    """Something that is missing, doubtful or unusual in a result."""

    code: str
    """A stable name: ``no_speech``, ``truncated_source``, ``speech_without_text``,
    ``low_confidence``, ``language_changes``, ``several_tracks``, ``clipped`` or
    ``damaged_packets``."""
    detail: str = ""
    """One sentence in English."""
    start: float | None = None
    """Seconds on the recording's time line; nothing where it holds for all of the recording."""
    end: float | None = None


class Quality(Answer):
    """How much of the speech became text."""

    speech_s: float
    """Seconds of speech that were detected."""
    transcribed_s: float
    """Seconds of it that have words."""
    mean_confidence: float | None = None
    """From 0 to 1, over all words."""


class SpokenLanguage(Answer):
    """A language that is spoken in a recording."""

    code: str
    seconds: float


class AudioTrack(Answer):
    """One of the audio tracks of a recording's file."""

    number: int
    """From 1; what ``audio_track`` chooses by."""
    language: str | None = None
    title: str | None = None
    codec: str | None = None
    channels: int | None = None
    default: bool = False
    """Whether the file names it as its default."""
    chosen: bool = False
    """Whether it was transcribed."""


class Video(Answer):
    """What is known of a video."""

    title: str | None = None
    duration_s: float | None = None
    uploader: str | None = None
    thumbnail: str | None = None


class Job(Answer):
    """Everything about a job."""

    job_id: str
    youtube_url: ShownUrl
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
    error_retryable: bool | None = None
    """Whether the same job may succeed later; nothing unless it failed."""
    warnings: Sequence[JobWarning] = ()
    """What is missing, doubtful or unusual, from the download to the transcription."""
    quality: Quality | None = None
    languages: Sequence[SpokenLanguage] = ()
    """The most spoken one first."""
    audio_tracks: Sequence[AudioTrack] = ()
    """Of the file; known once it is normalized."""
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
    youtube_url: ShownUrl
    title: str | None = None
    status: str
    progress: float
    warning_count: int = 0
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
