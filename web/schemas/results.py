"""Schemas of the result routes."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.captions import Cue, CueStyle
from orchestrator.captions.style import (
    MaxCharsPerS,
    MaxCueS,
    MaxLineChars,
    MaxLines,
    MinCueS,
    MinGapS,
)
from orchestrator.domain.job import Transcript
from web.schemas.findings import LanguageDetail, QualityDetail, WarningDetail

__all__ = ["CueDetail", "TranscriptDocument", "TranscriptFormat", "TranscriptQuery"]


class TranscriptFormat(StrEnum):
    """Format of a transcript; the value is also its file extension."""

    JSON = "json"
    TXT = "txt"
    SRT = "srt"
    VTT = "vtt"

    @property
    def media_type(self) -> str:
        """The media type of the format."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES = {
    TranscriptFormat.JSON: "application/json",
    TranscriptFormat.TXT: "text/plain",
    TranscriptFormat.SRT: "application/x-subrip",
    TranscriptFormat.VTT: "text/vtt",
}


class TranscriptQuery(BaseModel):
    """Query of ``GET /jobs/{job_id}/transcript``; omitted limits use the operator's defaults."""

    model_config = ConfigDict(frozen=True)

    format: TranscriptFormat | None = Field(
        None, description="Format of the file. By default `Accept` decides."
    )
    max_line_chars: MaxLineChars | None = None
    max_lines: MaxLines | None = None
    min_cue_s: MinCueS | None = None
    max_cue_s: MaxCueS | None = None
    max_chars_per_s: MaxCharsPerS | None = None
    min_gap_s: MinGapS | None = None

    def style(self, default: CueStyle) -> CueStyle:
        """Return the cue style, with the limits of the query."""
        return default.model_copy(update=self.model_dump(exclude={"format"}, exclude_none=True))


class CueDetail(BaseModel):
    """A subtitle cue."""

    start: float = Field(description="Start in seconds.")
    end: float = Field(description="End in seconds.")
    lines: Sequence[str]
    speaker: str | None = Field(description="The speaker, if known.")


class TranscriptDocument(BaseModel):
    """A transcript as JSON: text, segments with words, and subtitle cues."""

    job_id: str
    language: str | None
    text: str
    segments: Sequence[dict[str, Any]] = Field(
        description="Segments with `text`, and `start`, `end` and `duration` in seconds. If known, "
        "also `words`, `language`, `confidence`, `no_speech` and `speaker`."
    )
    languages: Sequence[LanguageDetail]
    warnings: Sequence[WarningDetail]
    quality: QualityDetail | None
    cues: Sequence[CueDetail]

    @classmethod
    def of(cls, job_id: str, transcript: Transcript, cues: Sequence[Cue]) -> "TranscriptDocument":
        """Create from a transcript and its cues."""
        return cls(
            job_id=job_id,
            language=transcript.language,
            text=transcript.text,
            segments=[dict(segment) for segment in transcript.segments],
            languages=[LanguageDetail.of(one) for one in transcript.findings.languages],
            warnings=[WarningDetail.of(one) for one in transcript.findings.warnings],
            quality=QualityDetail.of(transcript.findings.quality),
            cues=[
                CueDetail(
                    start=cue.start_ms / 1000,
                    end=cue.end_ms / 1000,
                    lines=cue.lines,
                    speaker=cue.speaker,
                )
                for cue in cues
            ],
        )
