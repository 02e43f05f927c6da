"""What was said and when, and how it is written down: pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.transcriber.writing import join_texts, write_srt, write_txt, write_vtt


@dataclass(frozen=True)
class Word:
    """One spoken word, with the space before it if its language puts one there.

    Times are in seconds, the confidence goes from 0 to 1.
    """

    word: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True)
class Segment:
    """A sentence or a part of one; times in seconds."""

    text: str
    start: float
    end: float
    words: tuple[Word, ...] = ()
    voice: str = ""
    """A packed voice print, if voices are told apart."""
    speaker: str | None = None
    """Who speaks, if voices are told apart, e.g. ``SPEAKER_00``."""

    def to_json(self) -> dict[str, Any]:
        """Return the segment in the words of the HTTP contract."""
        speaker = {"speaker": self.speaker} if self.speaker else {}
        return {
            "text": self.text.strip(),
            "start": self.start,
            "end": self.end,
            "duration": round(self.end - self.start, 3),
            "words": [{**vars(word), "word": word.word.strip()} for word in self.words],
            **speaker,
        }


@dataclass(frozen=True)
class Transcript:
    """What was said in a recording, or in the part of it that has been heard."""

    language: str | None = None
    """ISO 639-1; none as long as nobody speaks."""
    language_probability: float = 0.0
    """How sure the language is, from 0 to 1."""
    segments: tuple[Segment, ...] = ()
    heard: int = 0
    """Number of samples of the recording that this covers."""

    @property
    def text(self) -> str:
        """Return the whole text. The segments keep the spaces that their language puts."""
        return join_texts(segment.text for segment in self.segments)

    def to_json(self) -> dict[str, Any]:
        """Return the transcript in the words of the HTTP contract."""
        return {
            "full_text": self.text,
            "segments": [segment.to_json() for segment in self.segments],
            "detected_language": self.language,
            "language_probability": self.language_probability,
        }

    def to_state(self) -> dict[str, Any]:
        """Return everything as JSON values, for ``from_state``."""
        segments = [
            {**vars(segment), "words": [vars(word) for word in segment.words]}
            for segment in self.segments
        ]
        return {**vars(self), "segments": segments}

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> "Transcript":
        """Return the transcript that a state was made of."""
        segments = tuple(
            Segment(**{**segment, "words": tuple(Word(**word) for word in segment["words"])})
            for segment in state["segments"]
        )
        return Transcript(**{**state, "segments": segments})

    def to_srt(self) -> str:
        """Return the transcript as SubRip subtitles, one cue for each segment."""
        return write_srt(self.segments, self.language)

    def to_vtt(self) -> str:
        """Return the transcript as WebVTT, one cue for each segment."""
        return write_vtt(self.segments, self.language)

    def to_txt(self) -> str:
        """Return the words alone, in paragraphs."""
        return write_txt(self.segments, self.language)
