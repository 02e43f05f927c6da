"""How one fake service behaves; every field can be changed while it runs (``POST /control``)."""

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
    """How a service is down; one that refuses connections is a killed process instead."""

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
    """Whether ``updated_at`` and, in a failed job, ``error_code`` and ``retryable`` are there."""


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
    """The address at which it listens."""
    port: int = 0
    """0 takes a free one."""
    stage_s: float = 0.1
    """How long the work of a job takes, in seconds."""
    queued_s: float = 0.0
    """How long a job is reported as queued before its work starts, in seconds."""
    artifact_bytes: int = 100_000
    """Size of what the downloader and the normalizer make; at least 32 keeps them distinct."""
    warnings: tuple[dict[str, Any], ...] = ()
    """What a completed job warns of, in its details."""
    findings: dict[str, Any] = Field(default_factory=dict)
    """What else it reports there, e.g. ``audio_tracks``; the transcriber in its document too."""
    is_silent: bool = False
    """Whether the transcriber's input has no speech."""
    languages: tuple[str, ...] | None = None
    """Response of ``GET /languages``; ``None`` for a service without this endpoint."""
    translations: tuple[tuple[str, str], ...] = ()
    """The pairs that it lists beside them."""
    installed: tuple[str, ...] = ("diarize", "isolate_vocals")
    """Which of the optional parts it says are there."""
    title: str = ""
    """The title that the downloader reports; none if empty."""
    progress_step: float = 5.0
    """Points of progress between two ETags; 100 answers a waiting call at the end only."""
    honours_wait: bool = True
    tags_submissions: bool = True
    """Whether the answer to a submission has the job's ETag, as the answers to polls have."""
    honours_idempotency: bool = True
    captions: str | None = None
    """The tag of the subtitles that every video has; none where the service knows of none."""
    captions_answer: Literal["segments", "missing", "nonsense", "unavailable"] = "segments"
    refuses_captions: bool = False
    """Whether a submission that asks for subtitles is refused, for a field that is not known."""
    playlist: tuple[str, ...] | None = None
    """What every playlist lists; without it the service lists none."""
    is_playlist_truncated: bool = False
    gives_partials: bool = True
    """Whether a running transcription shows the segments that it has finished."""
    digest: bool = True
    """Whether downloads carry ``Repr-Digest``."""
    job_form: JobForm = Field(default_factory=JobForm)
    queue: int = 0
    """Unfinished jobs above which submissions are answered with 429; 0 is no bound."""
    retry_after_s: int = 1
    slow_s: float = 1.0
    """How long a slow answer takes, in seconds."""
    hidden_s: float = 0.3
    """How long a job hit by ``Fault.HIDDEN`` is answered with 404, in seconds."""
    faults: FaultPlan = Field(default_factory=FaultPlan)
    down: Down = Down.NO
    hold: bool = False
    """Keeps every job running, below 100 per cent, until it is set back."""
    fail_next: int = 0
    """So many of the next accepted jobs fail halfway with ``failure``."""
    failure: Failure = Field(default_factory=Failure)
    parent_pid: int = 0
    """Ends the process soon after its parent, if that is named, so that none is left behind."""
