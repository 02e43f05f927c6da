"""A job's warnings, languages, audio tracks and quality as text."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from ytcaption.jobs import AudioTrack, Job, JobWarning

__all__ = ["finding_rows", "format_time", "warning_lines"]

_MAX_TIMES: Final = 10  # per line
_NO_REASON: Final = "no_text: The transcript is empty, and the API reports no reason."


def warning_lines(job: Job) -> Iterator[str]:
    """Yield a job's warnings, one line each: the code, the detail and the times.

    Warnings that differ only in their times share a line. A completed job with an empty transcript
    always has a line.
    """
    for (code, detail), alike in groupby(job.warnings, key=lambda one: (one.code, one.detail)):
        times = [span for one in alike if (span := _span(one))]
        yield f"{code}: {detail}{_listed(times)}"
    if job.is_completed and not job.warnings and not (job.transcription_text or "").strip():
        yield _NO_REASON


def finding_rows(job: Job) -> Iterator[tuple[str, str]]:
    """Yield the languages, audio tracks and quality of a job as table rows."""
    if job.languages:
        spoken = (f"{one.code} {format_time(one.seconds)}" for one in job.languages)
        yield "languages", ", ".join(spoken)
    elif job.detected_language:
        yield "language", job.detected_language
    for track in job.audio_tracks:
        yield f"audio track {track.number}", _describe_track(track)
    if quality := job.quality:
        confidence = quality.mean_confidence
        transcribed, speech = format_time(quality.transcribed_s), format_time(quality.speech_s)
        yield (
            "quality",
            f"{transcribed} of {speech} of speech transcribed"
            + ("" if confidence is None else f", mean confidence {confidence:.0%}"),
        )


def format_time(position_s: float) -> str:
    """Format a position in a recording: ``0:07``, ``1:02:03``."""
    minutes, rest = divmod(int(max(position_s, 0.0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _span(warning: JobWarning) -> str:
    if warning.start is None:
        return ""
    if warning.end is None:
        return format_time(warning.start)
    return f"{format_time(warning.start)}-{format_time(warning.end)}"


def _listed(times: Sequence[str]) -> str:
    if not times:
        return ""
    more = f" and {len(times) - _MAX_TIMES} more" if len(times) > _MAX_TIMES else ""
    return f" [{', '.join(times[:_MAX_TIMES])}{more}]"


def _describe_track(track: AudioTrack) -> str:
    facts = (
        track.language,
        track.title,
        track.codec,
        f"{track.channels} channels" if track.channels else None,
        "default" if track.default else None,
        "transcribed" if track.chosen else None,
    )
    return ", ".join(fact for fact in facts if fact) or "unknown"
