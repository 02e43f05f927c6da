"""faster-whisper behind one small interface."""

import logging
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError
from itertools import accumulate, pairwise
from typing import Any

import ctranslate2
import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel
from faster_whisper.vad import VadOptions, get_speech_timestamps

from services.kit.work import WorkError
from services.transcriber import languages
from services.transcriber.audio import Samples
from services.transcriber.bundled import BUNDLED, ModelIntegrityError, ensure_model
from services.transcriber.lines import drop_loops
from services.transcriber.settings import TranscriberSettings
from services.transcriber.speech import SAMPLE_RATE_HZ, Span
from services.transcriber.transcript import Word
from services.transcriber.translation import ENGLISH

logger = logging.getLogger(__name__)

VOICE_DETECTION = VadOptions(max_speech_duration_s=30, min_silence_duration_ms=160)
# Whisper's own limits: a text that packs better is a loop, a less likely one a guess.
MAX_COMPRESSION = 2.4
LEAST_LOG_PROBABILITY = -1.0
NO_SPEECH = 0.6
LONGEST_HOLE_S = 3.0
"""Speech without words for longer than anybody pauses within a chunk, where pauses are cut."""
LANGUAGE_CHUNKS = 4  # heard, as long as none of them is in one language more likely than not


class Engine:
    """A loaded Whisper model.

    Args:
        settings: Which model, and how it runs.

    Raises:
        WorkError: ``model_unavailable`` when it is not there or not what it should be.
    """

    def __init__(self, settings: TranscriberSettings) -> None:
        self._beam_size = settings.whisper_beam_size
        try:
            self._model = _load_model(settings)
        except (OSError, ValueError, RuntimeError, ModelIntegrityError) as error:
            logger.exception("cannot load the model %s", settings.whisper_model)
            # A hub may answer again later; a file with the wrong content stays wrong.
            raise WorkError(
                "model_unavailable",
                "The speech model cannot be loaded on this server.",
                retryable=isinstance(error, OSError),
            ) from error

    def find_speech(self, samples: Samples) -> list[Span]:
        """Return where somebody speaks, in spans of at most 30 seconds."""
        return [Span(**found) for found in get_speech_timestamps(samples, VOICE_DETECTION)]

    def detect_language(self, chunks: Sequence[Samples]) -> tuple[str, float]:
        """Return the spoken language (ISO 639-1) and how sure it is, from 0 to 1."""
        if not self._model.model.is_multilingual:
            return ENGLISH, 1.0
        code, probability, _ = self._model.detect_language(
            np.concatenate(chunks), language_detection_segments=LANGUAGE_CHUNKS
        )
        return languages.from_whisper_code(code), round(float(probability), 4)

    def hear(
        self, chunks: Sequence[Samples], *, language: str, task: str, hotwords: str | None
    ) -> list[list[Word]]:
        """Return the words of each chunk, with times in seconds since its beginning.

        Args:
            chunks: Speech of at most 30 seconds each.
            language: The spoken one (ISO 639-1).
            task: ``transcribe``, or ``translate`` into English.
            hotwords: Names and terms that are likely to be said.
        """
        options = {
            "language": languages.to_whisper_code(language),
            "task": task,
            "hotwords": hotwords,
            "beam_size": self._beam_size,
            "word_timestamps": True,
        }
        if len(chunks) == 1:  # nothing to gain
            return [self._hear_slowly(chunks[0], options)]
        ends_s = [*accumulate((len(chunk) / SAMPLE_RATE_HZ for chunk in chunks), initial=0.0)]
        clips = [{"start": start_s, "end": end_s} for start_s, end_s in pairwise(ends_s)]
        # Without timestamps between the sentences the model is twice as fast, and as good where
        # it hears more than a sentence or two.
        found, _ = BatchedInferencePipeline(self._model).transcribe(
            np.concatenate(chunks), clip_timestamps=clips, batch_size=len(chunks), **options
        )
        return [
            self._check(segment, chunk, start_s, options)
            for segment, chunk, start_s in zip(found, chunks, ends_s[:-1], strict=True)
        ]

    def _check(
        self, found: Any, chunk: Samples, start_s: float, options: dict[str, Any]
    ) -> list[Word]:
        """Return a chunk's words, which are heard again, slower, where they look wrong."""
        is_guess = found.avg_logprob < LEAST_LOG_PROBABILITY
        if is_guess and found.no_speech_prob > NO_SPEECH:
            return []
        words = _to_words(found, start_s)
        # What was really said again and again packs as well as a loop does.
        is_loop = found.compression_ratio > MAX_COMPRESSION and drop_loops(words) != words
        is_wrong = is_guess or is_loop
        if not (is_wrong or has_hole(words, len(chunk) / SAMPLE_RATE_HZ)):
            return words
        again = self._hear_slowly(chunk, options)
        return again if is_wrong or len(again) > len(words) else words

    def _hear_slowly(self, chunk: Samples, options: dict[str, Any]) -> list[Word]:
        segments, _ = self._model.transcribe(
            chunk,
            condition_on_previous_text=False,  # else one invented line repeats itself for minutes
            **options,
        )
        return [word for segment in segments for word in _to_words(segment, 0.0)]


def has_hole(words: Sequence[Word], duration_s: float) -> bool:
    """Return whether a part of the speech has no words, or one word that takes all of it."""
    edges_s = [0.0, *(time for word in words for time in (word.start, word.end)), duration_s]
    return any(after - before > LONGEST_HOLE_S for before, after in pairwise(edges_s))


def _load_model(settings: TranscriberSettings) -> Any:
    model = settings.whisper_model
    try:
        source = str(ensure_model(settings.models_dir)) if model == BUNDLED else model
    except PackageNotFoundError as error:
        raise ModelIntegrityError("model.bin") from error
    device, compute_type = choose_device(settings)
    logger.info("loading the model %s on %s as %s", model, device, compute_type)
    return WhisperModel(
        source,
        device=device,
        compute_type=compute_type,
        cpu_threads=settings.whisper_cpu_threads,
        download_root=str(settings.models_dir),
    )


def choose_device(settings: TranscriberSettings) -> tuple[str, str]:
    """Return where the model runs and in which arithmetic, by what the machine has."""
    device = settings.whisper_device
    if device == "auto":
        device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
    if settings.whisper_compute_type != "auto":
        return device, settings.whisper_compute_type
    preferred = "float16" if device == "cuda" else "int8"
    known = ctranslate2.get_supported_compute_types(device)
    return device, preferred if preferred in known else "default"


def _to_words(segment: Any, start_s: float) -> list[Word]:
    return [
        Word(
            word=word.word,
            start=float(word.start) - start_s,
            end=float(word.end) - start_s,
            confidence=round(float(word.probability), 4),
        )
        for word in segment.words or ()
    ]
