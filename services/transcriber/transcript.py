"""The transcript of a recording, its segments and words: pure.

The field names are the keys of checkpoints, so they stay stable.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from services.transcriber.captions import join_texts, write_srt, write_txt, write_vtt
from services.transcriber.speech import SAMPLE_RATE_HZ


@dataclass(frozen=True)
class Word:
    """A spoken word, including the space before it if its language uses spaces.

    Times are in seconds; the confidence is from 0 to 1.
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
    """The packed speaker embedding, with diarization."""
    speaker: str | None = None
    """The speaker (``SPEAKER_00``) or the channel (``CHANNEL_00``), if they are distinguished."""
    language: str | None = None
    """ISO 639-1 code of the spoken language."""
    no_speech: float = 0.0
    """Probability of no speech, as the model reports it."""
    confidence: float | None = None
    """Mean probability of the words, from 0 to 1."""
    is_marked: bool = False
    """Whether the words may not have been spoken (``low_confidence``)."""

    def to_json(self) -> dict[str, Any]:
        """Return the segment with the field names of the HTTP contract."""
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
    """Progress of one channel of a recording."""

    heard: int = 0
    """Number of transcribed samples."""
    language: str | None = None
    """The language spoken last; ``None`` before any speech."""
    language_probability: float = 0.0
    """Probability of its first language, from 0 to 1."""


@dataclass(frozen=True)
class Transcript:
    """The transcript of a recording, or of its transcribed part."""

    language: str | None = None
    """ISO 639-1 code of the language with the most seconds; ``None`` before any speech."""
    language_probability: float = 0.0
    """Probability of the language, from 0 to 1; 1 if the client named it."""
    segments: tuple[Segment, ...] = ()
    """Segments of all channels, in order of start."""
    heard: int = 0
    """Number of samples that are transcribed in every channel."""
    channels: tuple[Channel, ...] = ()
    """Channels that are transcribed separately; one for a mix, none before the first block."""
    speech_s: float = 0.0
    """Seconds of detected voice."""
    unheard: tuple[tuple[float, float], ...] = ()
    """Start and end of each span of voice without words, in seconds."""
    unheard_s: float = 0.0
    """Seconds of voice in ``unheard``."""
    whispered: tuple[tuple[float, float], ...] = ()
    """Start and end of each span of possible whispering, on any channel, in seconds."""
    peak: float = 0.0
    """Largest absolute sample value, from 0 to 1."""
    source_warnings: tuple[Mapping[str, Any], ...] = ()
    """Warnings about the file, complete once it has been read."""

    @property
    def languages(self) -> dict[str, float]:
        """Return the seconds of each language, longest first."""
        seconds: dict[str, float] = {}
        for segment in self.segments:
            if segment.language:
                length_s = segment.end - segment.start
                seconds[segment.language] = seconds.get(segment.language, 0.0) + length_s
        return dict(sorted(seconds.items(), key=lambda item: -item[1]))

    @property
    def settled(self) -> "Transcript":
        """Return the part that is final: no channel adds segments to it."""
        end_s = self.heard / SAMPLE_RATE_HZ
        is_even = len({channel.heard for channel in self.channels}) <= 1
        kept = tuple(one for one in self.segments if is_even or one.start < end_s)
        return replace(self, segments=kept)

    def with_channels(self, channels: tuple[Channel, ...]) -> "Transcript":
        """Return the transcript with the new progress of its channels."""
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
        """Return the text of all segments."""
        return join_texts(segment.text for segment in self.segments)

    def to_json(self) -> dict[str, Any]:
        """Return the transcript with the field names of the HTTP contract."""
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
        """Return the transcript of a state that this version or the previous one saved."""
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
        """Return the text in paragraphs, without times."""
        return write_txt(self.segments, self.language)
