"""Transcribes chunks and repeats doubtful parts: another language, or speech without words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.transcriber.audio import Samples
from services.transcriber.detection import Speech
from services.transcriber.doubt import Evidence
from services.transcriber.engine import (
    LEAST_LOG_PROBABILITY,
    NO_SPEECH,
    WINDOW_S,
    ChunkTranscript,
    Engine,
    TranscriptionOptions,
)
from services.transcriber.gaps import MARGIN_S, find_gaps, merge_words
from services.transcriber.language_spans import (
    choose_languages,
    cut_pieces,
    find_other,
    group_runs,
)
from services.transcriber.speech import SAMPLE_RATE_HZ, Chunk, Span
from services.transcriber.transcript import Word

WEAK = 0.5
"""Mean word confidence below which the language of a piece is checked."""
LEAST_CONFIDENCE = 0.4
"""Score below which a repeated transcription is rejected."""
SURE_OF_OTHER = 0.85
"""Probability of the other language from which on ``SURE_MARGIN`` applies."""
EMPTY_S = 1.5
"""Seconds of voice without words from which on the language of a piece is checked."""
NEAR_WINDOWS = 1.5
"""Windows around one in another language within which the language of a piece is checked."""
LIKELY = 0.4
"""Probability of another language from which on a gap is transcribed in both."""
SURE_MARGIN = 0.1
"""By how much words in a surely detected language may score lower than the known ones."""
UNSURE_MARGIN = {True: 0.1, False: 0.0}
"""By how much words in another language must score higher; by whether the client named one."""
LEAST_VOICE_S = 0.8
"""Seconds of voice that language detection needs."""
TRANSLATED_GAP_S = 3.0
"""Shortest gap in a translation, whose word times are only approximate."""
GAP_ROUNDS = 2
"""Passes over the gaps; filling one can reveal another."""
LONGEST_PART = 10 * SAMPLE_RATE_HZ
"""Longest part of a gap to transcribe: the model drops fewer repetitions in short parts."""
DISPLACED_S = 1.0
"""Largest error of a word's time; words so close to a gap may have their sound in it."""
PADDING = SAMPLE_RATE_HZ // 5
"""Samples of context on each side of a gap."""


@dataclass(frozen=True)
class RecognizedWord:
    """A word with its evidence and language; times in seconds since the section starts."""

    word: Word
    evidence: Evidence
    language: str


@dataclass(frozen=True, eq=False)
class Recognizer:
    """Transcribes one section of a channel.

    Args:
        engine: The model.
        samples: The audio of the section.
        speech: The speech detected in it.
        choose_options: Returns the options for speech in a language.
        is_language_given: The client named the language.
        is_whole: The section is the whole channel.
    """

    engine: Engine
    samples: Samples
    speech: Speech
    choose_options: Callable[[str], TranscriptionOptions]
    is_language_given: bool
    is_whole: bool

    def recognize(self, chunks: Sequence[Chunk], language: str) -> tuple[list[RecognizedWord], str]:
        """Return the words of the chunks, and the language spoken at their end."""
        chunk_transcripts = self._transcribe_chunks(
            [self._cut(chunk) for chunk in chunks], self.choose_options(language)
        )
        recognized: list[RecognizedWord] = []
        spoken = language
        for chunk, decoded in zip(chunks, chunk_transcripts, strict=True):
            found = _locate_words(decoded, chunk, language)
            runs = self._find_runs(chunk, decoded, found, language, spoken)
            if runs == [(language, chunk.spans)]:
                recognized += found
                continue
            recognized += self._transcribe_runs(runs, found, language)
            if recognized:
                spoken = recognized[-1].language
        for chunk in chunks:
            recognized = self._fill_gaps(recognized, chunk, spoken)
        return recognized, spoken

    def _transcribe_chunks(
        self, audio: Sequence[Samples], options: TranscriptionOptions
    ) -> Sequence[ChunkTranscript]:
        if self.is_whole and len(audio) == 1:
            return [self.engine.transcribe_single(audio[0], options)]
        return self.engine.transcribe_batch(audio, options)

    def _cut(self, chunk: Chunk) -> Samples:
        return np.concatenate([self.samples[span.start : span.end] for span in chunk.spans])

    def _find_runs(
        self,
        chunk: Chunk,
        decoded: ChunkTranscript,
        found: Sequence[RecognizedWord],
        language: str,
        spoken: str,
    ) -> list[tuple[str, tuple[Span, ...]]]:
        """Return the runs of one language in a chunk; only doubtful pieces are checked."""
        pieces = cut_pieces(chunk.spans, self.speech)
        others = [
            number
            for number, window in enumerate(decoded.languages)
            if find_other(window, language)
        ]
        doubtful = [
            piece
            for piece in pieces
            if spoken != language
            or any(
                abs(chunk.find_offset_s(piece.start + piece.length // 2) / WINDOW_S - other - 0.5)
                < NEAR_WINDOWS
                for other in others
            )
            or self._is_weak(piece, found)
        ]
        if not doubtful:
            return [(language, chunk.spans)]
        probabilities: list[Mapping[str, float]] = [
            self._detect_language(piece) if piece in doubtful else {language: 1.0}
            for piece in pieces
        ]
        codes = choose_languages(pieces, probabilities, spoken)
        return group_runs(pieces, codes)

    def _is_weak(self, piece: Span, found: Sequence[RecognizedWord]) -> bool:
        if self.speech.measure_s(piece.start, piece.end) < LEAST_VOICE_S:
            return False
        if find_gaps([one.word for one in found], self.speech, [piece], least_s=EMPTY_S):
            return True
        return _mean(_within(found, (piece,))) < WEAK

    def _detect_language(self, span: Span) -> Mapping[str, float]:
        if self.speech.measure_s(span.start, span.end) < LEAST_VOICE_S:
            return {}
        return self.engine.detect_language(self.samples[span.start : span.end])

    def _transcribe_runs(
        self,
        runs: Sequence[tuple[str, tuple[Span, ...]]],
        found: Sequence[RecognizedWord],
        language: str,
    ) -> list[RecognizedWord]:
        """Transcribe each run in its language; keep the known words where they are better."""
        known = [_within(found, spans) for _, spans in runs]
        better = [
            None if code == language else self._transcribe_run(Chunk(spans), code, words, language)
            for (code, spans), words in zip(runs, known, strict=True)
        ]
        recognized: list[RecognizedWord] = []
        for (code, spans), words, other in zip(runs, known, better, strict=True):
            # Speech in another language degrades the words around it.
            is_repeated = code == language and any(better)
            recognized += (
                self._transcribe_run(Chunk(spans), code, words, language) if is_repeated else other
            ) or words
        return recognized

    def _transcribe_run(
        self, chunk: Chunk, code: str, known: list[RecognizedWord], language: str
    ) -> list[RecognizedWord] | None:
        """Return the words of a run in a language, or ``None`` if the known ones are better."""
        audio = self._cut(chunk)
        decoded = self.engine.transcribe_single(audio, self.choose_options(code))
        found = _locate_words(decoded, chunk, code)
        is_sure = self.engine.detect_language(audio).get(code, 0.0) >= SURE_OF_OTHER
        # The model can also output a fluent translation, with nearly the same confidence.
        margin = -SURE_MARGIN if is_sure else UNSURE_MARGIN[self.is_language_given]
        is_fuller = code == language and len(found) > len(known) and _score(found) >= WEAK
        is_better = _score(found) >= max(LEAST_CONFIDENCE, _score(known) + margin)
        return found if is_better or is_fuller else None

    def _fill_gaps(
        self, recognized: list[RecognizedWord], chunk: Chunk, spoken: str
    ) -> list[RecognizedWord]:
        region = Span(chunk.spans[0].start, chunk.spans[-1].end)
        for _ in range(GAP_ROUNDS):
            known = recognized
            for gap in self.find_gaps([one.word for one in recognized], [region], spoken):
                for part in cut_pieces([gap], self.speech, longest=LONGEST_PART):
                    recognized = self._fill(recognized, part, spoken)
            if recognized == known:
                break
        return recognized

    def find_gaps(self, words: Sequence[Word], regions: Sequence[Span], spoken: str) -> list[Span]:
        """Return the speech that has no words."""
        is_translated = self.choose_options(spoken).task != "transcribe"
        options = {"least_s": TRANSLATED_GAP_S} if is_translated else {}
        return find_gaps(words, self.speech, regions, **options)

    def _fill(
        self, recognized: list[RecognizedWord], gap: Span, spoken: str
    ) -> list[RecognizedWord]:
        """Transcribe a gap alone and insert its words."""
        start_s, end_s = gap.start / SAMPLE_RATE_HZ, gap.end / SAMPLE_RATE_HZ
        before = [one for one in recognized if _middle(one) < start_s]
        after = [one for one in recognized if _middle(one) > end_s]
        hidden = recognized[len(before) : len(recognized) - len(after)]
        near = before[-1].language if before else after[0].language if after else spoken
        span = Span(max(0, gap.start - PADDING), min(len(self.samples), gap.end + PADDING))
        other = find_other(self._detect_language(span), near, least=LIKELY)
        codes = [other, near] if other else [near]
        found = max((self._transcribe_gap(span, code) for code in codes), key=_score)
        if not found:
            return recognized
        first, last = merge_words(
            [one.word.word for one in before if one.word.end > start_s - DISPLACED_S],
            [one.word.word for one in found],
            [one.word.word for one in after if one.word.start < end_s + DISPLACED_S],
        )
        kept = found[first : len(found) - last]
        # A word that spans the gap starts too early: it belongs to the speech after it.
        moved = [
            _clip(one, max(start_s, end_s - MARGIN_S), end_s)
            for one in hidden
            if one.word.confidence >= LEAST_CONFIDENCE and not last
        ]
        latest_s = end_s - MARGIN_S if moved else end_s
        return [*before, *(_clip(one, start_s, latest_s) for one in kept), *moved, *after]

    def _transcribe_gap(self, span: Span, code: str) -> list[RecognizedWord]:
        decoded = self.engine.transcribe_with_fallback(
            self.samples[span.start : span.end], self.choose_options(code)
        )
        found = [
            one
            for one in _locate_words(decoded, Chunk((span,)), code)
            if not (
                one.evidence.log_probability < LEAST_LOG_PROBABILITY
                and one.evidence.no_speech > NO_SPEECH
            )
        ]
        return found if _mean(found) >= LEAST_CONFIDENCE else []


def _locate_words(decoded: ChunkTranscript, chunk: Chunk, language: str) -> list[RecognizedWord]:
    """Return a chunk's words with times on the section's time line."""
    recognized = []
    for passage in decoded.passages:
        for word in passage.words:
            start_s, end_s = chunk.locate(word.start, word.end)
            recognized.append(
                RecognizedWord(replace(word, start=start_s, end=end_s), passage.evidence, language)
            )
    return recognized


def _within(recognized: Sequence[RecognizedWord], spans: Sequence[Span]) -> list[RecognizedWord]:
    return [
        one
        for one in recognized
        if any(span.start <= _middle(one) * SAMPLE_RATE_HZ < span.end for span in spans)
    ]


def _middle(one: RecognizedWord) -> float:
    return (one.word.start + one.word.end) / 2


def _mean(recognized: Sequence[RecognizedWord]) -> float:
    return sum(one.word.confidence for one in recognized) / len(recognized) if recognized else 0.0


def _score(recognized: Sequence[RecognizedWord]) -> float:
    """Return the mean confidence, at most that of the passages (each different word once)."""
    passages = [one.evidence.confidence for one in recognized]
    return min(_mean(recognized), sum(passages) / len(passages)) if recognized else 0.0


def _clip(one: RecognizedWord, start_s: float, end_s: float) -> RecognizedWord:
    start, end = (min(max(time_s, start_s), end_s) for time_s in (one.word.start, one.word.end))
    return replace(one, word=replace(one.word, start=start, end=end))
