"""The options of a submission to the transcriber, and their checks."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from services.kit.work import WorkError
from services.media import Channels
from services.transcriber.encoder_file import require_encoder
from services.transcriber.languages import AUTO, find_code, fit_code, list_pairs, list_supported
from services.transcriber.settings import TranscriberSettings


def _normalize_code(value: object) -> object:
    """Return the code of a tag such as ``pt-BR``; leave an empty or unknown one unchanged.

    ``check`` refuses an unknown tag and lists the supported codes.
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
    """Options of a transcription: facts about the recording, and the requested output."""

    model_config = ConfigDict(frozen=True)

    language_in: Annotated[str, BeforeValidator(_normalize_spoken)] = AUTO
    """Tag of the spoken language, e.g. ``pt``, ``por`` or ``pt-BR``, or ``auto`` to detect it."""
    language_out: Annotated[str | None, BeforeValidator(_normalize_wanted)] = None
    """Tag of the language of the text; ``None`` means the spoken language."""
    hotwords: Annotated[str, StringConstraints(strip_whitespace=True, max_length=12_000)] | None = (
        None
    )
    """Names and terms that are likely to occur; they bias the recognition."""
    diarize: bool = False
    """Label each segment with its speaker."""
    speakers: Annotated[
        int | None, Field(ge=1, le=20), BeforeValidator(lambda value: value or None)
    ] = None
    """Number of speakers; ``None`` to detect it."""
    channels: Annotated[Channels, BeforeValidator(lambda value: value or "auto")] = "auto"
    """``mix`` all channels, transcribe each one (``separate``), or ``auto``: separate them only if
    they are clearly different voices."""


def check(options: SubmissionOptions, settings: TranscriberSettings | None = None) -> None:
    """Refuse a submission that would fail later.

    Args:
        options: The fields of the submission.
        settings: Read from the environment if not given.

    Raises:
        WorkError: ``unsupported_language`` if the model does not support a language or a
            translation, ``model_unavailable`` if diarization is not installed.
    """
    settings = settings or TranscriberSettings()
    if options.diarize:
        require_encoder(settings)
    model = settings.whisper_model
    supported = list_supported(model)
    for code in (options.language_in, options.language_out):
        if code not in {None, AUTO} and fit_code(str(code), model) not in supported:
            raise WorkError(
                "unsupported_language",
                f"The language {code!r} is not supported. Use one of: {', '.join(supported)}.",
            )
    # With "auto" the detected language may be the requested one.
    if options.language_out is None or options.language_in == AUTO:
        return
    spoken, wanted = fit_code(options.language_in, model), fit_code(options.language_out, model)
    pairs = list_pairs(settings)
    if spoken != wanted and {"from": spoken, "to": wanted} not in pairs:
        possible = sorted({pair["to"] for pair in pairs if pair["from"] == spoken})
        raise WorkError(
            "unsupported_language",
            f"Translation from {spoken} into {wanted} is not supported. Available targets: "
            f"{', '.join(possible) or 'none'}. GET /languages lists all translations.",
        )
