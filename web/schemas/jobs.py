"""Schemas of jobs and of health."""

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
    SourceUrl,
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

_MIN_PROGRESS = 5.0  # below it an estimate would be a guess


def to_rfc3339(moment: datetime) -> str:
    """Format an instant in UTC with milliseconds and ``Z`` (RFC 3339)."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(to_rfc3339, return_type=str)]


class PipelineOptions(BaseModel):
    """Options of a job. Omitted options use the operator's defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: LanguageOrAuto | None = Field(
        None,
        description="The spoken language, or `auto` to detect it. Other spellings of the listed "
        "codes are accepted, for example `pt-BR`, `por` or `iw`.",
    )
    language_out: Language | None = Field(
        None, description="The language to translate the transcript to."
    )
    remove_noise: Switch | None = Field(None, description="Reduce background noise.")
    convert_to_mono: Switch | None = Field(None, description="Mix all channels into one.")
    apply_highpass_filter: Switch = Field(
        default=False, description="Remove low frequencies such as wind and hum."
    )
    set_sample_rate_16k: Switch | None = Field(None, description="Resample to 16 kHz.")
    isolate_vocals: Switch = Field(
        default=False, description="Separate the voice from music. Slower; helps with loud music."
    )
    vocabulary: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = Field(
        (),
        max_length=100,
        description="Names and uncommon terms in the recording, which improve their recognition.",
    )
    captions: CaptionsChoice = Field(
        CaptionsChoice.IGNORE,
        description="`prefer` uses the publisher's subtitles instead of a transcription, if the "
        "video has any in `language_out`, otherwise in `language`. The job then has no audio, "
        "and its `captions_source` is `publisher`. Ignored for uploads.",
        examples=["prefer"],
    )
    diarize: Switch = Field(
        default=False, description="Identify the speakers and set `speaker` in each segment."
    )
    channels: Channels = Field(
        Channels.AUTO,
        description="`separate` transcribes each channel on its own and sets `speaker` to the "
        "channel; `mix` transcribes all channels together; `auto` separates channels that "
        "clearly carry different voices.",
        examples=["separate"],
    )
    audio_track: AudioTrackChoice | None = Field(
        None,
        description="The audio track to transcribe: its number, from 1, or its language. If it is "
        "omitted, the file's default track is used, then one in `language`, then one with speech.",
        examples=[2],
    )
    metadata: Metadata = Field(
        default_factory=dict,
        description="Up to 16 key-value pairs of your own. `GET /jobs` can filter by them.",
    )
    callback_url: SourceUrl | None = Field(
        None, description="URL that receives a signed webhook when the job ends."
    )
    priority: Priority = Field(
        Priority.NORMAL, description="Jobs with a higher priority leave the queue first."
    )
    force: Switch = Field(
        default=False, description="Process the video again even if a previous result exists."
    )

    def to_request(
        self,
        settings: Settings,
        *,
        url: str,
        caller: Caller,
        origin: Origin | None = None,
        upload: Upload | None = None,
    ) -> JobRequest:
        """Return the job request for a URL or file, with the operator's defaults applied."""
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
    """Body of ``POST /pipeline``."""

    youtube_url: SourceUrl = Field(description="The URL of the video.")


class VideoDetail(BaseModel):
    """Metadata of the video, as reported by its source."""

    title: str | None
    duration_s: float | None = Field(description="Duration in seconds.")
    uploader: str | None
    thumbnail: str | None = Field(description="URL of the thumbnail image.")


class PipelineAccepted(BaseModel):
    """Response of ``POST /pipeline``."""

    job_id: str
    status: JobStatus
    message: str = Field(description="A confirmation for people, in the caller's language.")
    youtube_url: str
    overall_progress: float


class StageDetail(BaseModel):
    """A stage of a job."""

    status: StageStatus
    job_id: str | None = Field(description="Id of the job at the service.")
    progress: float = Field(description="Progress from 0 to 100.")
    started_at: Moment | None
    completed_at: Moment | None
    attempt: int = Field(description="Number of the current attempt, from 1.")

    @classmethod
    def of(cls, record: StageRecord) -> "StageDetail":
        """Create from a stage record."""
        return cls(
            status=record.status,
            job_id=record.job_id,
            progress=record.progress,
            started_at=record.started_at,
            completed_at=record.completed_at,
            attempt=record.attempt,
        )


class JobDetail(BaseModel):
    """Response of ``GET /jobs/{job_id}``. Every key is always present."""

    job_id: str
    youtube_url: str = Field(description="The URL of the video, without user name and password.")
    status: JobStatus
    overall_progress: float = Field(description="Progress of all stages from 0 to 100.")
    created_at: Moment
    updated_at: Moment
    completed_at: Moment | None
    stages: Mapping[str, StageDetail] = Field(
        description="The stages `download`, `normalization` and `transcription`."
    )
    transcription_text: str | None = Field(
        description="The whole text; `null` until the transcription has completed."
    )
    transcription_segments: tuple[Mapping[str, Any], ...] | None = Field(
        description="Segments with `text`, `start`, `end` and `duration` in seconds. The "
        "transcript as JSON also has their words."
    )
    detected_language: str | None = Field(description="Language of the speech.")
    captions_source: Literal["publisher", "transcription"] | None = Field(
        description="Origin of the text: the publisher's subtitles or a transcription; `null` "
        "until the job has completed."
    )
    captions_language: str | None = Field(
        description="Language tag of the publisher's subtitles, such as `pt-BR`; `und` if unknown."
    )
    transcription_file: str | None = Field(
        description="File name of the subtitles at the service; `null` until the job has completed."
    )
    audio_file: str | None = Field(
        description="File name of the audio at the service; `null` until the job has completed."
    )
    video: VideoDetail | None
    error_message: str | None = Field(description="Why the job failed, in English.")
    error_code: str | None = Field(description="Stable code of the failure.")
    error_stage: str | None = Field(description="The stage that failed.")
    error_retryable: bool | None = Field(
        description="Whether a retry may succeed; `null` unless the job failed."
    )
    warnings: Sequence[WarningDetail] = Field(
        description="Defects, uncertainties and peculiarities of the result, in the order of the "
        "stages."
    )
    quality: QualityDetail | None = Field(
        description="`null` before the transcription, for the publisher's subtitles, and if the "
        "transcriber does not report it."
    )
    languages: Sequence[LanguageDetail] = Field(
        description="The spoken languages, the most frequent first."
    )
    audio_tracks: Sequence[AudioTrackDetail] = Field(
        description="The audio tracks of the file; empty until the normalization has completed."
    )
    metadata: Mapping[str, str] = Field(description="The metadata of the request.")
    callback_url: str | None
    queue_position: int | None = Field(
        description="Position in the admission queue, from 1; `null` if the job is not in it."
    )
    eta_seconds: float | None = Field(
        description="Estimated seconds until completion, extrapolated from the progress so far."
    )

    @classmethod
    def of(cls, job: Job, transcript: Transcript | None, queue_position: int | None) -> "JobDetail":
        """Create from a job, its transcript and its position in the queue."""
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
    """Response of ``GET /health/live`` and ``GET /health/ready``."""

    status: Literal["healthy", "unhealthy"]


class HealthReport(BaseModel):
    """Response of ``GET /health``."""

    status: Literal["healthy", "degraded", "unhealthy"]
    service: str = "ytcaption-orchestrator"
    version: str
    timestamp: Moment
    microservices: Mapping[str, str] = Field(description="Health by service.")
    instances: Mapping[str, Mapping[str, str]] = Field(
        default_factory=dict,
        description="Health of each instance by its URL, for services with several.",
    )
    breakers: Mapping[str, str] = Field(description="State of the circuit breaker by service.")
    warnings: Sequence[str] = Field(
        (), description="Insecure settings, for example missing API keys."
    )


def _captions_source(job: Job) -> Literal["publisher", "transcription"]:
    return "publisher" if job.captions_language else "transcription"


def _estimate_s(job: Job) -> float | None:
    """Extrapolate the remaining seconds of a job from its progress so far."""
    started = [record for record in job.stages.values() if record.started_at]
    if job.status.is_terminal or not started or job.overall_progress < _MIN_PROGRESS:
        return 0.0 if job.status is JobStatus.COMPLETED else None
    # Sum the stages: the time between a failure and a retry does not count.
    spent_s = -job.waited_s
    for record in started:
        ended = record.completed_at or job.updated_at
        spent_s += (ended - (record.started_at or ended)).total_seconds()
    remaining_ratio = (100 - job.overall_progress) / job.overall_progress
    return round(max(spent_s, 0.0) * remaining_ratio, 1)
