"""Field types shared by request schemas."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from orchestrator.domain.languages import AUTO, CODES, find_code, suggest_codes

__all__ = ["AudioTrackChoice", "Language", "LanguageOrAuto", "Metadata", "SourceUrl", "Switch"]

_MAX_URL_CHARS: Final = 2048  # what browsers and proxies support
_MAX_TAG_CHARS: Final = 64
_MAX_TRACKS: Final = 1024


def _parse_language(tag: str) -> str:
    code = find_code(tag)
    if code is None:
        raise PydanticCustomError(
            "unknown_language",
            "{code} is not a known language code; use, for example, {examples}",
            {"code": repr(tag[:_MAX_TAG_CHARS]), "examples": ", ".join(suggest_codes(tag))},
        )
    return code


def _parse_language_or_auto(tag: str) -> str:
    return AUTO if tag.strip().lower() == AUTO else _parse_language(tag)


def _parse_track(value: Any) -> int | str:
    """Parse a track's number, which is text in a form, or its language."""
    text = value.strip() if isinstance(value, str) else ""
    number = (
        int(text) if text.isascii() and text.isdigit() and len(text) < _MAX_TAG_CHARS else value
    )
    if isinstance(number, float) and number.is_integer():  # 2.0 is an integer in JSON Schema
        number = int(number)
    if isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= _MAX_TRACKS:
        return number
    if code := find_code(text):
        return code
    raise PydanticCustomError(
        "audio_track",
        "must be the number of an audio track, from 1 to {most}, or a language code",
        {"most": _MAX_TRACKS},
    )


MetadataKey = Annotated[str, Field(pattern=r"^[^:]+$", max_length=40)]
MetadataValue = Annotated[str, Field(max_length=500)]
# Written by hand: pydantic's schema omits the constraints of the keys.
_METADATA_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "maxProperties": 16,
    "propertyNames": {"pattern": "^[^:]+$", "maxLength": 40},
    "additionalProperties": {"type": "string", "maxLength": 500},
}
Metadata = Annotated[
    dict[MetadataKey, MetadataValue], Field(max_length=16), WithJsonSchema(_METADATA_SCHEMA)
]
# The documented pattern is narrower than validation, which accepts IDN hosts, ports and user names.
_URL_PATTERN: Final = r"^https?://[a-z0-9-]+(\.[a-z0-9-]+)*(/[!-\[\]-~]*)?$"
SourceUrl = Annotated[
    str,
    Field(
        min_length=1,
        max_length=_MAX_URL_CHARS,
        json_schema_extra={"pattern": _URL_PATTERN},
    ),
]
Switch = Annotated[bool, Field(strict=True)]  # in JSON, 0 and "yes" are errors
# Narrower than validation as well, which accepts other spellings such as `pt-BR`.
_CODES: Final[list[Any]] = sorted(CODES)
Language = Annotated[
    str, AfterValidator(_parse_language), Field(json_schema_extra={"enum": _CODES})
]
LanguageOrAuto = Annotated[
    str, AfterValidator(_parse_language_or_auto), Field(json_schema_extra={"enum": [AUTO, *_CODES]})
]
_TRACK_SCHEMA: Final[dict[str, Any]] = {
    "anyOf": [
        {"type": "integer", "minimum": 1, "maximum": _MAX_TRACKS},
        {"type": "string", "enum": _CODES},
    ]
}
AudioTrackChoice = Annotated[int | str, PlainValidator(_parse_track), WithJsonSchema(_TRACK_SCHEMA)]
