"""What a job is: its request, its stages, its statuses and its progress. Pure values."""

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
    """Where a job is; the words of the API."""

    QUEUED = "queued"  # accepted; no stage has begun
    DOWNLOADING = "downloading"
    NORMALIZING = "normalizing"
    TRANSCRIBING = "transcribing"
    COMPLETED = "completed"  # the transcript is there
    FAILED = "failed"  # a stage came to nothing; can be retried
    CANCELLED = "cancelled"  # somebody asked for it; can be retried

    @property
    def is_terminal(self) -> bool:
        """Whether a job stays so until somebody retries it."""
        return self in _TERMINAL


_TERMINAL: Final = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED})


class StageStatus(StrEnum):
    """Where one stage of a job is."""

    PENDING = "pending"  # not begun
    PROCESSING = "processing"  # a worker drives its remote job
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"  # not needed for this job
    CANCELLED = "cancelled"


class CaptionsChoice(StrEnum):
    """What becomes of the subtitles that a video's publisher has made."""

    IGNORE = "ignore"  # whatever is there, the audio is transcribed
    PREFER = "prefer"  # taken instead of a transcription, where there are some


class Channels(StrEnum):
    """What becomes of a recording's channels."""

    AUTO = "auto"  # heard alone where they clearly carry different voices, else mixed
    MIX = "mix"
    SEPARATE = "separate"  # each heard alone; the segments name theirs as speaker


class Priority(StrEnum):
    """Who goes first where jobs stand in line."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True)
class WakeUp:
    """A call to give a job's stage a turn; the number tells a lost one from a waiting one."""

    job_id: str
    stage: str
    number: int


@dataclass(frozen=True)
class Video:
    """What the downloader tells of the video; what it does not know is ``None``."""

    title: str | None = None
    duration_s: float | None = None
    uploader: str | None = None
    thumbnail: str | None = None
    """Address of a picture."""


@dataclass(frozen=True)
class JobOptions:
    """What the client chose."""

    language: str = "auto"
    """ISO 639-1 code of what is spoken, or ``auto``."""
    language_out: str | None = None
    """ISO 639-1 code to translate to; ``None`` for no translation."""
    remove_noise: bool = True
    convert_to_mono: bool = True
    apply_highpass_filter: bool = False
    set_sample_rate_16k: bool = True
    isolate_vocals: bool = False
    vocabulary: tuple[str, ...] = ()
    """Names and terms that the transcriber is to expect."""
    captions: CaptionsChoice = CaptionsChoice.IGNORE
    diarize: bool = False
    """Whether each segment is to say who speaks."""
    channels: Channels = Channels.AUTO
    audio_track: int | str | None = None
    """The number of the track to take, from 1, or its language; ``None`` for the best one."""


@dataclass(frozen=True)
class Upload:
    """A file that a client sent instead of an address."""

    filename: str
    """The client's name for it, without folders."""
    length_bytes: int
    sha256: str
    """Its checksum, in hexadecimal."""


@dataclass(frozen=True)
class Origin:
    """The HTTP request that a job came with, by the names that logs and traces know it by."""

    request_id: str = ""
    traceparent: str | None = None
    """W3C Trace Context: the span that all work on the job belongs below."""


@dataclass(frozen=True)
class JobRequest:
    """Everything that a client says when it submits a job."""

    source: Source
    options: JobOptions = JobOptions()
    priority: Priority = Priority.NORMAL
    client: str = "anonymous"
    """Who asks; clients take turns where jobs stand in line."""
    owner: str = ""
    """With whom finished work is shared: jobs of one owner reuse each other's."""
    force: bool = False
    """Do everything anew, whatever was done before."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """The client's own notes."""
    callback_url: str | None = None
    """Where the client wants to be told that the job has ended."""
    upload: Upload | None = None
    """The file whose job this is; there is nothing to download then."""
    origin: Origin = Origin()


@dataclass(frozen=True)
class StageRecord:
    """What is known of one stage of one job."""

    status: StageStatus = StageStatus.PENDING
    job_id: str | None = None
    """The service's id of the remote job."""
    instance: str | None = None
    """The address of the service that has it."""
    progress: float = 0.0
    """0 to 100."""
    attempt: int = 1
    """The number of the remote job that is worked on, from 1; part of the idempotency key."""
    failures: int = 0
    """Remote jobs that came to nothing since the stage was begun or retried."""
    segments: int = 0
    """Segments that its followers have been told."""
    lacks_partials: bool = False
    """Whether its remote job is known to show nothing before it is done."""
    etag: str | None = None
    """Names what was known of its remote job when a turn was handed back."""
    parks: int = 0
    """Times in a row that the service could not be used."""
    filename: str | None = None
    """The artifact's name."""
    findings: Findings = NOTHING
    """What its service reported when it was done."""
    work: str | None = None
    """The key of the work; stages with equal keys share one remote job."""
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None


@dataclass(frozen=True)
class Transcript:
    """The product: the text and its timed segments."""

    text: str
    segments: tuple[Mapping[str, Any], ...]
    """Each with ``text``, ``start``, ``end``, ``duration`` in seconds; if known, with ``words``,
    ``language``, ``confidence``, ``no_speech`` and ``speaker``."""
    language: str | None = None
    """What was spoken, as the transcriber detected it."""
    findings: Findings = NOTHING
    """The transcriber's, as it comes from the service; the whole job's, out of the store."""

    @property
    def has_words(self) -> bool:
        """Whether there is any text."""
        return bool(self.text.strip()) or any(one["text"].strip() for one in self.segments)


@dataclass(frozen=True)
class Acceptance:
    """What is told of a job as soon as it is stored."""

    job_id: str
    request: JobRequest
    status: JobStatus
    overall_progress: float
    """0 to 100."""


@dataclass(frozen=True)
class Job:
    """One request for one transcript, as it stands in the store."""

    job_id: str
    request: JobRequest
    status: JobStatus
    stage: str
    """The stage that it is in, or where it ended."""
    stages: Mapping[str, StageRecord]
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None = None
    overall_progress: float = 0.0
    """0 to 100, weighted by what the stages take; it never goes back."""
    video: Video | None = None
    """``None`` until the downloader knows."""
    captions_language: str | None = None
    """The tag of the publisher's subtitles, e.g. ``pt-BR``, where the transcript is these."""
    lacks_captions: bool = False
    """Whether the publisher's subtitles turned out to be of no use."""
    error_message: str | None = None
    error_code: str | None = None
    error_stage: str | None = None
    error_retryable: bool | None = None
    """Whether the same job may succeed later, where it failed."""
    job_limit_s: float = 0.0
    """The limits stamped into the job when it was submitted, in seconds."""
    stage_limit_s: float = 0.0
    deadline_job: datetime | None = None
    deadline_stage: datetime | None = None
    paused_at: datetime | None = None
    """Since when both clocks stand still; ``None`` while they run."""
    waited_s: float = 0.0
    """How long they stood still before that."""

    @property
    def options(self) -> JobOptions:
        """What is asked of the services: what the client chose, as far as it is of use."""
        chosen = self.request.options
        return replace(chosen, captions=CaptionsChoice.IGNORE) if self.lacks_captions else chosen

    @property
    def findings(self) -> Findings:
        """What all stages that are done reported of the recording."""
        return merge_findings(record.findings for record in self.stages.values())

    @property
    def current(self) -> StageRecord:
        """The record of the stage that the job is in."""
        return self.stages[self.stage]


def instant(milliseconds: int | str) -> datetime:
    """Return the UTC instant of a number of milliseconds since 1970."""
    return datetime.fromtimestamp(int(milliseconds) / 1000, tz=UTC)


def milliseconds(moment: datetime) -> int:
    """Return the milliseconds since 1970 of an instant."""
    return round(moment.timestamp() * 1000)
