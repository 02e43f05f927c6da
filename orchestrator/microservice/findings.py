"""Parses what a service reports about a recording; drops invalid values, bounds the rest. Pure."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from foundation.logins import hide_logins
from orchestrator.domain.findings import AudioTrack, Findings, JobWarning, Quality, SpokenLanguage

__all__ = ["parse_confidence", "parse_findings", "parse_language", "parse_line", "parse_seconds"]

_MAX_S: Final = 1e7  # four months; larger values are invalid
_MAX_LINE_CHARS: Final = 500
_MAX_DETAIL_CHARS: Final = 300
_MAX_CODE_CHARS: Final = 64
_MAX_WARNINGS: Final = 200
_MAX_ITEMS: Final = 100  # languages, and audio tracks
_MAX_CHANNELS: Final = 1024
_LANGUAGE_TAG: Final = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9_-]{1,40})?")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def parse_findings(facts: Mapping[str, Any]) -> Findings:
    """Parse warnings, quality, languages, audio tracks and duration; each may be missing."""
    return Findings(
        warnings=tuple(_warnings(facts.get("warnings")))[:_MAX_WARNINGS],
        quality=_quality(facts.get("quality")),
        languages=tuple(_languages(facts.get("languages")))[:_MAX_ITEMS],
        audio_tracks=tuple(_tracks(facts.get("audio_tracks")))[:_MAX_ITEMS],
        duration_s=parse_seconds(facts.get("duration")),
    )


def parse_line(value: Any, max_chars: int = _MAX_LINE_CHARS) -> str | None:
    """Return a text as one line of limited length, without logins; ``None`` if it is no text."""
    if not isinstance(value, str):
        return None
    return _CONTROLS.sub(" ", hide_logins(value)).strip()[:max_chars] or None


def parse_seconds(value: Any) -> float | None:
    """Return a time or a duration in seconds; ``None`` if it is invalid."""
    number = _number(value)
    return number if number is not None and 0 <= number <= _MAX_S else None


def parse_confidence(value: Any) -> float | None:
    """Return a probability from 0 to 1; ``None`` if it is invalid."""
    number = _number(value)
    return number if number is not None and 0 <= number <= 1 else None


def parse_language(value: Any) -> str | None:
    """Return a language tag; ``None`` if it is invalid."""
    is_tag = isinstance(value, str) and _LANGUAGE_TAG.fullmatch(value)
    return str(value) if is_tag else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:  # a JSON integer may be larger than any float
        return None
    return number if math.isfinite(number) else None


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, Mapping))


def _warnings(value: Any) -> Iterator[JobWarning]:
    for item in _objects(value):
        code = parse_line(item.get("code"), _MAX_CODE_CHARS)
        if code:
            start, end = parse_seconds(item.get("start")), parse_seconds(item.get("end"))
            if start is not None and end is not None and end < start:
                end = None
            yield JobWarning(
                code, parse_line(item.get("detail"), _MAX_DETAIL_CHARS) or "", start, end
            )


def _quality(value: Any) -> Quality | None:
    if not isinstance(value, Mapping):
        return None
    speech_s = parse_seconds(value.get("speech_s"))
    transcribed_s = parse_seconds(value.get("transcribed_s"))
    if speech_s is None or transcribed_s is None:
        return None
    return Quality(speech_s, transcribed_s, parse_confidence(value.get("mean_confidence")))


def _languages(value: Any) -> Iterator[SpokenLanguage]:
    for item in _objects(value):
        code, seconds = parse_language(item.get("code")), parse_seconds(item.get("seconds"))
        if code and seconds is not None:
            yield SpokenLanguage(code, seconds)


def _tracks(value: Any) -> Iterator[AudioTrack]:
    for item in _objects(value):
        number = _count(item.get("number"), _MAX_CHANNELS)
        if number:
            yield AudioTrack(
                number=number,
                language=parse_language(item.get("language")),
                title=parse_line(item.get("title"), _MAX_DETAIL_CHARS),
                codec=parse_line(item.get("codec"), _MAX_CODE_CHARS),
                channels=_count(item.get("channels"), _MAX_CHANNELS),
                is_default=item.get("default") is True,
                is_chosen=item.get("chosen") is True,
            )


def _count(value: Any, maximum: int) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return value if is_count and 1 <= value <= maximum else None
