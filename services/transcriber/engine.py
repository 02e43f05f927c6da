"""A small interface to faster-whisper."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError
from itertools import accumulate, pairwise
from typing import Any

import ctranslate2
import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel
from faster_whisper.audio import pad_or_trim

from services.kit.work import WorkError
from services.transcriber import languages
from services.transcriber.audio import Samples
from services.transcriber.bundled import BUNDLED, ModelIntegrityError, ensure_model
from services.transcriber.doubt import Evidence, weigh
from services.transcriber.segmentation import drop_loops
from services.transcriber.settings import TranscriberSettings
from services.transcriber.speech import SAMPLE_RATE_HZ
from services.transcriber.transcript import Word
from services.transcriber.translation import ENGLISH

logger = logging.getLogger(__name__)

UNSURE_WORD = 0.7
"""Word probability below which speech without context is transcribed a second time."""
TIE = 0.01
"""Difference in mean confidence up to which two transcripts tie. The one with timestamps wins a
tie, because Whisper is trained to write them."""
# Whisper's own thresholds: text with a higher compression ratio is a loop, text with a lower log
# probability is a guess.
MAX_COMPRESSION = 2.4
LEAST_LOG_PROBABILITY = -1.0
NO_SPEECH = 0.6
# At higher temperatures the text differs randomly between runs.
TEMPERATURES = (0.0, 0.2, 0.4)
# Upper bound on the tokens of a short chunk; a loop would fill the whole decoder context.
TOKENS, TOKENS_PER_SECOND, MOST_TOKENS = 30, 15, 220
FEATURE_SAMPLES = SAMPLE_RATE_HZ // 100
MOST_FEATURES = 3000  # 30 seconds
WINDOW_S = 5.0
"""Window of language detection; shorter ones are unreliable."""
STATES_PER_SECOND = 50
"""Rate of the encoder's output."""

LanguageProbabilities = Mapping[str, float]
"""Probability of each language (ISO 639-1 code), from 0 to 1; empty if unknown."""


@dataclass(frozen=True)
class Passage:
    """The words of one Whisper segment, which is decoded at once, with the model's evidence."""

    words: tuple[Word, ...]
    evidence: Evidence


@dataclass(frozen=True)
class ChunkTranscript:
    """The transcript of one chunk of speech."""

    passages: tuple[Passage, ...] = ()
    languages: tuple[LanguageProbabilities, ...] = ()
    """Language probabilities of each ``WINDOW_S`` of the chunk; empty if not detected."""

    @property
    def words(self) -> tuple[Word, ...]:
        """Return all words, in order."""
        return tuple(word for passage in self.passages for word in passage.words)

    @property
    def confidence(self) -> float:
        """Return the mean probability of the words, 0 if there are none."""
        return sum(word.confidence for word in self.words) / max(1, len(self.words))


@dataclass(frozen=True)
class TranscriptionOptions:
    """Options of one transcription."""

    language: str
    """Spoken language (ISO 639-1)."""
    task: str = "transcribe"
    """``transcribe``, or ``translate`` (into English)."""
    hotwords: str | None = None
    """Names and terms that are likely to occur."""


class Engine:
    """A loaded Whisper model.

    Args:
        settings: The model, its device and its arithmetic.

    Raises:
        WorkError: ``model_unavailable`` if the model is missing or fails its integrity check.
    """

    def __init__(self, settings: TranscriberSettings) -> None:
        self._beam_size = settings.whisper_beam_size
        try:
            self._model = _load_model(settings)
        except (OSError, ValueError, RuntimeError, ModelIntegrityError) as error:
            logger.exception("cannot load the speech model model=%s", settings.whisper_model)
            # A download may succeed later; a file with the wrong content stays wrong.
            raise WorkError(
                "model_unavailable",
                "The server cannot load the speech model. Report this to its operator.",
                retryable=isinstance(error, OSError),
            ) from error

    def detect_language(self, samples: Samples) -> LanguageProbabilities:
        """Return the probability of each language in up to 30 seconds of speech.

        The input is not padded to 30 seconds, so the cost is proportional to its length.
        """
        if not self._model.model.is_multilingual:
            return {ENGLISH: 1.0}
        return _to_probabilities(self._model.model.detect_language(self._encode(samples))[0])

    def _encode(self, samples: Samples) -> Any:
        features = self._model.feature_extractor(samples)
        length = min(MOST_FEATURES, 2 * -(-len(samples) // (2 * FEATURE_SAMPLES)))
        return self._model.encode(pad_or_trim(features[..., :length], length))

    def transcribe_batch(
        self, chunks: Sequence[Samples], options: TranscriptionOptions
    ) -> list[ChunkTranscript]:
        """Transcribe chunks in one batch; times are in seconds since the start of each chunk.

        Args:
            chunks: Speech of at most 30 seconds each.
            options: Language, task and hotwords.
        """
        ends_s = [*accumulate((len(chunk) / SAMPLE_RATE_HZ for chunk in chunks), initial=0.0)]
        clips = [{"start": start_s, "end": end_s} for start_s, end_s in pairwise(ends_s)]
        # Decoding without timestamp tokens is faster and as accurate: 82 errors in 899 words of
        # single prompts (en, es, fr), 84 with timestamps.
        pipeline = _LanguagePipeline(self._model, [len(chunk) / SAMPLE_RATE_HZ for chunk in chunks])
        found, _ = pipeline.transcribe(
            np.concatenate(chunks),
            clip_timestamps=clips,
            batch_size=len(chunks),
            **self._make_options(options),
        )
        segments = list(found)
        return [
            replace(self._check(segment, chunk, start_s, options), languages=windows)
            for segment, windows, chunk, start_s in zip(
                segments, pipeline.languages, chunks, ends_s[:-1], strict=True
            )
        ]

    def transcribe_single(self, chunk: Samples, options: TranscriptionOptions) -> ChunkTranscript:
        """Transcribe one chunk without context; return the more confident of two transcripts.

        The second transcript, with timestamps, is made only if a word has a low probability. There
        is no other speech to resolve an ambiguity, and one chunk costs little to repeat.

        Args:
            chunk: Speech of at most 30 seconds.
            options: Language, task and hotwords.
        """
        (first,) = self.transcribe_batch([chunk], options)
        if min((word.confidence for word in first.words), default=1.0) >= UNSURE_WORD:
            return first
        second = replace(self.transcribe_with_fallback(chunk, options), languages=first.languages)
        return first if first.confidence > second.confidence + TIE else second

    def transcribe_with_fallback(
        self, chunk: Samples, options: TranscriptionOptions
    ) -> ChunkTranscript:
        """Transcribe one chunk with timestamp tokens and temperature fallback."""
        segments, _ = self._model.transcribe(
            chunk,
            condition_on_previous_text=False,  # otherwise a hallucination repeats for minutes
            temperature=TEMPERATURES,
            max_new_tokens=min(
                MOST_TOKENS, round(TOKENS + TOKENS_PER_SECOND * len(chunk) / SAMPLE_RATE_HZ)
            ),
            **self._make_options(options),
        )
        return ChunkTranscript(
            tuple(Passage(_to_words(segment, 0.0), weigh(segment)) for segment in segments)
        )

    def _make_options(self, options: TranscriptionOptions) -> dict[str, Any]:
        return {
            "language": languages.to_whisper_code(options.language),
            "task": options.task,
            "hotwords": options.hotwords,
            "beam_size": self._beam_size,
            "word_timestamps": True,
        }

    def _check(
        self, found: Any, chunk: Samples, start_s: float, options: TranscriptionOptions
    ) -> ChunkTranscript:
        """Return a chunk's transcript; transcribe it with fallback if it is a guess or a loop."""
        is_guess = found.avg_logprob < LEAST_LOG_PROBABILITY
        if is_guess and found.no_speech_prob > NO_SPEECH:
            return ChunkTranscript()
        words = _to_words(found, start_s)
        # Speech that really repeats itself has a high compression ratio too.
        is_loop = found.compression_ratio > MAX_COMPRESSION and drop_loops(words) != [*words]
        if is_guess or is_loop:
            return self.transcribe_with_fallback(chunk, options)
        return ChunkTranscript((Passage(words, weigh(found)),))


class _LanguagePipeline(BatchedInferencePipeline):  # type: ignore[misc] # faster-whisper has no types
    """A batched pipeline that also detects languages, from the encoder output it already has.

    Args:
        model: The faster-whisper model.
        durations_s: Duration of each chunk.
    """

    def __init__(self, model: Any, durations_s: Sequence[float]) -> None:
        super().__init__(model)
        self._durations_s = durations_s
        self.languages: list[tuple[LanguageProbabilities, ...]] = []

    def generate_segment_batched(self, features: Any, tokenizer: Any, options: Any) -> Any:
        """Decode a batch of chunks as the base class does, and record their languages."""
        encoded, outputs = super().generate_segment_batched(features, tokenizer, options)
        self.languages = _detect_languages(self.model, encoded, self._durations_s)
        return encoded, outputs


def _detect_languages(
    model: Any, encoded: Any, durations_s: Sequence[float]
) -> list[tuple[LanguageProbabilities, ...]]:
    """Return the language probabilities of each window of encoded chunks."""
    if not model.model.is_multilingual:
        return [()] * len(durations_s)
    on_cpu = encoded.to_device(ctranslate2.Device.cpu).to(ctranslate2.DataType.float32)
    states = np.array(on_cpu)
    size = min(round(WINDOW_S * STATES_PER_SECOND), states.shape[1])
    starts = [
        [
            max(0, min(start, round(duration_s * STATES_PER_SECOND) - size))
            for start in range(0, max(1, round(duration_s * STATES_PER_SECOND) - size // 2), size)
        ]
        for duration_s in durations_s
    ]
    windows = [states[row, start : start + size] for row, own in enumerate(starts) for start in own]
    batch = ctranslate2.StorageView.from_array(np.ascontiguousarray(np.stack(windows)))
    found = iter(model.model.detect_language(batch))
    return [tuple(_to_probabilities(next(found)) for _ in own) for own in starts]


def _to_probabilities(found: Sequence[tuple[str, float]]) -> LanguageProbabilities:
    """Convert language tokens such as ``<|en|>`` to ISO codes."""
    return {languages.from_whisper_code(token[2:-2]): value for token, value in found}


def _load_model(settings: TranscriberSettings) -> Any:
    model = settings.whisper_model
    try:
        source = str(ensure_model(settings.models_dir)) if model == BUNDLED else model
    except PackageNotFoundError as error:
        raise ModelIntegrityError("model.bin") from error
    device, compute_type = choose_device(settings)
    logger.info(
        "loading the speech model model=%s device=%s compute_type=%s", model, device, compute_type
    )
    return WhisperModel(
        source,
        device=device,
        compute_type=compute_type,
        cpu_threads=settings.whisper_cpu_threads,
        download_root=str(settings.models_dir),
    )


def choose_device(settings: TranscriberSettings) -> tuple[str, str]:
    """Return the device and the compute type, chosen by the hardware where set to ``auto``."""
    device = settings.whisper_device
    if device == "auto":
        device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
    if settings.whisper_compute_type != "auto":
        return device, settings.whisper_compute_type
    preferred = "float16" if device == "cuda" else "int8"
    known = ctranslate2.get_supported_compute_types(device)
    return device, preferred if preferred in known else "default"


def _to_words(segment: Any, start_s: float) -> tuple[Word, ...]:
    return tuple(
        Word(
            word=word.word,
            start=float(word.start) - start_s,
            end=float(word.end) - start_s,
            confidence=round(float(word.probability), 4),
        )
        for word in segment.words or ()
    )
