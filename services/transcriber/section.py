"""A section of one channel: turns its recognized words into segments. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice

import numpy as np

from services.transcriber.audio import Samples
from services.transcriber.detection import Speech
from services.transcriber.doubt import Evidence, Verdict, find_first_confidences, join, judge
from services.transcriber.gaps import MARGIN_S
from services.transcriber.recognition import RecognizedWord
from services.transcriber.segmentation import drop_loops, make_segments
from services.transcriber.speech import SAMPLE_RATE_HZ, Chunk, Span
from services.transcriber.timing import refine_times
from services.transcriber.transcript import Segment, Transcript, Word
from services.transcriber.whispering import find_whispering

LEAD_IN_S = 0.2
"""A segment starts this much before its first word, but not before the previous segment ends, so
that a player that seeks to it does not clip the word. Word times are unchanged."""


@dataclass(frozen=True, eq=False)
class Section:
    """A part of a channel that is in memory."""

    samples: Samples
    speech: Speech
    chunks: Sequence[Chunk]
    """The speech in it that is transcribed now."""
    start_s: float
    """Start on the recording's time line."""
    is_whole: bool = False
    """Whether it is the whole channel."""

    def collect(self, chunk: Chunk) -> Samples:
        """Return the samples of a chunk."""
        return np.concatenate([self.samples[span.start : span.end] for span in chunk.spans])

    def collect_words(self, start_s: float, end_s: float) -> Samples:
        """Return the samples between two times of the recording, at least one."""
        start, end = (
            max(0, round((time_s - self.start_s) * SAMPLE_RATE_HZ)) for time_s in (start_s, end_s)
        )
        return self.samples[start : max(end, start + 1)]

    def move(self, segment: Segment) -> Segment:
        """Return a segment of the section with times of the recording."""
        words = tuple(
            replace(word, start=self._move_s(word.start), end=self._move_s(word.end))
            for word in segment.words
        )
        return replace(
            segment, start=self._move_s(segment.start), end=self._move_s(segment.end), words=words
        )

    def add(
        self,
        transcript: Transcript,
        segments: Sequence[Segment],
        missed: Sequence[Span],
        end: int,
    ) -> Transcript:
        """Return a transcript with the section's segments and measurements up to a sample."""
        samples = self.samples[:end]
        peak = max(transcript.peak, float(np.abs(samples).max(initial=0.0)))
        missed_s = [self._find_times_s(one) for one in missed]
        found = find_whispering(samples, self.speech.probabilities)
        whispered = [self._find_times_s(one) for one in found]
        voices_s = [self.speech.measure_s(one.start, one.end) for one in missed]
        return replace(
            transcript,
            # Sorting is stable: the segments of one channel keep their order.
            segments=tuple(
                sorted((*transcript.segments, *segments), key=lambda segment: segment.start)
            ),
            speech_s=round(transcript.speech_s + self.speech.measure_s(0, end), 3),
            unheard_s=round(transcript.unheard_s + sum(voices_s), 3),
            unheard=tuple(sorted((*transcript.unheard, *missed_s))),
            whispered=tuple(sorted((*transcript.whispered, *whispered))),
            peak=peak,
        )

    def _find_times_s(self, span: Span) -> tuple[float, float]:
        """Return the start and the end of a span in the recording, in seconds."""
        return self._move_s(span.start / SAMPLE_RATE_HZ), self._move_s(span.end / SAMPLE_RATE_HZ)

    def _move_s(self, time_s: float) -> float:
        return round(time_s + self.start_s, 3)


def compose_segments(
    recognized: Sequence[RecognizedWord], section: Section, *, language_probability: float
) -> list[Segment]:
    """Return the segments of recognized words, without rejected ones, in section times.

    Args:
        recognized: The words, in order.
        section: The section they are from.
        language_probability: Probability of the detected language; 1 if the client named it.
    """
    words = refine_times([one.word for one in recognized], section.samples, section.speech.spans)
    timed = [replace(one, word=word) for one, word in zip(recognized, words, strict=True)]
    kept = {id(word) for word in drop_loops(words)}
    timed = [one for one in timed if id(one.word) in kept]
    confidences = iter(find_first_confidences((one.word, one.evidence) for one in timed))
    segments: list[Segment] = []
    for language, group in groupby(timed, key=lambda one: one.language):
        run = list(group)
        first = 0
        for segment in make_segments([one.word for one in run]):
            evidence = [one.evidence for one in run[first : first + len(segment.words)]]
            first += len(evidence)
            sure = [*islice(confidences, len(evidence))]
            checked = _apply_verdict(
                segment, sure, join(evidence), section.speech, language_probability
            )
            if checked:
                segments.append(replace(checked, language=language))
    return _lead_in(segments)


def _lead_in(segments: Sequence[Segment]) -> list[Segment]:
    """Start each segment ``LEAD_IN_S`` earlier, but not before the previous segment ends."""
    ends_s = (0.0, *(segment.end for segment in segments))
    return [
        replace(segment, start=max(segment.start - LEAD_IN_S, min(end_s, segment.start)))
        for segment, end_s in zip(segments, ends_s, strict=False)
    ]


def _apply_verdict(
    segment: Segment,
    confidences: Sequence[float],
    evidence: Evidence,
    speech: Speech,
    language_probability: float,
) -> Segment | None:
    verdict = judge(
        zip((word.word for word in segment.words), confidences, strict=True),
        evidence,
        voice=_measure_voice(segment.words, speech),
        language_probability=language_probability,
    )
    if verdict is Verdict.DROP:
        return None
    return replace(
        segment,
        confidence=_mean_confidence(segment.words),
        no_speech=round(evidence.no_speech, 4),
        is_marked=verdict is Verdict.MARK,
    )


def _measure_voice(words: Sequence[Word], speech: Speech) -> float:
    """Return the mean voice probability during words, without the pauses between them.

    Voice activity detection lags by some frames after silence, and word times may be wrong, so a
    word counts with its highest probability within ``MARGIN_S`` of its time.
    """
    spans = [
        Span(round(word.start * SAMPLE_RATE_HZ), round(word.end * SAMPLE_RATE_HZ)) for word in words
    ]
    voices = [_measure_near(span, speech) for span in spans]
    return float(np.average(voices, weights=[max(1, span.length) for span in spans]))


def _measure_near(span: Span, speech: Speech) -> float:
    """Return the highest mean voice probability of a span and of its two shifted copies."""
    margin = round(MARGIN_S * SAMPLE_RATE_HZ)
    shifts = (0, margin, max(-margin, -span.start))
    return max(speech.mean_probability(span.start + shift, span.end + shift) for shift in shifts)


def _mean_confidence(words: Sequence[Word]) -> float:
    return round(sum(word.confidence for word in words) / max(1, len(words)), 4)
