"""What a submission to the transcriber may ask for."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from services.kit.work import WorkError
from services.media import Channels
from services.transcriber.encoder_file import require_encoder
from services.transcriber.languages import AUTO, find_code, fit_code, list_known, list_pairs
from services.transcriber.settings import TranscriberSettings


def _normalize_code(value: object) -> object:
    """Return the code that a tag such as ``pt-BR`` stands for, and none for an empty field.

    An unknown tag stays as it is: ``check`` refuses it with the codes that are known.
    """
    if not isinstance(value, str):
        return value
    tag = value.strip().lower()
    return tag if tag in {"", AUTO} else find_code(tag) or tag


def _normalize_wanted(value: object) -> object:
    return _normalize_code(value) or None


def _normalize_spoken(value: object) -> object:
    return _normalize_code(value) or AUTO


class SubmissionOptions(BaseModel):
    """What is known of a recording, and the language wanted for its text."""

    model_config = ConfigDict(frozen=True)

    language_in: Annotated[str, BeforeValidator(_normalize_spoken)] = AUTO
    """A language's tag, e.g. ``pt``, ``por`` or ``pt-BR``, or ``auto`` to find it out."""
    language_out: Annotated[str | None, BeforeValidator(_normalize_wanted)] = None
    """A language's tag; none means the spoken language."""
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
    channels: Annotated[Channels, BeforeValidator(lambda value: value or "auto")] = "auto"
    """``mix`` all channels, hear each one alone (``separate``), or ``auto``: hear them alone
    where they are clearly different voices."""


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
    model = settings.whisper_model
    known = list_known(model)
    for code in (options.language_in, options.language_out):
        if code not in {None, AUTO} and fit_code(str(code), model) not in known:
            raise WorkError("unsupported_language", f"{code} is none of {', '.join(known)}.")
    # With "auto" the spoken language may turn out to be the wanted one.
    if options.language_out is None or options.language_in == AUTO:
        return
    spoken, wanted = fit_code(options.language_in, model), fit_code(options.language_out, model)
    pairs = list_pairs(settings)
    if spoken != wanted and {"from": spoken, "to": wanted} not in pairs:
        possible = sorted({pair["to"] for pair in pairs if pair["from"] == spoken})
        raise WorkError(
            "unsupported_language",
            f"No translation from {spoken} to {wanted}. From {spoken} it goes into: "
            f"{', '.join(possible) or 'nothing'}. GET /languages lists all translations.",
        )
