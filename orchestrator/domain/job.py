"""Jobs: their requests, stages, statuses and progress. Pure values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from orchestrator.domain.findings import NOTHING, Findings, merge_findings
from orchestrator.domain.sources import Source

__all__ = [
    "Acceptance",
    "CaptionsChoice",
    "Channels",
    "Job",
    "JobOptions",
    "JobRequest",
    "JobStatus",
    "Origin",
    "Priority",
    "StageRecord",
    "StageStatus",
    "Transcript",
    "Upload",
    "Video",
    "WakeUp",
    "instant",
    "milliseconds",
]


class JobStatus(StrEnum):
    """The status of a job, as in the API."""

    QUEUED = "queued"  # accepted; no stage has started
    DOWNLOADING = "downloading"
    NORMALIZING = "normalizing"
    TRANSCRIBING = "transcribing"
    COMPLETED = "completed"  # the transcript is available
    FAILED = "failed"  # a stage failed; can be retried
    CANCELLED = "cancelled"  # cancelled on request; can be retried

    @property
    def is_terminal(self) -> bool:
        """Whether the job has ended; only an explicit retry changes the status."""
        return self in _TERMINAL


_TERMINAL: Final = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED})


class StageStatus(StrEnum):
    """The status of one stage of a job."""

    PENDING = "pending"  # not started
    PROCESSING = "processing"  # the remote job is submitted or about to be
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"  # not needed for this job
    CANCELLED = "cancelled"


class CaptionsChoice(StrEnum):
    """Whether the captions that a video's publisher made are used."""

    IGNORE = "ignore"  # always transcribe the audio
    PREFER = "prefer"  # use them instead of a transcription, if there are any


class Channels(StrEnum):
    """How a recording's channels are transcribed."""

    AUTO = "auto"  # separate if they clearly carry different voices, else mixed
    MIX = "mix"
    SEPARATE = "separate"  # one by one; each segment names its channel as the speaker


class Priority(StrEnum):
    """The priority of a job in the admission queue."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True)
class WakeUp:
    """A wake-up call for a stage of a job; its number distinguishes lost calls from queued ones."""

    job_id: str
    stage: str
    number: int


@dataclass(frozen=True)
class Video:
    """The video's metadata as the downloader reports it; unknown fields are ``None``."""

    title: str | None = None
    duration_s: float | None = None
    uploader: str | None = None
    thumbnail: str | None = None
    """The URL of an image."""


@dataclass(frozen=True)
class JobOptions:
    """The options of a job."""

    language: str = "auto"
    """The spoken language as an ISO 639-1 code, or ``auto``."""
    language_out: str | None = None
    """The language to translate into as an ISO 639-1 code; ``None`` for no translation."""
    remove_noise: bool = True
    convert_to_mono: bool = True
    apply_highpass_filter: bool = False
    set_sample_rate_16k: bool = True
    isolate_vocals: bool = False
    vocabulary: tuple[str, ...] = ()
    """Names and terms that the transcriber should expect."""
    captions: CaptionsChoice = CaptionsChoice.IGNORE
    diarize: bool = False
    """Whether to label each segment with its speaker."""
    channels: Channels = Channels.AUTO
    audio_track: int | str | None = None
    """The track to transcribe: its number, from 1, or its language; ``None`` for the best one."""


@dataclass(frozen=True)
class Upload:
    """A file that a client sent instead of a URL."""

    filename: str
    """The client's file name, without folders."""
    length_bytes: int
    sha256: str
    """The checksum of the content, in hexadecimal."""


@dataclass(frozen=True)
class Origin:
    """The HTTP request that created a job, as identified in logs and traces."""

    request_id: str = ""
    traceparent: str | None = None
    """The parent span of all work on the job (W3C Trace Context)."""


@dataclass(frozen=True)
class JobRequest:
    """Everything that a client submits for a job."""

    source: Source
    options: JobOptions = JobOptions()
    priority: Priority = Priority.NORMAL
    client: str = "anonymous"
    """The client's name; clients take turns in the admission queue."""
    owner: str = ""
    """The owner; jobs of one owner share their work."""
    force: bool = False
    """Whether to repeat all work instead of reusing earlier results."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """The client's own metadata."""
    callback_url: str | None = None
    """The URL for the webhook when the job has ended."""
    upload: Upload | None = None
    """The uploaded file, if any; the job then has no download."""
    origin: Origin = Origin()


@dataclass(frozen=True)
class StageRecord:
    """The state of one stage of a job."""

    status: StageStatus = StageStatus.PENDING
    job_id: str | None = None
    """The service's id of the remote job."""
    instance: str | None = None
    """The URL of the instance that runs the remote job."""
    progress: float = 0.0
    """0 to 100."""
    attempt: int = 1
    """The number of the current remote job, from 1; part of the idempotency key."""
    failures: int = 0
    """The number of failed remote jobs since the stage was started or retried."""
    segments: int = 0
    """The number of segments that were published as events."""
    lacks_partials: bool = False
    """Whether the remote job is known to have no partial results."""
    etag: str | None = None
    """The ETag of the remote job's status when a turn was handed back."""
    parks: int = 0
    """The number of consecutive times that the service was unavailable."""
    filename: str | None = None
    """The artifact's name."""
    findings: Findings = NOTHING
    """The findings that the service reported on completion."""
    work: str | None = None
    """The key of the work; stages with equal keys share one remote job."""
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None


@dataclass(frozen=True)
class Transcript:
    """A transcript: the text and its timed segments."""

    text: str
    segments: tuple[Mapping[str, Any], ...]
    """Each with ``text``, ``start``, ``end``, ``duration`` in seconds; if known, with ``words``,
    ``language``, ``confidence``, ``no_speech`` and ``speaker``."""
    language: str | None = None
    """The detected language."""
    findings: Findings = NOTHING
    """The transcriber's as read from the service; the whole job's as read from the store."""

    @property
    def has_words(self) -> bool:
        """Whether there is any text."""
        return bool(self.text.strip()) or any(one["text"].strip() for one in self.segments)


@dataclass(frozen=True)
class Acceptance:
    """The response to an accepted submission."""

    job_id: str
    request: JobRequest
    status: JobStatus
    overall_progress: float
    """0 to 100."""


@dataclass(frozen=True)
class Job:
    """A request for one transcript, and its state in the store."""

    job_id: str
    request: JobRequest
    status: JobStatus
    stage: str
    """The current stage, or the last one."""
    stages: Mapping[str, StageRecord]
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None = None
    overall_progress: float = 0.0
    """0 to 100, weighted by the durations of stages; never decreases."""
    video: Video | None = None
    """``None`` until the downloader reports it."""
    captions_language: str | None = None
    """The language tag (``pt-BR``) of the publisher's captions, if they are the transcript."""
    lacks_captions: bool = False
    """Whether the publisher's captions turned out to be unusable."""
    error_message: str | None = None
    error_code: str | None = None
    error_stage: str | None = None
    error_retryable: bool | None = None
    """Whether a retry may succeed; ``None`` unless the job failed."""
    job_limit_s: float = 0.0
    """The time limit of the whole job, as set when it was submitted."""
    stage_limit_s: float = 0.0
    deadline_job: datetime | None = None
    deadline_stage: datetime | None = None
    paused_at: datetime | None = None
    """The instant since which both deadlines are paused; ``None`` while they run."""
    waited_s: float = 0.0
    """The total of earlier pauses of the deadlines."""

    @property
    def options(self) -> JobOptions:
        """The client's options, without captions if these turned out to be unusable."""
        chosen = self.request.options
        return replace(chosen, captions=CaptionsChoice.IGNORE) if self.lacks_captions else chosen

    @property
    def findings(self) -> Findings:
        """The merged findings of all stages."""
        return merge_findings(record.findings for record in self.stages.values())

    @property
    def current(self) -> StageRecord:
        """The record of the stage that the job is in."""
        return self.stages[self.stage]


def instant(milliseconds: int | str) -> datetime:
    """Convert milliseconds since 1970 to a UTC instant."""
    return datetime.fromtimestamp(int(milliseconds) / 1000, tz=UTC)


def milliseconds(moment: datetime) -> int:
    """Convert an instant to milliseconds since 1970."""
    return round(moment.timestamp() * 1000)
