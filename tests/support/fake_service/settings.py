"""Settings of a fake service, which can be changed while it runs (``POST /control``)."""

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tests.support.fake_service.faults import FaultPlan


class Role(StrEnum):
    """The role of a fake microservice."""

    DOWNLOADER = "downloader"
    NORMALIZER = "normalizer"
    TRANSCRIBER = "transcriber"


class Down(StrEnum):
    """Kinds of outages; to refuse connections, kill the process."""

    NO = "no"
    UNAVAILABLE = "unavailable"  # 503 to everything, without Retry-After
    RESETTING = "resetting"  # every connection is reset


class JobForm(BaseModel):
    """The form of job objects, out of those that the contract allows."""

    model_config = ConfigDict(frozen=True)

    identity: Literal["id", "job_id"] = "id"
    state: Literal["status", "state"] = "status"
    is_upper_case: bool = False
    running: str = "processing"
    done: str = "completed"
    failed: str = "failed"
    progress: Literal["percent", "fraction", "absent", "garbage"] = "percent"
    error: Literal["error", "error_message"] = "error"
    is_extended: bool = True
    """Whether jobs have ``updated_at`` and, if failed, ``error_code`` and ``retryable``."""


class Failure(BaseModel):
    """The error of a job that ``fail_next`` makes fail."""

    model_config = ConfigDict(frozen=True)

    code: str = "video_unavailable"
    message: str = "This video is not available"
    is_retryable: bool = False


class FakeSettings(BaseModel):
    """The behaviour of one fake service."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Role
    host: str = "127.0.0.1"
    """The IP address to listen on."""
    port: int = 0
    """The port; 0 for a free one."""
    stage_s: float = 0.1
    """Duration of a job's work, in seconds."""
    queued_s: float = 0.0
    """Duration of the status queued, in seconds."""
    artifact_bytes: int = 100_000
    """Size of artifacts; at least 32, to keep them distinct."""
    warnings: tuple[dict[str, Any], ...] = ()
    """Warnings in the details of a completed job."""
    findings: dict[str, Any] = Field(default_factory=dict)
    """Further details, e.g. ``audio_tracks``; the transcriber's document has them too."""
    is_silent: bool = False
    """Whether the transcriber's input has no speech."""
    languages: tuple[str, ...] | None = None
    """Response of ``GET /languages``; ``None`` for a service without this endpoint."""
    translations: tuple[tuple[str, str], ...] = ()
    """The translation pairs in the same response."""
    installed: tuple[str, ...] = ("diarize", "isolate_vocals")
    """The optional parts that it reports as installed."""
    title: str = ""
    """The title that the downloader reports; none if empty."""
    progress_step: float = 5.0
    """Points of progress between two ETags; with 100, waiting calls return at the end."""
    honours_wait: bool = True
    tags_submissions: bool = True
    """Whether the response to a submission has the job's ETag."""
    honours_idempotency: bool = True
    captions: str | None = None
    """The tag of every video's subtitles, if any."""
    captions_answer: Literal["segments", "missing", "nonsense", "unavailable"] = "segments"
    refuses_captions: bool = False
    """Whether submissions with ``captions`` are rejected as unknown field."""
    playlist: tuple[str, ...] | None = None
    """The entries of every playlist; ``None`` for a service without playlists."""
    is_playlist_truncated: bool = False
    gives_partials: bool = True
    """Whether a running transcription publishes its finished segments."""
    digest: bool = True
    """Whether downloads carry ``Repr-Digest``."""
    job_form: JobForm = Field(default_factory=JobForm)
    queue: int = 0
    """Maximum number of unfinished jobs before submissions get 429; 0 for no limit."""
    retry_after_s: int = 1
    slow_s: float = 1.0
    """Duration of a slow response, in seconds."""
    hidden_s: float = 0.3
    """Duration of 404 for a job with ``Fault.HIDDEN``, in seconds."""
    faults: FaultPlan = Field(default_factory=FaultPlan)
    down: Down = Down.NO
    hold: bool = False
    """Keeps every job running below 100 % while set."""
    fail_next: int = 0
    """Number of the next accepted jobs that fail halfway with ``failure``."""
    failure: Failure = Field(default_factory=Failure)
    parent_pid: int = 0
    """Process id of a parent; the process exits soon after it."""
