"""What was said and when, and how it is written down: pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from services.transcriber.captions import join_texts, write_srt, write_txt, write_vtt
from services.transcriber.speech import SAMPLE_RATE_HZ


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
    """The speaker (``SPEAKER_00``) or the channel (``CHANNEL_00``), if they are distinguished."""
    language: str | None = None
    """ISO 639-1 code of the spoken language."""
    no_speech: float = 0.0
    """Probability that nobody speaks, as the model reports it."""
    confidence: float | None = None
    """Mean probability of the words, from 0 to 1."""
    is_marked: bool = False
    """It may not have been said."""

    def to_json(self) -> dict[str, Any]:
        """Return the segment in the words of the HTTP contract."""
        speaker = {"speaker": self.speaker} if self.speaker else {}
        return {
            "text": self.text.strip(),
            "start": self.start,
            "end": self.end,
            "duration": round(self.end - self.start, 3),
            "words": [{**vars(word), "word": word.word.strip()} for word in self.words],
            "language": self.language,
            "confidence": self.confidence,
            "no_speech": self.no_speech,
            **speaker,
        }


@dataclass(frozen=True)
class Channel:
    """How far one channel of a recording has been heard."""

    heard: int = 0
    """Number of samples."""
    language: str | None = None
    """The language that is spoken there now; none as long as nobody speaks."""
    language_probability: float = 0.0
    """How sure its first language is, from 0 to 1."""


@dataclass(frozen=True)
class Transcript:
    """What was said in a recording, or in the part of it that has been heard."""

    language: str | None = None
    """ISO 639-1 code of the language with most seconds; none as long as nobody speaks."""
    language_probability: float = 0.0
    """How sure the language is, from 0 to 1; 1 if it was named."""
    segments: tuple[Segment, ...] = ()
    """Of all channels, in the order of their times."""
    heard: int = 0
    """Number of samples that have been heard of every channel."""
    channels: tuple[Channel, ...] = ()
    """Those that are heard by themselves; one for a mix, none before anything is heard."""
    speech_s: float = 0.0
    """Seconds of voice that were detected."""
    unheard: tuple[tuple[float, float], ...] = ()
    """Where there is a voice and no words, in seconds."""
    unheard_s: float = 0.0
    """Seconds of voice in there."""
    whispered: tuple[tuple[float, float], ...] = ()
    """Where somebody may whisper, on any channel, in seconds."""
    peak: float = 0.0
    """The largest sample, from 0 to 1."""
    source_warnings: tuple[Mapping[str, Any], ...] = ()
    """What is wrong with the file, once it has been read."""

    @property
    def languages(self) -> dict[str, float]:
        """Return the seconds of each language, most first."""
        seconds: dict[str, float] = {}
        for segment in self.segments:
            if segment.language:
                length_s = segment.end - segment.start
                seconds[segment.language] = seconds.get(segment.language, 0.0) + length_s
        return dict(sorted(seconds.items(), key=lambda item: -item[1]))

    @property
    def settled(self) -> "Transcript":
        """Return the part to which no channel adds segments any more."""
        end_s = self.heard / SAMPLE_RATE_HZ
        is_even = len({channel.heard for channel in self.channels}) <= 1
        kept = tuple(one for one in self.segments if is_even or one.start < end_s)
        return replace(self, segments=kept)

    def with_channels(self, channels: tuple[Channel, ...]) -> "Transcript":
        """Return the transcript after its channels have been heard further."""
        language = next(iter(self.languages), channels[0].language)
        same = [one for one in channels if one.language == language]
        return replace(
            self,
            language=language,
            language_probability=max(one.language_probability for one in same or channels),
            heard=min(one.heard for one in channels),
            channels=channels,
        )

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
        channels = [vars(channel) for channel in self.channels]
        return {**vars(self), "segments": segments, "channels": channels}

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> "Transcript":
        """Return the transcript that a state was made of, by this version or the one before."""
        segments = tuple(
            Segment(
                **{
                    "language": state["language"],
                    **segment,
                    "words": tuple(Word(**word) for word in segment["words"]),
                }
            )
            for segment in state["segments"]
        )
        lists = {
            "segments": segments,
            "channels": tuple(Channel(**one) for one in state.get("channels", ())),
            "unheard": tuple((start, end) for start, end in state.get("unheard", ())),
            "whispered": tuple((start, end) for start, end in state.get("whispered", ())),
            "source_warnings": tuple(state.get("source_warnings", ())),
        }
        return Transcript(**{**state, **lists})

    def to_srt(self) -> str:
        """Return the transcript as SubRip subtitles, one cue for each segment."""
        return write_srt(self.segments, self.language)

    def to_vtt(self) -> str:
        """Return the transcript as WebVTT, one cue for each segment."""
        return write_vtt(self.segments, self.language)

    def to_txt(self) -> str:
        """Return the words alone, in paragraphs."""
        return write_txt(self.segments, self.language)
