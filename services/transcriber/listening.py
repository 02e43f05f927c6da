"""Hears a recording through, a few minutes at a time, and can take up where it stopped."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from services.kit.tracing import span
from services.kit.wheels import ModelFileError
from services.kit.work import WorkError
from services.transcriber import diarization, languages
from services.transcriber.audio import Samples, read_blocks
from services.transcriber.engine import Engine, choose_device
from services.transcriber.lines import drop_loops, make_segments
from services.transcriber.options import SubmissionOptions
from services.transcriber.settings import TranscriberSettings
from services.transcriber.speech import SAMPLE_RATE_HZ, Chunk, hold_back, pack
from services.transcriber.transcript import Segment, Transcript, Word
from services.transcriber.translation import (
    ENGLISH,
    Package,
    Route,
    find_packages,
    find_route,
)
from services.transcriber.voices import Voices

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Listener:
    """Transcribes with one engine as one submission asks for it."""

    engine: Engine
    options: SubmissionOptions
    settings: TranscriberSettings
    translators: dict[Package, Any] = field(default_factory=dict)

    def listen(self, path: Path, transcript: Transcript) -> Iterator[Transcript]:
        """Yield what has been heard so far, again and again, and at last all of it.

        Args:
            path: The recording; memory use does not grow with its length.
            transcript: What was heard earlier; nothing of it is heard again.

        Raises:
            WorkError: ``not_audio``, ``file_too_large``, ``model_unavailable`` when one of the
                optional models cannot be loaded, or ``unsupported_language`` when the
                recording's own language, found out just now, cannot become the wanted one.
        """
        kept: Samples = np.empty(0, np.float32)
        blocks = read_blocks(
            path, skipped=transcript.heard, max_duration_s=self.settings.max_duration_s
        )
        for block in blocks:
            samples = np.concatenate([kept, block.samples])
            chunks, end = pack(self.engine.find_speech(samples)), len(samples)
            if not block.is_last:
                chunks, end = hold_back(chunks, end)
            if chunks:
                transcript = self._hear(samples, chunks, transcript)
            transcript = self._name_speakers(replace(transcript, heard=transcript.heard + end))
            kept = samples[end:]
            yield transcript

    def _hear(self, samples: Samples, chunks: list[Chunk], transcript: Transcript) -> Transcript:
        speech = [
            np.concatenate([samples[span.start : span.end] for span in chunk.spans])
            for chunk in chunks
        ]
        if transcript.language is None:
            language, probability = self._find_language(speech)
            transcript = replace(transcript, language=language, language_probability=probability)
        route = self._find_route(transcript.language)
        with span("whisper", facts={"model": self.settings.whisper_model, "chunks": len(chunks)}):
            heard = self.engine.hear(
                speech,
                language=transcript.language or ENGLISH,
                task=route.task,
                hotwords=self.options.hotwords,
            )
        words = [
            _place(word, chunk, transcript.heard)
            for chunk, words in zip(chunks, heard, strict=True)
            for word in words
        ]
        segments: list[Segment] = make_segments(drop_loops(words))
        if self.options.diarize:
            segments = self._print_voices(segments, samples, transcript.heard)
        if route.package:
            segments = self._open_translator(route.package).translate(segments)
        return replace(transcript, segments=(*transcript.segments, *segments))

    def _find_language(self, speech: list[Samples]) -> tuple[str, float]:
        if self.options.language_in != languages.AUTO:
            return self.options.language_in, 1.0
        return self.engine.detect_language(speech)

    def _find_route(self, language: str | None) -> Route:
        wanted = self.options.language_out
        hears_english = languages.can_translate(self.settings.whisper_model)
        packages = find_packages(self.settings) if wanted else []
        route = find_route(language, wanted, packages, hears_english=hears_english)
        if route is None:
            pairs = languages.list_pairs(self.settings)
            possible = sorted({pair["to"] for pair in pairs if pair["from"] == language})
            message = (
                f"The recording is in {language}, which cannot become {wanted} here; "
                f"it goes into: {', '.join(possible) or 'nothing'}."
            )
            raise WorkError("unsupported_language", message)
        return route

    def _print_voices(self, segments: list[Segment], samples: Samples, heard: int) -> list[Segment]:
        """Return segments with the voice prints of what was heard at their times."""
        printed = []
        for segment in segments:
            start, end = (
                max(0, round(time_s * SAMPLE_RATE_HZ) - heard)
                for time_s in (segment.start, segment.end)
            )
            voice = self._voices.encode(samples[start : max(end, start + 1)])
            printed.append(replace(segment, voice=diarization.pack(voice)))
        return printed

    def _name_speakers(self, transcript: Transcript) -> Transcript:
        if not self.options.diarize:
            return transcript
        named = diarization.name_speakers(transcript.segments, speakers=self.options.speakers)
        return replace(transcript, segments=named)

    @cached_property
    def _voices(self) -> Voices:
        try:
            return Voices(self.settings.models_dir)
        except ModelFileError as error:
            logger.exception("cannot load the model that tells voices apart")
            raise WorkError(
                "model_unavailable",
                "The model that tells voices apart cannot be loaded on this server.",
            ) from error

    def _open_translator(self, package: Package) -> Any:
        """Return a loaded translator; what it needs is optional, so it is imported only here."""
        if package not in self.translators:
            module = import_module("services.transcriber.translator")
            device, _ = choose_device(self.settings)
            self.translators[package] = module.Translator(package, device)
        return self.translators[package]


def _place(word: Word, chunk: Chunk, heard: int) -> Word:
    start_s, end_s = (
        round(time_s + heard / SAMPLE_RATE_HZ, 3) for time_s in chunk.locate(word.start, word.end)
    )
    return replace(word, start=start_s, end=end_s)
