"""Parses the responses of services, in every form that the HTTP contract allows. Pure."""

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
_MAX_REASON_CHARS: Final = 2000
_MAX_CODE_CHARS: Final = 100
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_UNKNOWN_LANGUAGE: Final = "und"  # BCP 47
_MAX_RETRY_AFTER_S: Final = 3600.0


class RemoteStatus(StrEnum):
    """The status of a remote job, normalized from the names that services use."""

    QUEUED = "queued"  # accepted, not started
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True)
class RemoteJob:
    """A job of a service."""

    job_id: str
    status: RemoteStatus
    progress: float | None = None
    """0 to 100; ``None`` if the service does not report it."""
    failure: Failure | None = None
    """Why it failed, if it did."""
    filename: str | None = None
    video: Video | None = None
    """The metadata of the video, if the service reports it."""
    captions_language: str | None = None
    """The language tag of the publisher's captions, if it took them in place of the audio."""
    captions_error: str | None = None
    """Why it could not take the captions that exist."""
    findings: Findings = NOTHING
    """What it reports about the recording."""

    @property
    def has_ended(self) -> bool:
        """Whether it has completed or failed."""
        return self.status in {RemoteStatus.COMPLETED, RemoteStatus.FAILED}


@dataclass(frozen=True)
class Playlist:
    """The videos of a playlist or a channel, in order."""

    title: str | None
    urls: tuple[str, ...]
    is_truncated: bool
    """Whether the playlist has more videos than the service lists."""


def parse_json(data: bytes) -> Any:
    """Parse JSON whose strings can be encoded as UTF-8.

    JSON may contain half of a surrogate pair, as in a title that was cut in the middle of an emoji,
    which no encoding can represent. It becomes a question mark.

    Raises:
        ValueError: The bytes are not JSON.
    """
    text = data.decode(json.detect_encoding(data))
    value = json.loads(text)
    if not _SURROGATE.search(text):
        return value
    return json.loads(json.dumps(value, ensure_ascii=False).encode(errors="replace"))


def parse_job(body: Any) -> RemoteJob:
    """Parse a job object.

    Raises:
        ValueError: The body is not an object, or has no id or no status.
    """
    if not isinstance(body, Mapping):
        raise ValueError("the body is not a JSON object")
    job_id = body.get("id") or body.get("job_id")
    reported = body.get("status") or body.get("state")
    if not job_id or not isinstance(reported, str):
        raise ValueError("the job has no id or no status")
    status = _parse_status(reported)
    filename, facts = body.get("filename"), _facts(body)
    return RemoteJob(
        job_id=str(job_id),
        status=status,
        progress=_parse_progress(body.get("progress"), status),
        failure=_parse_failure(body, reported) if status is RemoteStatus.FAILED else None,
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
    """Parse the metadata of the video, which only downloaders report."""
    video = Video(
        title=parse_line(facts.get("title")),
        duration_s=parse_seconds(facts.get("duration")),
        uploader=parse_line(facts.get("uploader")),
        thumbnail=parse_line(facts.get("thumbnail")),
    )
    return None if video == Video() else video


def _parse_status(reported: str) -> RemoteStatus:
    name = reported.strip().lower()
    for names, status in (
        (_DONE, RemoteStatus.COMPLETED),
        (_FAILED, RemoteStatus.FAILED),
        (_QUEUED, RemoteStatus.QUEUED),
    ):
        if name in names:
            return status
    return RemoteStatus.RUNNING


def _parse_progress(value: Any, status: RemoteStatus) -> float | None:
    """Parse a progress from 0 to 100; until the job completes, up to 1.0 it is a fraction."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):  # a JSON integer may be larger than any float
        return None
    if math.isnan(number):
        return None
    if number <= 1.0 and status is not RemoteStatus.COMPLETED:
        number *= 100
    return min(max(number, 0.0), 100.0)


def _parse_failure(body: Mapping[str, Any], status: str) -> Failure:
    reason = body.get("error") or body.get("error_message") or f"the job is {status.lower()}"
    return Failure(
        reason=hide_logins(str(reason))[:_MAX_REASON_CHARS],
        code=parse_line(body.get("error_code"), _MAX_CODE_CHARS) or "remote_failure",
        retryable=body.get("retryable") is True,
    )


def parse_transcript(body: Any) -> Transcript:
    """Parse a transcription with its findings about the recording.

    Raises:
        ValueError: It has no segments, or segments without times.
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
    """Parse the publisher's captions.

    Raises:
        ValueError: They have no segments, or segments without times.
    """
    transcript = parse_transcript(body)
    if not transcript.segments:
        raise ValueError("the captions are empty")
    tag = _parse_captions_language(body)
    code = re.split("[-_]", tag.lower())[0] if tag and tag != _UNKNOWN_LANGUAGE else None
    return replace(transcript, language=code)


def parse_playlist(body: Any) -> Playlist:
    """Parse the list of a playlist or channel; entries without a URL are left out.

    Raises:
        ValueError: The body has no list of entries.
    """
    if not isinstance(body, Mapping) or not isinstance(body.get("entries"), list):
        raise ValueError("the playlist has no entries")
    urls = (one.get("url") if isinstance(one, Mapping) else None for one in body["entries"])
    return Playlist(
        title=parse_line(body.get("title")),
        urls=tuple(url for url in urls if isinstance(url, str) and url),
        is_truncated=body.get("truncated") is True,
    )


def _parse_segment(segment: Any) -> dict[str, Any]:
    try:
        start, end = float(segment["start"]), float(segment["end"])
        text = "" if segment["text"] is None else str(segment["text"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"a segment has no valid text, start or end: {error}") from error
    if not (math.isfinite(start) and math.isfinite(end)):
        raise ValueError("a segment has a start or end that is not finite")
    given = segment.get("duration")
    duration = given if isinstance(given, int | float) else round(end - start, 3)
    read = {"text": text, "start": start, "end": end, "duration": duration}
    if segment.get("words"):
        read["words"] = segment["words"]
    return read | _parse_marks(segment)


def _parse_marks(segment: Mapping[str, Any]) -> dict[str, Any]:
    """Parse the optional attributes of a segment."""
    marks = {
        "speaker": parse_line(segment.get("speaker")),
        "language": parse_language(segment.get("language")),
        "confidence": parse_confidence(segment.get("confidence")),
        "no_speech": parse_confidence(segment.get("no_speech")),
    }
    return {name: value for name, value in marks.items() if value is not None}


def parse_retry_after(value: str | None, *, sent: str | None = None, default_s: float) -> float:
    """Parse a Retry-After header: seconds or a date (RFC 9110, section 10.2.3).

    Args:
        value: The header.
        sent: The Date header of the response; without it, a date is compared to this host's clock.
        default_s: The result for a missing or invalid header, in seconds.
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
    return min(max(seconds, 0.0), _MAX_RETRY_AFTER_S)


def _parse_date(value: str | None) -> datetime | None:
    """Return the instant of an HTTP date."""
    try:
        moment = parsedate_to_datetime(value or "")
    except ValueError:
        return None
    # One of HTTP's three date formats has no time zone; all are in UTC.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
