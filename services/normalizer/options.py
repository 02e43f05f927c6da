"""What a submission to the normalizer may ask for."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.normalizer.isolation import require_isolation
from services.normalizer.settings import NormalizerSettings


class SubmissionOptions(BaseModel):
    """The switches of a submission, each ``true`` or ``false``, and the form of its result."""

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
