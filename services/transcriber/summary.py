"""The summary of a transcript for clients: languages, quality and warnings. Pure."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from services.transcriber.doubt import find_doubtful
from services.transcriber.languages import NAMES
from services.transcriber.transcript import Segment, Transcript

MOST_WARNINGS = 50
"""Maximum number of warnings per code."""
SILENCE = 1e-3
"""Peak (-60 dBFS) below which a recording is silent."""
LEAST_CHANGE_S = 1.0
"""Seconds of a language from which on it causes a warning."""

Warnings = list[dict[str, Any]]


def summarize(transcript: Transcript, *, requested: str | None = None) -> dict[str, Any]:
    """Return the languages, the quality and the warnings as JSON values.

    Args:
        transcript: A complete or partial transcript.
        requested: The language that the client named, if any.
    """
    languages = [
        {"code": code, "seconds": round(seconds, 3)}
        for code, seconds in transcript.languages.items()
    ]
    return {
        "languages": languages,
        "quality": measure_quality(transcript),
        "warnings": list_warnings(transcript, requested=requested),
    }


def measure_quality(transcript: Transcript) -> dict[str, float | None]:
    """Return the seconds of speech, the seconds with words, and the mean word confidence."""
    weights = [(one.end - one.start, one.confidence) for one in transcript.segments]
    known = [(seconds, value) for seconds, value in weights if value is not None and seconds > 0]
    total_s = sum(seconds for seconds, _ in known)
    mean = sum(seconds * value for seconds, value in known) / total_s if total_s else None
    transcribed_s = (
        max(0.0, transcript.speech_s - transcript.unheard_s) if transcript.segments else 0.0
    )
    return {
        "speech_s": round(transcript.speech_s, 3),
        "transcribed_s": round(transcribed_s, 3),
        "mean_confidence": None if mean is None else round(mean, 4),
    }


def list_warnings(transcript: Transcript, *, requested: str | None = None) -> Warnings:
    """Return the warnings, at most 50 of one code."""
    return [
        *map(dict, transcript.source_warnings),
        *_warn_of_no_speech(transcript),
        *_limit(_warn_of_gaps(transcript)),
        *_limit(_warn_of_whispering(transcript)),
        *_limit(_warn_of_low_confidence(transcript.segments)),
        *_warn_of_languages(transcript, requested),
    ]


def _warn_of_no_speech(transcript: Transcript) -> Warnings:
    if transcript.segments:
        return []
    if transcript.speech_s:
        detail = (
            f"The model could not transcribe the {transcript.speech_s:.1f} s of speech; check the "
            "language, or use a larger model."
        )
    elif transcript.peak < SILENCE:
        detail = "The recording is silent; check the source."
    elif transcript.whispered:
        detail = (
            "No voice was detected, but there may be whispering, which is not transcribed; check "
            "the recording."
        )
    else:
        detail = "The recording has sound but no speech; check the source."
    return [{"code": "no_speech", "detail": detail}]


def _warn_of_gaps(transcript: Transcript) -> Iterable[dict[str, Any]]:
    for start, end in transcript.unheard:
        yield {
            "code": "speech_without_text",
            "detail": f"The speech from {start:.1f} s to {end:.1f} s has no text; check this part.",
            "start": start,
            "end": end,
        }


def _warn_of_whispering(transcript: Transcript) -> Iterable[dict[str, Any]]:
    for start, end in transcript.whispered:
        if _has_text(start, end, transcript.segments):
            continue
        yield {
            "code": "speech_without_text",
            "detail": f"There may be whispering from {start:.1f} s to {end:.1f} s, "
            "which is not transcribed; check this part.",
            "start": start,
            "end": end,
        }


def _has_text(start: float, end: float, segments: Sequence[Segment]) -> bool:
    """Return whether segments cover at least half of a span.

    The residue of one channel's speech on another sounds like whispering, so the segments of all
    channels count.
    """
    covered = sum(max(0.0, min(end, one.end) - max(start, one.start)) for one in segments)
    return covered >= (end - start) / 2


def _warn_of_low_confidence(segments: Sequence[Segment]) -> Iterable[dict[str, Any]]:
    for start, end in _merge_marked(segments):
        yield {
            "code": "low_confidence",
            "detail": f"The words from {start:.1f} s to {end:.1f} s may not have been spoken; "
            "check this part.",
            "start": start,
            "end": end,
        }


def _merge_marked(segments: Sequence[Segment]) -> list[tuple[float, float]]:
    """Return the times of doubtful segments; adjacent ones are merged."""
    spans: list[tuple[float, float]] = []
    was_doubtful = False
    for segment, is_doubtful in zip(segments, find_doubtful(segments), strict=True):
        if is_doubtful and was_doubtful:
            start, end = spans[-1]
            spans[-1] = (start, max(end, segment.end))
        elif is_doubtful:
            spans.append((segment.start, segment.end))
        was_doubtful = is_doubtful
    return spans


def _warn_of_languages(transcript: Transcript, requested: str | None) -> Warnings:
    seconds = {
        code: value for code, value in transcript.languages.items() if value >= LEAST_CHANGE_S
    }
    if not seconds or (len(seconds) == 1 and requested in {None, *seconds}):
        return []
    parts = ", ".join(f"{NAMES.get(code, code)} {value:.1f} s" for code, value in seconds.items())
    known = [one for one in transcript.segments if one.language in seconds]
    changes = [
        after.start for before, after in pairwise(known) if before.language != after.language
    ]
    detail = f"The recording contains several languages: {parts}; check the text at each change."
    if len(seconds) == 1:
        detail = (
            f"The requested language is {NAMES.get(requested or '', requested)}, but the recording "
            f"contains {parts}; check the requested language."
        )
    first = {"start": changes[0]} if changes else {}
    return [{"code": "language_changes", "detail": detail, **first}]


def _limit(warnings: Iterable[dict[str, Any]]) -> Warnings:
    """Return the first 50 warnings; the last one states how many more there are."""
    found = list(warnings)
    more = len(found) - MOST_WARNINGS
    if more <= 0:
        return found
    *kept, last = found[:MOST_WARNINGS]
    return [*kept, {**last, "detail": f"{last['detail']} {more} more such spans are not listed."}]
