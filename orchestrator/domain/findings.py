"""Findings that services report about a recording: warnings, quality, languages and more. Pure.

Includes their encoding in a job's hash, where an empty finding takes no field.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields, replace
from typing import Any, Final, TypeVar

__all__ = [
    "FINDINGS",
    "NOTHING",
    "NO_SPEECH",
    "AudioTrack",
    "Findings",
    "JobWarning",
    "Quality",
    "SpokenLanguage",
    "add_no_speech",
    "decode_findings",
    "encode_findings",
    "merge_findings",
]

NO_SPEECH: Final = "no_speech"
_EXPLAINS_NO_TEXT: Final = frozenset({NO_SPEECH, "speech_without_text"})

Row = TypeVar("Row")


@dataclass(frozen=True)
class JobWarning:
    """A missing, doubtful or unusual part of a result."""

    code: str
    detail: str
    """One sentence in English."""
    start: float | None = None
    """The start in the recording, in seconds; ``None`` for the whole recording."""
    end: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the warning's JSON object, without fields that are ``None``."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class Quality:
    """The share of speech that was transcribed, and the transcriber's confidence."""

    speech_s: float
    """Seconds of detected speech."""
    transcribed_s: float
    """Seconds of that speech that have words."""
    mean_confidence: float | None = None
    """From 0 to 1, over all words; ``None`` without words."""


@dataclass(frozen=True)
class SpokenLanguage:
    """A language spoken in a recording."""

    code: str
    seconds: float


@dataclass(frozen=True)
class AudioTrack:
    """One of a file's audio tracks."""

    number: int
    """From 1."""
    language: str | None = None
    title: str | None = None
    codec: str | None = None
    channels: int | None = None
    is_default: bool = False
    is_chosen: bool = False


@dataclass(frozen=True)
class Findings:
    """The findings of one service, or of all services, about a job's recording."""

    warnings: tuple[JobWarning, ...] = ()
    quality: Quality | None = None
    languages: tuple[SpokenLanguage, ...] = ()
    """The most spoken one first."""
    audio_tracks: tuple[AudioTrack, ...] = ()
    duration_s: float | None = None
    """The duration of the audio; ``None`` if the service does not report it."""

    def over(self, other: "Findings") -> "Findings":
        """Return these findings, with missing ones taken from ``other``."""
        return Findings(
            warnings=self.warnings or other.warnings,
            quality=self.quality or other.quality,
            languages=self.languages or other.languages,
            audio_tracks=self.audio_tracks or other.audio_tracks,
            duration_s=other.duration_s if self.duration_s is None else self.duration_s,
        )


NOTHING: Final = Findings()
FINDINGS: Final = tuple(field.name for field in fields(Findings))
"""The names of the findings' fields in a job's hash, per stage."""


def merge_findings(stages: Iterable[Findings]) -> Findings:
    """Return the merged findings of several stages, with all warnings in the order of stages."""
    merged = NOTHING
    warnings: dict[JobWarning, None] = {}
    for found in stages:
        warnings |= dict.fromkeys(found.warnings)
        merged = found.over(merged)
    return replace(merged, warnings=tuple(warnings))


def add_no_speech(found: Findings, earlier: Findings) -> Findings:
    """Return the findings of a transcription without text, with a warning that explains it.

    Args:
        found: The findings of the transcription.
        earlier: The findings of the stages before.
    """
    codes = {warning.code for warning in (*found.warnings, *earlier.warnings)}
    if codes & _EXPLAINS_NO_TEXT:
        return found
    added = JobWarning(NO_SPEECH, "No words were recognized in the recording.")
    return replace(found, warnings=(*found.warnings, added))


def encode_findings(found: Findings) -> dict[str, str]:
    """Encode findings as hash fields; each item is a compact row without field names."""
    rows: dict[str, Any] = {
        "warnings": [_row(one) for one in found.warnings],
        "quality": _row(found.quality) if found.quality else None,
        "languages": [_row(one) for one in found.languages],
        "audio_tracks": [_row(one) for one in found.audio_tracks],
        "duration_s": found.duration_s,
    }
    return {
        name: json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        for name, value in rows.items()
        if value not in (None, [])
    }


def decode_findings(record: Mapping[str, str]) -> Findings:
    """Decode the fields of ``encode_findings``; ignore values that a later release appended."""
    if not record.keys() & set(FINDINGS):
        return NOTHING
    quality = json.loads(record.get("quality", "null"))
    duration = record.get("duration_s")
    return Findings(
        warnings=_items(JobWarning, record.get("warnings")),
        quality=_item(Quality, quality) if quality else None,
        languages=_items(SpokenLanguage, record.get("languages")),
        audio_tracks=_items(AudioTrack, record.get("audio_tracks")),
        duration_s=float(duration) if duration else None,
    )


def _row(item: Any) -> list[Any]:
    values = [int(value) if isinstance(value, bool) else value for value in astuple(item)]
    while values and values[-1] is None:
        values.pop()
    return values


def _items(kind: type[Row], text: str | None) -> tuple[Row, ...]:
    return tuple(_item(kind, row) for row in json.loads(text)) if text else ()


def _item(kind: type[Row], row: list[Any]) -> Row:
    named = dict(zip((one.name for one in fields(kind)), row, strict=False))  # type: ignore[arg-type]
    return kind(**{name: _flag(name, value) for name, value in named.items()})


def _flag(name: str, value: Any) -> Any:
    return bool(value) if name.startswith("is_") else value
