"""What services answer, in every form of the HTTP contract, read into one. Pure."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, Final

from foundation.logins import hide_logins
from orchestrator.captions import join_texts
from orchestrator.domain.findings import NOTHING, Findings
from orchestrator.domain.job import Transcript, Video
from orchestrator.errors import Failure
from orchestrator.microservice.findings import (
    parse_confidence,
    parse_findings,
    parse_language,
    parse_line,
    parse_seconds,
)

__all__ = [
    "Playlist",
    "RemoteJob",
    "RemoteStatus",
    "parse_captions",
    "parse_job",
    "parse_json",
    "parse_playlist",
    "parse_retry_after",
    "parse_transcript",
]

_DONE: Final = frozenset({"completed", "success", "done", "finished"})
_FAILED: Final = frozenset({"failed", "error", "cancelled", "canceled", "aborted"})
_QUEUED: Final = frozenset({"queued", "pending"})
_LONGEST_REASON: Final = 2000
_LONGEST_CODE: Final = 100
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_UNKNOWN_LANGUAGE: Final = "und"  # BCP 47's word for it
_LONGEST_RETRY_AFTER_S: Final = 3600.0  # a service that says "tomorrow" is asked again sooner


class RemoteStatus(StrEnum):
    """What a service's word for its job's status comes to."""

    QUEUED = "queued"  # accepted, not begun
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True)
class RemoteJob:
    """A service's job."""

    job_id: str
    status: RemoteStatus
    progress: float | None = None
    """0 to 100; ``None`` where the service does not tell."""
    failure: Failure | None = None
    """Why it failed, if it did."""
    filename: str | None = None
    video: Video | None = None
    """What it tells of the video, if anything."""
    captions_language: str | None = None
    """The tag of the publisher's subtitles, where it has taken them instead of the audio."""
    captions_error: str | None = None
    """Why it could not take them, where there are some."""
    findings: Findings = NOTHING
    """What it reports of the recording."""

    @property
    def has_ended(self) -> bool:
        """Whether it has completed or failed."""
        return self.status in {RemoteStatus.COMPLETED, RemoteStatus.FAILED}


@dataclass(frozen=True)
class Playlist:
    """The videos of a playlist or a channel, in its order."""

    title: str | None
    urls: tuple[str, ...]
    is_truncated: bool
    """Whether there are more than the service lists."""


def parse_json(data: bytes) -> Any:
    """Read JSON of which every text can be stored.

    JSON may spell half of a surrogate pair, as in a title that was cut in the middle of an emoji.
    No encoding can hold that: it becomes a question mark.

    Raises:
        ValueError: It is not JSON, or not text at all.
    """
    text = data.decode(json.detect_encoding(data))
    value = json.loads(text)
    if not _SURROGATE.search(text):
        return value
    return json.loads(json.dumps(value, ensure_ascii=False).encode(errors="replace"))


def parse_job(body: Any) -> RemoteJob:
    """Read a job object.

    Raises:
        ValueError: It has no identity or no status, or is no object.
    """
    if not isinstance(body, Mapping):
        raise ValueError("the answer is not a JSON object")
    job_id = body.get("id") or body.get("job_id")
    word = body.get("status") or body.get("state")
    if not job_id or not isinstance(word, str):
        raise ValueError("the job has no id or no status")
    status = _parse_status(word)
    filename, facts = body.get("filename"), _facts(body)
    return RemoteJob(
        job_id=str(job_id),
        status=status,
        progress=_parse_progress(body.get("progress"), status),
        failure=_parse_failure(body, word) if status is RemoteStatus.FAILED else None,
        filename=filename if isinstance(filename, str) and filename else None,
        video=_parse_video(facts),
        captions_language=_parse_captions_language(facts.get("captions")),
        captions_error=parse_line(facts.get("captions_error")),
        findings=parse_findings(facts) if status is RemoteStatus.COMPLETED else NOTHING,
    )


def _facts(body: Mapping[str, Any]) -> Mapping[str, Any]:
    details = body.get("details")
    return {**body, **details} if isinstance(details, Mapping) else body


def _parse_captions_language(captions: Any) -> str | None:
    if not isinstance(captions, Mapping):
        return None
    return parse_language(captions.get("language")) or _UNKNOWN_LANGUAGE


def _parse_video(facts: Mapping[str, Any]) -> Video | None:
    """Read what a downloader tells of its video, bounded; other services tell nothing."""
    video = Video(
        title=parse_line(facts.get("title")),
        duration_s=parse_seconds(facts.get("duration")),
        uploader=parse_line(facts.get("uploader")),
        thumbnail=parse_line(facts.get("thumbnail")),
    )
    return None if video == Video() else video


def _parse_status(word: str) -> RemoteStatus:
    word = word.strip().lower()
    for words, status in (
        (_DONE, RemoteStatus.COMPLETED),
        (_FAILED, RemoteStatus.FAILED),
        (_QUEUED, RemoteStatus.QUEUED),
    ):
        if word in words:
            return status
    return RemoteStatus.RUNNING


def _parse_progress(value: Any, status: RemoteStatus) -> float | None:
    """Read a progress from 0 to 100; up to 1.0 it is a fraction while the job runs."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):  # JSON's whole numbers have no bound, a float has one
        return None
    if math.isnan(number):
        return None
    if number <= 1.0 and status is not RemoteStatus.COMPLETED:
        number *= 100
    return min(max(number, 0.0), 100.0)


def _parse_failure(body: Mapping[str, Any], word: str) -> Failure:
    reason = body.get("error") or body.get("error_message") or f"the job is {word.lower()}"
    return Failure(
        reason=hide_logins(str(reason))[:_LONGEST_REASON],
        code=parse_line(body.get("error_code"), _LONGEST_CODE) or "remote_failure",
        retryable=body.get("retryable") is True,
    )


def parse_transcript(body: Any) -> Transcript:
    """Read a transcription, with what its service found out about the recording.

    Raises:
        ValueError: It has no text, or segments without times.
    """
    if not isinstance(body, Mapping) or not isinstance(body.get("segments"), list):
        raise ValueError("the transcription has no segments")
    segments = tuple(_parse_segment(segment) for segment in body["segments"])
    text = body.get("full_text")
    language = body.get("detected_language")
    return Transcript(
        text=text if isinstance(text, str) else join_texts(one["text"] for one in segments),
        segments=segments,
        language=language if isinstance(language, str) else None,
        findings=parse_findings(body),
    )


def parse_captions(body: Any) -> Transcript:
    """Read the publisher's own subtitles.

    Raises:
        ValueError: They have no segments, or some without times.
    """
    transcript = parse_transcript(body)
    if not transcript.segments:
        raise ValueError("the captions are empty")
    tag = _parse_captions_language(body)
    code = re.split("[-_]", tag.lower())[0] if tag and tag != _UNKNOWN_LANGUAGE else None
    return replace(transcript, language=code)


def parse_playlist(body: Any) -> Playlist:
    """Read what a playlist or channel lists; entries without an address are left out.

    Raises:
        ValueError: It is no list.
    """
    if not isinstance(body, Mapping) or not isinstance(body.get("entries"), list):
        raise ValueError("the playlist has no entries")
    addresses = (one.get("url") if isinstance(one, Mapping) else None for one in body["entries"])
    return Playlist(
        title=parse_line(body.get("title")),
        urls=tuple(url for url in addresses if isinstance(url, str) and url),
        is_truncated=body.get("truncated") is True,
    )


def _parse_segment(segment: Any) -> dict[str, Any]:
    try:
        start, end = float(segment["start"]), float(segment["end"])
        text = "" if segment["text"] is None else str(segment["text"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"a segment lacks {error}") from error
    if not (math.isfinite(start) and math.isfinite(end)):
        raise ValueError("a segment has a time that is no number")
    given = segment.get("duration")
    duration = given if isinstance(given, int | float) else round(end - start, 3)
    read = {"text": text, "start": start, "end": end, "duration": duration}
    if segment.get("words"):
        read["words"] = segment["words"]
    return read | _parse_marks(segment)


def _parse_marks(segment: Mapping[str, Any]) -> dict[str, Any]:
    """Read what a segment has beside its text and times, where it is known."""
    marks = {
        "speaker": parse_line(segment.get("speaker")),
        "language": parse_language(segment.get("language")),
        "confidence": parse_confidence(segment.get("confidence")),
        "no_speech": parse_confidence(segment.get("no_speech")),
    }
    return {name: value for name, value in marks.items() if value is not None}


def parse_retry_after(value: str | None, *, sent: str | None = None, default_s: float) -> float:
    """Read a Retry-After header: seconds, or a date (RFC 9110, section 10.2.3).

    Args:
        value: The header.
        sent: The Date header beside it, by the same clock; without one this host's clock counts.
        default_s: What a header that cannot be read stands for, in seconds.
    """
    if not value:
        return default_s
    try:
        seconds = float(value)
    except ValueError:
        moment = _parse_date(value)
        if moment is None:
            return default_s
        seconds = (moment - (_parse_date(sent) or datetime.now(UTC))).total_seconds()
    if math.isnan(seconds):
        return default_s
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER_S)


def _parse_date(value: str | None) -> datetime | None:
    """Return the instant of an HTTP date."""
    try:
        moment = parsedate_to_datetime(value or "")
    except ValueError:
        return None
    # Of HTTP's three forms one names no zone; all are in UTC.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
