"""Reads what a service reports of a recording: bounded, and without what makes no sense. Pure."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from foundation.logins import hide_logins
from orchestrator.domain.findings import AudioTrack, Findings, JobWarning, Quality, SpokenLanguage

__all__ = ["parse_confidence", "parse_findings", "parse_language", "parse_line", "parse_seconds"]

_LONGEST_S: Final = 1e7  # four months; beyond it is a mistake, or no number at all
_LONGEST_LINE: Final = 500  # a title is a line, whatever a site puts there
_LONGEST_DETAIL: Final = 300
_LONGEST_CODE: Final = 64
_MOST_WARNINGS: Final = 200
_MOST_ITEMS: Final = 100  # languages, and audio tracks
_MOST_CHANNELS: Final = 1024
_LANGUAGE_TAG: Final = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9_-]{1,40})?")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def parse_findings(facts: Mapping[str, Any]) -> Findings:
    """Read warnings, quality, languages, audio tracks and duration; each may be missing."""
    return Findings(
        warnings=tuple(_warnings(facts.get("warnings")))[:_MOST_WARNINGS],
        quality=_quality(facts.get("quality")),
        languages=tuple(_languages(facts.get("languages")))[:_MOST_ITEMS],
        audio_tracks=tuple(_tracks(facts.get("audio_tracks")))[:_MOST_ITEMS],
        duration_s=parse_seconds(facts.get("duration")),
    )


def parse_line(value: Any, longest: int = _LONGEST_LINE) -> str | None:
    """Return a text as one bounded line without logins; ``None`` for anything else."""
    if not isinstance(value, str):
        return None
    return _CONTROLS.sub(" ", hide_logins(value)).strip()[:longest] or None


def parse_seconds(value: Any) -> float | None:
    """Return a time or a duration in seconds; ``None`` where it is none."""
    number = _number(value)
    return number if number is not None and 0 <= number <= _LONGEST_S else None


def parse_confidence(value: Any) -> float | None:
    """Return a probability, from 0 to 1; ``None`` where it is none."""
    number = _number(value)
    return number if number is not None and 0 <= number <= 1 else None


def parse_language(value: Any) -> str | None:
    """Return a language's tag; ``None`` where it is none."""
    is_tag = isinstance(value, str) and _LANGUAGE_TAG.fullmatch(value)
    return str(value) if is_tag else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:  # JSON's whole numbers have no bound, a float has one
        return None
    return number if math.isfinite(number) else None


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, Mapping))


def _warnings(value: Any) -> Iterator[JobWarning]:
    for item in _objects(value):
        code = parse_line(item.get("code"), _LONGEST_CODE)
        if code:
            start, end = parse_seconds(item.get("start")), parse_seconds(item.get("end"))
            if start is not None and end is not None and end < start:
                end = None
            yield JobWarning(
                code, parse_line(item.get("detail"), _LONGEST_DETAIL) or "", start, end
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
        number = _count(item.get("number"), _MOST_CHANNELS)
        if number:
            yield AudioTrack(
                number=number,
                language=parse_language(item.get("language")),
                title=parse_line(item.get("title"), _LONGEST_DETAIL),
                codec=parse_line(item.get("codec"), _LONGEST_CODE),
                channels=_count(item.get("channels"), _MOST_CHANNELS),
                is_default=item.get("default") is True,
                is_chosen=item.get("chosen") is True,
            )


def _count(value: Any, most: int) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return value if is_count and 1 <= value <= most else None
