"""Types of fields that several request bodies share."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from orchestrator.domain.languages import AUTO, CODES, find_code, suggest_codes

__all__ = ["AudioTrackChoice", "Language", "LanguageOrAuto", "Metadata", "SourceAddress", "Switch"]

_LONGEST_URL: Final = 2048  # what browsers and proxies carry
_LONGEST_TAG: Final = 64
_MOST_TRACKS: Final = 1024


def _known_language(tag: str) -> str:
    code = find_code(tag)
    if code is None:
        raise PydanticCustomError(
            "unknown_language",
            "{code} is not a known language code; use, for example, {examples}",
            {"code": repr(tag[:_LONGEST_TAG]), "examples": ", ".join(suggest_codes(tag))},
        )
    return code


def _known_or_auto(tag: str) -> str:
    return AUTO if tag.strip().lower() == AUTO else _known_language(tag)


def _number_or_language(value: Any) -> int | str:
    """Read a track's number, which comes as text in a form, or its language."""
    text = value.strip() if isinstance(value, str) else ""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < _LONGEST_TAG else value
    if isinstance(number, float) and number.is_integer():  # JSON Schema takes 2.0 for an integer
        number = int(number)
    if isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= _MOST_TRACKS:
        return number
    if code := find_code(text):
        return code
    raise PydanticCustomError(
        "audio_track",
        "must be the number of an audio track, from 1 to {most}, or a language code",
        {"most": _MOST_TRACKS},
    )


MetadataKey = Annotated[str, Field(pattern=r"^[^:]+$", max_length=40)]
MetadataValue = Annotated[str, Field(max_length=500)]
# Said by hand, since the model's own schema does not say what keys may be.
_METADATA_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "maxProperties": 16,
    "propertyNames": {"pattern": "^[^:]+$", "maxLength": 40},
    "additionalProperties": {"type": "string", "maxLength": 500},
}
Metadata = Annotated[
    dict[MetadataKey, MetadataValue], Field(max_length=16), WithJsonSchema(_METADATA_SCHEMA)
]
# Documented more narrowly than it is accepted: IDN hosts, ports and user names pass too.
_ADDRESS_PATTERN: Final = r"^https?://[a-z0-9-]+(\.[a-z0-9-]+)*(/[!-\[\]-~]*)?$"
SourceAddress = Annotated[
    str,
    Field(
        min_length=1,
        max_length=_LONGEST_URL,
        json_schema_extra={"pattern": _ADDRESS_PATTERN},
    ),
]
Switch = Annotated[bool, Field(strict=True)]  # 0 and "yes" are mistakes, in JSON
# Documented more narrowly too: every spelling of these languages is accepted.
_CODES: Final[list[Any]] = sorted(CODES)
Language = Annotated[
    str, AfterValidator(_known_language), Field(json_schema_extra={"enum": _CODES})
]
LanguageOrAuto = Annotated[
    str, AfterValidator(_known_or_auto), Field(json_schema_extra={"enum": [AUTO, *_CODES]})
]
_TRACK_SCHEMA: Final[dict[str, Any]] = {
    "anyOf": [
        {"type": "integer", "minimum": 1, "maximum": _MOST_TRACKS},
        {"type": "string", "enum": _CODES},
    ]
}
AudioTrackChoice = Annotated[
    int | str, PlainValidator(_number_or_language), WithJsonSchema(_TRACK_SCHEMA)
]
