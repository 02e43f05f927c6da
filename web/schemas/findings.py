"""Schemas of what the services found in a recording: warnings, quality, languages, tracks."""

from pydantic import BaseModel, Field

from orchestrator.domain.findings import AudioTrack, JobWarning, Quality, SpokenLanguage

__all__ = ["AudioTrackDetail", "LanguageDetail", "QualityDetail", "WarningDetail"]


def _is_none(value: float | None) -> bool:
    return value is None


class WarningDetail(BaseModel):
    """A defect, uncertainty or peculiarity of a result."""

    code: str = Field(description="A stable code, for example `no_speech` or `low_confidence`.")
    detail: str = Field(description="An explanation in English.")
    start: float | None = Field(
        None,
        exclude_if=_is_none,
        description="Start of the affected passage in seconds; absent if the warning applies to "
        "the whole recording.",
    )
    end: float | None = Field(
        None, exclude_if=_is_none, description="End of the affected passage in seconds."
    )

    @classmethod
    def of(cls, warning: JobWarning) -> "WarningDetail":
        """Create from a warning."""
        return cls(code=warning.code, detail=warning.detail, start=warning.start, end=warning.end)


class QualityDetail(BaseModel):
    """Coverage and confidence of a transcript."""

    speech_s: float = Field(description="Seconds of detected speech.")
    transcribed_s: float = Field(description="Seconds of detected speech that have words.")
    mean_confidence: float | None = Field(description="Mean confidence of all words, from 0 to 1.")

    @classmethod
    def of(cls, quality: Quality | None) -> "QualityDetail | None":
        """Create from a quality, if it is known."""
        return cls.model_validate(vars(quality)) if quality else None


class LanguageDetail(BaseModel):
    """A language spoken in the recording."""

    code: str = Field(description="Language code, for example `pt`.")
    seconds: float = Field(description="Seconds of speech in this language.")

    @classmethod
    def of(cls, language: SpokenLanguage) -> "LanguageDetail":
        """Create from a language."""
        return cls(code=language.code, seconds=language.seconds)


class AudioTrackDetail(BaseModel):
    """An audio track of the recording."""

    number: int = Field(description="The number to select with `audio_track`, from 1.")
    language: str | None
    title: str | None
    codec: str | None
    channels: int | None
    default: bool = Field(description="Whether it is the default track of the file.")
    chosen: bool = Field(description="Whether it was transcribed.")

    @classmethod
    def of(cls, track: AudioTrack) -> "AudioTrackDetail":
        """Create from a track."""
        return cls(
            number=track.number,
            language=track.language,
            title=track.title,
            codec=track.codec,
            channels=track.channels,
            default=track.is_default,
            chosen=track.is_chosen,
        )
