"""What a submission to the transcriber may ask for."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from services.kit.work import WorkError
from services.transcriber.encoder import require_encoder
from services.transcriber.languages import AUTO, list_known, list_pairs
from services.transcriber.settings import TranscriberSettings


def _normalize_code(value: object) -> object:
    """Take ``PT`` for ``pt``, and an empty form field for one that was not sent."""
    return (value.strip().lower() or None) if isinstance(value, str) else value


class SubmissionOptions(BaseModel):
    """What is known of a recording, and the language wanted for its text."""

    model_config = ConfigDict(frozen=True)

    language_in: Annotated[str, BeforeValidator(lambda value: _normalize_code(value) or AUTO)] = (
        AUTO
    )
    """A code of ISO 639-1, or ``auto`` to find it out."""
    language_out: Annotated[str | None, BeforeValidator(_normalize_code)] = None
    """A code of ISO 639-1; none means the spoken language."""
    hotwords: Annotated[str, StringConstraints(strip_whitespace=True, max_length=12_000)] | None = (
        None
    )
    """Names and terms that are likely to be said, which would else be misheard."""
    diarize: bool = False
    """Tell the speakers apart and name one for each segment."""
    speakers: Annotated[
        int | None, Field(ge=1, le=20), BeforeValidator(lambda value: value or None)
    ] = None
    """How many speakers there are, if it is known; else it is found out."""


def check(options: SubmissionOptions, settings: TranscriberSettings | None = None) -> None:
    """Refuse at submission what could only fail later.

    Args:
        options: The fields of the submission.
        settings: Read from the environment if not given.

    Raises:
        WorkError: ``unsupported_language`` when the model in use does not know a language or
            cannot translate so, ``model_unavailable`` when speakers cannot be told apart here.
    """
    settings = settings or TranscriberSettings()
    if options.diarize:
        require_encoder(settings)
    known = list_known(settings.whisper_model)
    for code in (options.language_in, options.language_out):
        if code not in {None, AUTO, *known}:
            raise WorkError("unsupported_language", f"{code} is none of {', '.join(known)}.")
    # With "auto" the spoken language may turn out to be the wanted one.
    if options.language_out in {None, options.language_in} or options.language_in == AUTO:
        return
    pairs = list_pairs(settings)
    if {"from": options.language_in, "to": options.language_out} not in pairs:
        possible = sorted({pair["to"] for pair in pairs if pair["from"] == options.language_in})
        raise WorkError(
            "unsupported_language",
            f"No translation from {options.language_in} to {options.language_out}. From "
            f"{options.language_in} it goes into: {', '.join(possible) or 'nothing'}. "
            "GET /languages lists all translations.",
        )
