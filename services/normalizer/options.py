"""The options of a submission to the normalizer."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints

from services.normalizer.isolation import check_isolation
from services.normalizer.settings import NormalizerSettings

Channels = Literal["auto", "mix", "separate"]
TRACK = re.compile(r"[1-9][0-9]{0,3}|[a-z]{2,3}([-_][a-z0-9]{2,8})*", re.IGNORECASE)


def _take_empty(value: object) -> object:
    """Treat an empty form field as missing."""
    return (value.strip() or None) if isinstance(value, str) else value


def _check_track(value: str | None) -> str | None:
    if value is not None and not TRACK.fullmatch(value):
        raise ValueError("must be a track number from 1 or a language code such as en or pt-BR")
    return value


class SubmissionOptions(BaseModel):
    """Options of a normalization: filters, audio track, channels and output format."""

    model_config = ConfigDict(frozen=True)

    remove_noise: bool = True
    """Remove steady background noise."""
    convert_to_mono: bool = True
    """Mix all channels into one."""
    apply_highpass_filter: bool = False
    """Cut rumble below the human voice."""
    set_sample_rate_16k: bool = True
    """Resample to 16 kHz, the rate of speech recognition."""
    isolate_vocals: bool = False
    """Separate the voice from music."""
    output_format: Literal["webm", "flac", "wav"] = "webm"
    """Opus in WebM, which is small, or a lossless format."""
    channels: Annotated[Channels, BeforeValidator(lambda value: _take_empty(value) or "auto")] = (
        "auto"
    )
    """``mix`` all channels, keep channels with voices ``separate``, or keep them separate only if
    they are clearly different voices (``auto``)."""
    audio_track: Annotated[
        str | None, BeforeValidator(_take_empty), AfterValidator(_check_track)
    ] = None
    """The track to use: its number, from 1, or its language."""
    language: Annotated[
        Annotated[str, StringConstraints(max_length=40)] | None, BeforeValidator(_take_empty)
    ] = None
    """The expected language, to choose an audio track; ``auto`` for unknown."""


def check(options: SubmissionOptions, settings: NormalizerSettings | None = None) -> None:
    """Reject a submission that would fail later.

    Args:
        options: The fields of the submission.
        settings: Read from the environment if not given.

    Raises:
        WorkError: ``model_unavailable`` if vocals cannot be isolated on this server.
    """
    if options.isolate_vocals:
        check_isolation(settings or NormalizerSettings())
