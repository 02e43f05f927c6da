"""Response models of jobs."""

from collections.abc import Mapping, Sequence
from typing import Final

from ytcaption.logins import PublicUrl
from ytcaption.models import ApiModel, Moment

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


class Submission(ApiModel):
    """An accepted job."""

    job_id: str
    status: str
    youtube_url: PublicUrl


class Stage(ApiModel):
    """One stage of a job."""

    status: str
    """``pending``, ``processing``, ``completed``, ``failed``, ``skipped`` or ``cancelled``."""
    job_id: str | None = None
    """The service's own job id."""
    progress: float = 0.0
    """From 0 to 100."""
    started_at: Moment | None = None
    completed_at: Moment | None = None
    attempt: int = 1


class Segment(ApiModel):
    """A timed part of the transcript; times are in seconds from the start."""

    text: str
    start: float
    end: float
    duration: float
    language: str | None = None
    """The ISO code of the spoken language."""
    confidence: float | None = None
    """The transcriber's confidence in the words, from 0 to 1."""
    no_speech: float | None = None
    """The model's probability that there is no speech, from 0 to 1."""
    speaker: str | None = None


class JobWarning(ApiModel):
    """A missing, doubtful or unusual part of a result."""

    code: str
    """A stable code: ``no_speech``, ``truncated_source``, ``speech_without_text``,
    ``low_confidence``, ``language_changes``, ``several_tracks``, ``clipped`` or
    ``damaged_packets``."""
    detail: str = ""
    """One sentence in English."""
    start: float | None = None
    """The start in the recording, in seconds; ``None`` for the whole recording."""
    end: float | None = None


class Quality(ApiModel):
    """The share of speech that was transcribed."""

    speech_s: float
    """Seconds of detected speech."""
    transcribed_s: float
    """Seconds of that speech that have words."""
    mean_confidence: float | None = None
    """From 0 to 1, over all words."""


class SpokenLanguage(ApiModel):
    """A language spoken in a recording."""

    code: str
    seconds: float


class AudioTrack(ApiModel):
    """An audio track of a file."""

    number: int
    """The number for the option ``audio_track``, from 1."""
    language: str | None = None
    title: str | None = None
    codec: str | None = None
    channels: int | None = None
    default: bool = False
    """Whether it is the file's default track."""
    chosen: bool = False
    """Whether it was transcribed."""


class Video(ApiModel):
    """The metadata of a video."""

    title: str | None = None
    duration_s: float | None = None
    uploader: str | None = None
    thumbnail: str | None = None


class Job(ApiModel):
    """A job."""

    job_id: str
    youtube_url: PublicUrl
    status: str
    """``queued``, ``downloading``, ``normalizing``, ``transcribing``, ``completed``, ``failed`` or
    ``cancelled``."""
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
    """``publisher`` or ``transcription``; ``None`` until the job is completed."""
    captions_language: str | None = None
    video: Video | None = None
    error_message: str | None = None
    error_code: str | None = None
    error_stage: str | None = None
    error_retryable: bool | None = None
    """Whether a retry may succeed; ``None`` unless the job failed."""
    warnings: Sequence[JobWarning] = ()
    """The warnings of all stages."""
    quality: Quality | None = None
    languages: Sequence[SpokenLanguage] = ()
    """The most spoken one first."""
    audio_tracks: Sequence[AudioTrack] = ()
    """The file's audio tracks; known after the normalization."""
    metadata: Mapping[str, str] = {}
    queue_position: int | None = None
    eta_seconds: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether the job has ended, whatever its result."""
        return self.status in _OVER

    @property
    def is_completed(self) -> bool:
        """Whether the transcript is available."""
        return self.status == "completed"

    @property
    def name(self) -> str:
        """The video's title, or its URL if the title is not known."""
        return (self.video and self.video.title) or self.youtube_url


class JobSummary(ApiModel):
    """One job in a list."""

    job_id: str
    youtube_url: PublicUrl
    title: str | None = None
    status: str
    progress: float
    warning_count: int = 0
    created_at: Moment
    updated_at: Moment

    @property
    def name(self) -> str:
        """The video's title, or its URL if the title is not known."""
        return self.title or self.youtube_url


class JobPage(ApiModel):
    """A page of the list of jobs, newest first."""

    total: int
    """The number of matching jobs on all pages."""
    jobs: Sequence[JobSummary]
    next_cursor: str | None = None
    """The start of the next page; ``None`` on the last one."""
