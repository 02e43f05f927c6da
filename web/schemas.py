"""What goes over the wire, in both directions."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from orchestrator.access import Caller
from orchestrator.job import (
    CaptionsChoice,
    Job,
    JobOptions,
    JobRequest,
    JobStatus,
    Origin,
    Priority,
    StageRecord,
    StageStatus,
    Transcript,
    Upload,
)
from orchestrator.languages import ISO_639_1
from orchestrator.pipeline import STAGES
from orchestrator.settings import Settings

__all__ = [
    "JobDetail",
    "Moment",
    "PipelineAccepted",
    "PipelineOptions",
    "PipelineRequest",
    "SourceAddress",
    "StageDetail",
    "to_rfc3339",
]

_LEAST_PROGRESS = 5.0  # below it an estimate would be a guess
_LONGEST_URL = 2048  # what browsers and proxies carry


def to_rfc3339(moment: datetime) -> str:
    """Return an instant as the API writes it: UTC, milliseconds, ``Z`` (RFC 3339)."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _known_language(code: str) -> str:
    code = code.strip().lower()
    if code not in ISO_639_1:
        raise PydanticCustomError(
            "unknown_language", "{code} is not a language code of ISO 639-1", {"code": repr(code)}
        )
    return code


def _known_or_auto(code: str) -> str:
    return "auto" if code.strip().lower() == "auto" else _known_language(code)


Moment = Annotated[datetime, PlainSerializer(to_rfc3339, return_type=str)]
MetadataKey = Annotated[str, Field(pattern=r"^[^:]+$", max_length=40)]
MetadataValue = Annotated[str, Field(max_length=500)]
# Said by hand, since the model's own schema does not say what keys may be.
_METADATA_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "maxProperties": 16,
    "propertyNames": {"pattern": "^[^:]+$", "maxLength": 40},
    "additionalProperties": {"type": "string", "maxLength": 500},
}
Metadata = Annotated[
    dict[MetadataKey, MetadataValue], Field(max_length=16), WithJsonSchema(_METADATA_SCHEMA)
]
# Documented more narrowly than it is accepted: IDN hosts, ports and user names pass too.
_ADDRESS_PATTERN: Final = r"^https?://[a-z0-9-]+(\.[a-z0-9-]+)*(/[!-\[\]-~]*)?$"
SourceAddress = Annotated[
    str,
    Field(
        min_length=1,
        max_length=_LONGEST_URL,
        json_schema_extra={"pattern": _ADDRESS_PATTERN},
    ),
]
Switch = Annotated[bool, Field(strict=True)]  # 0 and "yes" are mistakes, in JSON
_CODES: Final[list[Any]] = sorted(ISO_639_1)
Language = Annotated[
    str, AfterValidator(_known_language), Field(json_schema_extra={"enum": _CODES})
]
LanguageOrAuto = Annotated[
    str, AfterValidator(_known_or_auto), Field(json_schema_extra={"enum": ["auto", *_CODES]})
]


class PipelineOptions(BaseModel):
    """What may be chosen for a video. What is left out takes the operator's default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: LanguageOrAuto | None = None
    language_out: Language | None = None
    remove_noise: Switch | None = None
    convert_to_mono: Switch | None = None
    apply_highpass_filter: Switch = False
    set_sample_rate_16k: Switch | None = None
    isolate_vocals: Switch = False
    vocabulary: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = Field(
        (), max_length=100, description="Names and terms that are spoken."
    )
    captions: CaptionsChoice = Field(
        CaptionsChoice.IGNORE,
        description="`prefer` takes the publisher's own subtitles instead of a transcription, "
        "where the video has some in `language_out`, else in `language`; the job then has no "
        "audio, and `captions_source` says so. Means nothing for a file.",
        examples=["prefer"],
    )
    diarize: Switch = Field(
        default=False, description="Whether each segment says who speaks, as `speaker`."
    )
    metadata: Metadata = Field(
        default_factory=dict, description="Notes of your own; jobs can be listed by them."
    )
    callback_url: SourceAddress | None = Field(
        None, description="Where to send a signed notice when the job has ended."
    )
    priority: Priority = Priority.NORMAL
    force: Switch = False

    def to_request(
        self,
        settings: Settings,
        *,
        url: str,
        caller: Caller,
        origin: Origin | None = None,
        upload: Upload | None = None,
    ) -> JobRequest:
        """Return the request for one address or file, with the operator's defaults filled in."""
        chosen = {
            "language": (self.language, settings.default_language),
            "remove_noise": (self.remove_noise, settings.default_remove_noise),
            "convert_to_mono": (self.convert_to_mono, settings.default_convert_mono),
            "set_sample_rate_16k": (self.set_sample_rate_16k, settings.default_sample_rate_16k),
        }
        defaulted: dict[str, Any] = {
            name: default if value is None else value for name, (value, default) in chosen.items()
        }
        options = JobOptions(
            language_out=self.language_out,
            apply_highpass_filter=self.apply_highpass_filter,
            isolate_vocals=self.isolate_vocals,
            vocabulary=self.vocabulary,
            captions=self.captions,
            diarize=self.diarize,
            **defaulted,
        )
        return JobRequest(
            youtube_url=url.strip(),
            options=options,
            priority=self.priority,
            client=caller.name,
            owner=caller.owner,
            force=self.force,
            metadata=self.metadata,
            callback_url=self.callback_url.strip() if self.callback_url else None,
            upload=upload,
            origin=origin or Origin(),
        )


class PipelineRequest(PipelineOptions):
    """The body of ``POST /pipeline``."""

    youtube_url: SourceAddress


class VideoDetail(BaseModel):
    """What is known of the video."""

    title: str | None
    duration_s: float | None
    uploader: str | None
    thumbnail: str | None


class PipelineAccepted(BaseModel):
    """The answer to ``POST /pipeline``."""

    job_id: str
    status: JobStatus
    message: str
    youtube_url: str
    overall_progress: float


class StageDetail(BaseModel):
    """One stage of a job."""

    status: StageStatus
    job_id: str | None
    progress: float
    started_at: Moment | None
    completed_at: Moment | None
    attempt: int

    @classmethod
    def of(cls, record: StageRecord) -> "StageDetail":
        """Show what the store knows of a stage."""
        return cls(
            status=record.status,
            job_id=record.job_id,
            progress=record.progress,
            started_at=record.started_at,
            completed_at=record.completed_at,
            attempt=record.attempt,
        )


class JobDetail(BaseModel):
    """The answer to ``GET /jobs/{job_id}``; every key is always there."""

    job_id: str
    youtube_url: str
    status: JobStatus
    overall_progress: float
    created_at: Moment
    updated_at: Moment
    completed_at: Moment | None
    stages: Mapping[str, StageDetail]
    transcription_text: str | None
    transcription_segments: tuple[Mapping[str, Any], ...] | None
    detected_language: str | None
    captions_source: Literal["publisher", "transcription"] | None = Field(
        description="Who has made the text: the publisher, or the transcriber; `null` before."
    )
    captions_language: str | None = Field(
        description="The tag of the publisher's subtitles, e.g. `pt-BR`; `und` if not known."
    )
    transcription_file: str | None
    audio_file: str | None
    video: VideoDetail | None
    error_message: str | None
    error_code: str | None
    error_stage: str | None
    metadata: Mapping[str, str]
    callback_url: str | None
    queue_position: int | None
    eta_seconds: float | None = Field(
        description="About how long it will take, from how fast it went so far."
    )

    @classmethod
    def of(cls, job: Job, transcript: Transcript | None, queue_position: int | None) -> "JobDetail":
        """Show a job."""
        is_done = job.status is JobStatus.COMPLETED
        files = {stage.name: job.stages[stage.name].filename for stage in STAGES}
        return cls(
            job_id=job.job_id,
            youtube_url=job.request.youtube_url,
            status=job.status,
            overall_progress=job.overall_progress,
            created_at=job.created_at,
            updated_at=job.updated_at,
            completed_at=job.completed_at,
            stages={name: StageDetail.of(record) for name, record in job.stages.items()},
            transcription_text=transcript.text if transcript else None,
            transcription_segments=transcript.segments if transcript else None,
            detected_language=transcript.language if transcript else None,
            captions_source=_captions_source(job) if is_done else None,
            captions_language=job.captions_language,
            transcription_file=files["transcription"] if is_done else None,
            audio_file=files["normalization"] if is_done else None,
            video=VideoDetail(**asdict(job.video)) if job.video else None,
            error_message=job.error_message,
            error_code=job.error_code,
            error_stage=job.error_stage,
            metadata=job.request.metadata,
            callback_url=job.request.callback_url,
            queue_position=queue_position,
            eta_seconds=_estimate_s(job),
        )


class Probe(BaseModel):
    """The answer to ``GET /health/live`` and ``GET /health/ready``."""

    status: Literal["healthy", "unhealthy"]


class HealthReport(BaseModel):
    """The answer to ``GET /health``."""

    status: Literal["healthy", "degraded", "unhealthy"]
    service: str = "ytcaption-orchestrator"
    version: str
    timestamp: Moment
    microservices: Mapping[str, str]
    instances: Mapping[str, Mapping[str, str]] = Field(
        default_factory=dict,
        description="Each instance's own word by its address, for services that have several.",
    )
    breakers: Mapping[str, str]
    warnings: Sequence[str] = ()


def _captions_source(job: Job) -> Literal["publisher", "transcription"]:
    return "publisher" if job.captions_language else "transcription"


def _estimate_s(job: Job) -> float | None:
    """Return the seconds that a job will still take, if it goes on as it has begun."""
    worked = [record for record in job.stages.values() if record.started_at]
    if job.status.is_terminal or not worked or job.overall_progress < _LEAST_PROGRESS:
        return 0.0 if job.status is JobStatus.COMPLETED else None
    # Stage by stage: between a failure and a retry, nobody worked.
    spent_s = -job.waited_s
    for record in worked:
        ended = record.completed_at or job.updated_at
        spent_s += (ended - (record.started_at or ended)).total_seconds()
    left = (100 - job.overall_progress) / job.overall_progress
    return round(max(spent_s, 0.0) * left, 1)
