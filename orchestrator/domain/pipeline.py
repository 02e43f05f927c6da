"""The pipeline as data: which stages there are, who does them, and what is sent to whom.

Adding a stage is a new entry here, and a task and its position in the chain in ``tasks/stages.py``.
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
    """A microservice: its name, and what its settings are where the environment is silent."""

    name: str
    default_url: str
    default_timeout_s: float
    """The limit on one whole transfer to or from it."""

    @property
    def variable(self) -> str:
        """The service's name as environment variables spell it."""
        return self.name.upper().replace("-", "_")


@dataclass(frozen=True)
class Stage:
    """One stage of the pipeline."""

    name: str
    """Its name in the API and the store."""
    task: str
    """The Celery task that gives it a turn."""
    running: JobStatus
    """The status of a job while it is in this stage."""
    service: Service
    weight: float
    """Its share of the whole work, from what the stages take on a ten-minute video."""
    fields: Callable[[str, JobOptions], Mapping[str, Any]]
    """What is sent, from the job's address and options."""
    submitted: str
    """The log message when the service has accepted it; ``%s`` is the service's job id."""
    takes_audio: bool = True
    """Whether the artifact of the stage before is uploaded (multipart) or only JSON is sent."""
    default_filename: str = "audio"
    """The artifact's name where the service gives none."""
    gives_transcript: bool = False
    """Whether the transcript is fetched when it is done."""
    gives_captions: bool = False
    """Whether it may come upon the publisher's own subtitles, and be the last stage then."""


def _flag(value: bool) -> str:  # noqa: FBT001 - the services' text form of a boolean
    return "true" if value else "false"


def _download_fields(url: str, options: JobOptions) -> dict[str, str]:
    fields = {"url": url, "quality": "audio"}
    if options.captions is CaptionsChoice.PREFER:  # else not sent: not every service knows it
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
    if options.language != AUTO:  # of several audio tracks, the one in this language is wanted
        fields["language"] = options.language
    return fields


def _channels(options: JobOptions) -> dict[str, str]:
    """Return the field for the channels; the services' own default is not sent."""
    return {} if options.channels is Channels.AUTO else {"channels": options.channels.value}


def _transcription_fields(_url: str, options: JobOptions) -> dict[str, str]:
    fields = {"language_in": options.language}
    if options.language_out:
        fields["language_out"] = options.language_out
    if options.vocabulary:
        fields["hotwords"] = ", ".join(options.vocabulary)
    if options.diarize:  # else not sent: not every service knows it
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
    """Return the stage of that name.

    Raises:
        KeyError: The pipeline has no such stage.
    """
    return _BY_NAME[name]


def stage_before(stage: Stage) -> Stage:
    """Return the stage that makes what this one takes; the first one itself for the first."""
    return STAGES[max(0, STAGES.index(stage) - 1)]


def stages_of(request: JobRequest) -> tuple[Stage, ...]:
    """Return the stages that a job goes through: with an upload there is nothing to download."""
    return tuple(stage for stage in STAGES if stage.takes_audio or request.upload is None)


def asks_for_captions(stage: Stage, job: Job) -> bool:
    """Tell whether a stage of a job is to look for the publisher's own subtitles."""
    return stage.gives_captions and job.options.captions is CaptionsChoice.PREFER
