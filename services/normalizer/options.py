"""What a submission to the normalizer may ask for."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints

from services.normalizer.isolation import require_isolation
from services.normalizer.settings import NormalizerSettings

Channels = Literal["auto", "mix", "separate"]
TRACK = re.compile(r"[1-9][0-9]{0,3}|[a-z]{2,3}([-_][a-z0-9]{2,8})*", re.IGNORECASE)


def _take_empty(value: object) -> object:
    """Take an empty form field for one that was not sent."""
    return (value.strip() or None) if isinstance(value, str) else value


def _check_track(value: str | None) -> str | None:
    if value is not None and not TRACK.fullmatch(value):
        raise ValueError("must be a track number from 1 or a language code such as en or pt-BR")
    return value


class SubmissionOptions(BaseModel):
    """What is done with a recording, which of its tracks is meant, and the form of the result."""

    model_config = ConfigDict(frozen=True)

    remove_noise: bool = True
    """Take steady background noise away."""
    convert_to_mono: bool = True
    """Mix all channels into one."""
    apply_highpass_filter: bool = False
    """Cut rumble below the human voice."""
    set_sample_rate_16k: bool = True
    """Resample to the 16 kHz that speech recognition works with."""
    isolate_vocals: bool = False
    """Separate the voice from music."""
    output_format: Literal["webm", "flac", "wav"] = "webm"
    """Opus in WebM, which is small; or one of two forms that lose nothing."""
    channels: Annotated[Channels, BeforeValidator(lambda value: _take_empty(value) or "auto")] = (
        "auto"
    )
    """``mix`` all channels, keep those that carry voices ``separate``, or do that only where
    they are clearly different voices."""
    audio_track: Annotated[
        str | None, BeforeValidator(_take_empty), AfterValidator(_check_track)
    ] = None
    """The track to use: its number, from 1, or its language."""
    language: Annotated[
        Annotated[str, StringConstraints(max_length=40)] | None, BeforeValidator(_take_empty)
    ] = None
    """The language that is expected, which helps to choose a track; ``auto`` says nothing."""


def check(options: SubmissionOptions, settings: NormalizerSettings | None = None) -> None:
    """Refuse at submission what could only fail later.

    Args:
        options: The fields of the submission.
        settings: Read from the environment if not given.

    Raises:
        WorkError: ``model_unavailable`` when vocals are to be isolated and nothing here can.
    """
    if options.isolate_vocals:
        require_isolation(settings or NormalizerSettings())
