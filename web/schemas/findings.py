"""What services found out about a recording, as the API shows it."""

from pydantic import BaseModel, Field

from orchestrator.domain.findings import AudioTrack, JobWarning, Quality, SpokenLanguage

__all__ = ["AudioTrackDetail", "LanguageDetail", "QualityDetail", "WarningDetail"]


def _is_none(value: float | None) -> bool:
    return value is None


class WarningDetail(BaseModel):
    """Something that is missing, doubtful or unusual in a result."""

    code: str = Field(
        description="A stable name for programs, e.g. `no_speech` or `low_confidence`."
    )
    detail: str = Field(description="One sentence in English.")
    start: float | None = Field(
        None,
        exclude_if=_is_none,
        description="In seconds on the recording's time line; left out where it holds for all "
        "of the recording.",
    )
    end: float | None = Field(None, exclude_if=_is_none, description="In seconds.")

    @classmethod
    def of(cls, warning: JobWarning) -> "WarningDetail":
        """Show a warning."""
        return cls(code=warning.code, detail=warning.detail, start=warning.start, end=warning.end)


class QualityDetail(BaseModel):
    """How much of the speech became text, and how sure the transcriber is of it."""

    speech_s: float = Field(description="Seconds of speech that were detected.")
    transcribed_s: float = Field(description="Seconds of it that have words.")
    mean_confidence: float | None = Field(description="From 0 to 1, over all words.")

    @classmethod
    def of(cls, quality: Quality | None) -> "QualityDetail | None":
        """Show a quality, if there is one."""
        return cls.model_validate(vars(quality)) if quality else None


class LanguageDetail(BaseModel):
    """A language that is spoken in the recording."""

    code: str
    seconds: float

    @classmethod
    def of(cls, language: SpokenLanguage) -> "LanguageDetail":
        """Show a language."""
        return cls(code=language.code, seconds=language.seconds)


class AudioTrackDetail(BaseModel):
    """One of the audio tracks of the recording's file."""

    number: int = Field(description="From 1; what `audio_track` chooses by.")
    language: str | None
    title: str | None
    codec: str | None
    channels: int | None
    default: bool = Field(description="Whether the file names it as its default.")
    chosen: bool = Field(description="Whether it was transcribed.")

    @classmethod
    def of(cls, track: AudioTrack) -> "AudioTrackDetail":
        """Show a track."""
        return cls(
            number=track.number,
            language=track.language,
            title=track.title,
            codec=track.codec,
            channels=track.channels,
            default=track.is_default,
            chosen=track.is_chosen,
        )
