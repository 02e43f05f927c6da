"""What goes over the wire, in both directions."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from orchestrator.domain.access import Caller
from orchestrator.domain.job import (
    CaptionsChoice,
    Channels,
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
from orchestrator.domain.pipeline import STAGES
from orchestrator.domain.sources import Source
from orchestrator.settings import Settings
from web.schemas.fields import (
    AudioTrackChoice,
    Language,
    LanguageOrAuto,
    Metadata,
    SourceAddress,
    Switch,
)
from web.schemas.findings import AudioTrackDetail, LanguageDetail, QualityDetail, WarningDetail

__all__ = [
    "JobDetail",
    "Moment",
    "PipelineAccepted",
    "PipelineOptions",
    "PipelineRequest",
    "StageDetail",
    "to_rfc3339",
]

_LEAST_PROGRESS = 5.0  # below it an estimate would be a guess


def to_rfc3339(moment: datetime) -> str:
    """Return an instant as the API writes it: UTC, milliseconds, ``Z`` (RFC 3339)."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(to_rfc3339, return_type=str)]


class PipelineOptions(BaseModel):
    """What may be chosen for a video. What is left out takes the operator's default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: LanguageOrAuto | None = Field(
        None,
        description="The spoken language, or `auto` to detect it. Other spellings than the codes "
        "listed here are accepted too, e.g. `pt-BR`, `por` or `iw`.",
    )
    language_out: Language | None = Field(
        None, description="The language to translate to, spelled as `language`."
    )
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
    channels: Channels = Field(
        Channels.AUTO,
        description="`separate` transcribes each channel alone and names it in the segments, as "
        "`speaker`; `mix` transcribes all of them together. `auto` separates channels that "
        "clearly carry different voices.",
        examples=["separate"],
    )
    audio_track: AudioTrackChoice | None = Field(
        None,
        description="Which audio track of the file to transcribe: its number, from 1, or its "
        "language. By default the file's own default track, then `language`, then speech decide.",
        examples=[2],
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
            channels=self.channels,
            audio_track=self.audio_track,
            **defaulted,
        )
        return JobRequest(
            source=Source(url.strip()),
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
    youtube_url: str = Field(description="The video's URL, without a login that it may contain.")
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
    error_retryable: bool | None = Field(
        description="Whether the same job may succeed later; `null` unless it failed."
    )
    warnings: Sequence[WarningDetail] = Field(
        description="What is missing, doubtful or unusual in the result: of the download, the "
        "normalization and the transcription, in this order."
    )
    quality: QualityDetail | None = Field(
        description="`null` before the transcription, for the publisher's subtitles, and where "
        "the transcriber does not measure it."
    )
    languages: Sequence[LanguageDetail] = Field(
        description="The languages that are spoken, the most spoken one first."
    )
    audio_tracks: Sequence[AudioTrackDetail] = Field(
        description="The audio tracks of the file, known once it is normalized."
    )
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
        found = job.findings
        return cls(
            job_id=job.job_id,
            youtube_url=job.request.source.public_url,
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
            error_retryable=job.error_retryable,
            warnings=[WarningDetail.of(one) for one in found.warnings],
            quality=QualityDetail.of(found.quality),
            languages=[LanguageDetail.of(one) for one in found.languages],
            audio_tracks=[AudioTrackDetail.of(one) for one in found.audio_tracks],
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
