"""What a job found out about its recording, as a person reads it."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from ytcaption.jobs import AudioTrack, Job, JobWarning

__all__ = ["clock", "finding_rows", "warning_lines"]

_MOST_TIMES: Final = 10  # of one warning, in one line
_NO_REASON: Final = "no_text: The transcript has no words, and the API gives no reason."


def warning_lines(job: Job) -> Iterator[str]:
    """Yield a job's warnings, one line each: the code, the sentence and the times.

    Warnings that differ only in their times share a line. A completed job without words always has
    a line.
    """
    for (code, detail), alike in groupby(job.warnings, key=lambda one: (one.code, one.detail)):
        times = [span for one in alike if (span := _span(one))]
        yield f"{code}: {detail}{_listed(times)}"
    if job.is_completed and not job.warnings and not (job.transcription_text or "").strip():
        yield _NO_REASON


def finding_rows(job: Job) -> Iterator[tuple[str, str]]:
    """Yield the languages, audio tracks and quality of a job, as rows of a table."""
    if job.languages:
        spoken = (f"{one.code} {clock(one.seconds)}" for one in job.languages)
        yield "languages", ", ".join(spoken)
    elif job.detected_language:
        yield "language", job.detected_language
    for track in job.audio_tracks:
        yield f"audio track {track.number}", _track_words(track)
    if quality := job.quality:
        sure = quality.mean_confidence
        yield (
            "quality",
            f"{clock(quality.transcribed_s)} of {clock(quality.speech_s)} of speech transcribed"
            + ("" if sure is None else f", mean confidence {sure:.0%}"),
        )


def clock(count_s: float) -> str:
    """Return a position in a recording: ``0:07``, ``1:02:03``."""
    minutes, rest = divmod(int(max(count_s, 0.0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _span(warning: JobWarning) -> str:
    if warning.start is None:
        return ""
    if warning.end is None:
        return clock(warning.start)
    return f"{clock(warning.start)}-{clock(warning.end)}"


def _listed(times: Sequence[str]) -> str:
    if not times:
        return ""
    more = f" and {len(times) - _MOST_TIMES} more" if len(times) > _MOST_TIMES else ""
    return f" [{', '.join(times[:_MOST_TIMES])}{more}]"


def _track_words(track: AudioTrack) -> str:
    facts = (
        track.language,
        track.title,
        track.codec,
        f"{track.channels} channels" if track.channels else None,
        "default" if track.default else None,
        "transcribed" if track.chosen else None,
    )
    return ", ".join(fact for fact in facts if fact) or "unknown"
