"""The stages of the pipeline as data: their services, tasks and submitted fields. Pure.

To add a stage, add an entry here, and a task in the chain of ``tasks/stages.py``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from orchestrator.domain.job import CaptionsChoice, Channels, Job, JobOptions, JobRequest, JobStatus
from orchestrator.domain.languages import AUTO

__all__ = [
    "SERVICES",
    "STAGES",
    "Service",
    "Stage",
    "asks_for_captions",
    "stage_before",
    "stage_named",
    "stages_of",
]


@dataclass(frozen=True)
class Service:
    """A microservice, with the defaults of its settings."""

    name: str
    default_url: str
    default_timeout_s: float
    """The time limit of one whole transfer to or from it."""

    @property
    def variable(self) -> str:
        """The prefix of the service's environment variables."""
        return self.name.upper().replace("-", "_")


@dataclass(frozen=True)
class Stage:
    """One stage of the pipeline."""

    name: str
    """The stage's name in the API and the store."""
    task: str
    """The Celery task that executes a turn of the stage."""
    running: JobStatus
    """The status of jobs in this stage."""
    service: Service
    weight: float
    """The stage's share of a job's duration, measured with a ten-minute video."""
    fields: Callable[[str, JobOptions], Mapping[str, Any]]
    """Returns the fields to submit, given the job's URL and options."""
    submitted: str
    """The log message after the submission; ``%s`` is the service's job id."""
    takes_audio: bool = True
    """Whether the artifact of the previous stage is uploaded (multipart), or only JSON is sent."""
    default_filename: str = "audio"
    """The artifact's name if the service sends none."""
    gives_transcript: bool = False
    """Whether the stage produces the transcript."""
    gives_captions: bool = False
    """Whether the stage may find the publisher's captions, which complete the job."""


def _flag(value: bool) -> str:  # noqa: FBT001 - encodes a boolean for the services
    return "true" if value else "false"


def _download_fields(url: str, options: JobOptions) -> dict[str, str]:
    fields = {"url": url, "quality": "audio"}
    if options.captions is CaptionsChoice.PREFER:  # optional: not every service supports it
        fields["captions"] = options.language_out or options.language
    return fields


def _normalization_fields(_url: str, options: JobOptions) -> dict[str, str]:
    fields = {
        "remove_noise": _flag(options.remove_noise),
        "convert_to_mono": _flag(options.convert_to_mono),
        "apply_highpass_filter": _flag(options.apply_highpass_filter),
        "set_sample_rate_16k": _flag(options.set_sample_rate_16k),
        "isolate_vocals": _flag(options.isolate_vocals),
        **_channels(options),
    }
    if options.audio_track is not None:
        fields["audio_track"] = str(options.audio_track)
    if options.language != AUTO:  # selects the audio track in this language
        fields["language"] = options.language
    return fields


def _channels(options: JobOptions) -> dict[str, str]:
    """Return the field for the channels; the services' default is omitted."""
    return {} if options.channels is Channels.AUTO else {"channels": options.channels.value}


def _transcription_fields(_url: str, options: JobOptions) -> dict[str, str]:
    fields = {"language_in": options.language}
    if options.language_out:
        fields["language_out"] = options.language_out
    if options.vocabulary:
        fields["hotwords"] = ", ".join(options.vocabulary)
    if options.diarize:  # optional: not every service supports it
        fields["diarize"] = "true"
    return fields | _channels(options)


STAGES: Final = (
    Stage(
        name="download",
        task="download",
        running=JobStatus.DOWNLOADING,
        service=Service("video-downloader", "http://localhost:8001", 300),
        weight=0.15,
        fields=_download_fields,
        submitted="Video job submitted: %s",
        takes_audio=False,
        gives_captions=True,
    ),
    Stage(
        name="normalization",
        task="normalize",
        running=JobStatus.NORMALIZING,
        service=Service("audio-normalization", "http://localhost:8002", 180),
        weight=0.10,
        fields=_normalization_fields,
        submitted="Audio job submitted: %s",
        default_filename="audio_normalized.webm",
    ),
    Stage(
        name="transcription",
        task="transcribe",
        running=JobStatus.TRANSCRIBING,
        service=Service("audio-transcriber", "http://localhost:8003", 600),
        weight=0.75,
        fields=_transcription_fields,
        submitted="Transcription job submitted: %s",
        default_filename="transcription.srt",
        gives_transcript=True,
    ),
)

SERVICES: Final = {stage.service.name: stage.service for stage in STAGES}
_BY_NAME: Final = {stage.name: stage for stage in STAGES}


def stage_named(name: str) -> Stage:
    """Return a stage by its name.

    Raises:
        KeyError: The pipeline has no such stage.
    """
    return _BY_NAME[name]


def stage_before(stage: Stage) -> Stage:
    """Return the previous stage, whose artifact this one takes; the first stage has itself."""
    return STAGES[max(0, STAGES.index(stage) - 1)]


def stages_of(request: JobRequest) -> tuple[Stage, ...]:
    """Return the stages of a request; an upload skips the download."""
    return tuple(stage for stage in STAGES if stage.takes_audio or request.upload is None)


def asks_for_captions(stage: Stage, job: Job) -> bool:
    """Return whether a stage requests the publisher's captions for a job."""
    return stage.gives_captions and job.options.captions is CaptionsChoice.PREFER
