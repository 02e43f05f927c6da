"""Types of fields that several request bodies share."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from orchestrator.languages import AUTO, CODES, find_code, suggest_codes

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


def _number_or_tag(value: Any) -> Any:
    """Read a number that comes as text, as in a form."""
    text = value.strip() if isinstance(value, str) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < _LONGEST_TAG else value


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
AudioTrackChoice = Annotated[
    Annotated[int, Field(strict=True, ge=1, le=_MOST_TRACKS)] | Language,
    BeforeValidator(_number_or_tag),
]
