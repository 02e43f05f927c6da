"""Transcribes a recording block by block; can resume from an earlier transcript."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from foundation.tracing import span
from services.kit.work import WorkError
from services.transcriber import diarization, languages
from services.transcriber.audio import Samples, Source, open_source, read_blocks
from services.transcriber.detection import detect_speech
from services.transcriber.diarization import Embedding
from services.transcriber.embedding import SpeakerEncoder
from services.transcriber.engine import Engine, TranscriptionOptions, choose_device
from services.transcriber.options import SubmissionOptions
from services.transcriber.recognition import Recognizer
from services.transcriber.section import Section, compose_segments
from services.transcriber.settings import TranscriberSettings
from services.transcriber.speech import SAMPLE_RATE_HZ, Span, hold_back, pack
from services.transcriber.transcript import Channel, Segment, Transcript
from services.transcriber.translation import (
    ENGLISH,
    Package,
    Route,
    find_packages,
    find_route,
)
from services.transcriber.turns import split_turns
from services.weights.wheels import ModelFileError

logger = logging.getLogger(__name__)

MOST_LANGUAGE_CHUNKS = 4
"""Chunks to detect the language in, until one exceeds ``LEAST_PROBABILITY``."""
LEAST_PROBABILITY = 0.5
SHORT = 5 * SAMPLE_RATE_HZ
"""Samples below which speech is repeated before language detection."""
TIMES = 3
PAUSE = SAMPLE_RATE_HZ * 3 // 10


@dataclass(frozen=True)
class Pipeline:
    """Transcribes a recording with the options of one submission."""

    engine: Engine
    options: SubmissionOptions
    settings: TranscriberSettings
    translators: dict[Package, Any] = field(default_factory=dict)

    def run(self, path: Path, transcript: Transcript) -> Iterator[Transcript]:
        """Yield the transcript so far after each block; the last one is complete.

        Args:
            path: The recording; memory use does not grow with its length.
            transcript: The transcript to resume from; its part is not transcribed again.

        Raises:
            WorkError: ``not_audio``, ``file_too_large``, ``model_unavailable`` if an optional
                model cannot be loaded, or ``unsupported_language`` if the detected language
                cannot be translated into the requested one.
        """
        source = self._open(path, transcript)
        # A checkpoint of the previous version has no channels.
        initial = Channel(transcript.heard, transcript.language, transcript.language_probability)
        channels = transcript.channels or (initial,) * source.count
        transcript = replace(transcript, channels=channels)
        waiting = [channel.heard - transcript.heard for channel in channels]
        kept = [np.empty(0, np.float32)] * source.count
        blocks = read_blocks(
            source, skipped=transcript.heard, max_duration_s=self.settings.max_duration_s
        )
        for block in blocks:
            for number, voice in enumerate(block.voices):
                samples = np.concatenate([kept[number], voice[waiting[number] :]])
                waiting[number] = max(0, waiting[number] - len(voice))
                transcript, end = self._transcribe_channel(
                    samples, transcript, number, is_last=block.is_last
                )
                kept[number] = samples[end:]
            if block.is_last:
                found = tuple(source.recording.warnings())
                transcript = replace(transcript, source_warnings=found)
            transcript = self._name_speakers(transcript)
            yield transcript

    def _open(self, path: Path, transcript: Transcript) -> Source:
        """Open the recording with the channels that its transcription started with."""
        is_mix = len(transcript.channels) <= 1 and transcript.heard > 0
        return open_source(
            path,
            channels="mix" if is_mix else self.options.channels,
            max_duration_s=self.settings.max_duration_s,
            most_idle_s=self.settings.decode_idle_seconds,
        )

    def _transcribe_channel(
        self, samples: Samples, transcript: Transcript, number: int, *, is_last: bool
    ) -> tuple[Transcript, int]:
        """Return the transcript with a section of one channel, and its length in samples."""
        channel = transcript.channels[number]
        speech = detect_speech(samples)
        chunks, end = pack(speech.spans), len(samples)
        if not is_last:
            chunks, end = hold_back(chunks, end)
        section = Section(
            samples,
            speech,
            chunks,
            channel.heard / SAMPLE_RATE_HZ,
            is_whole=is_last and not channel.heard,
        )
        segments: list[Segment] = []
        missed: list[Span] = []
        if chunks:
            if channel.language is None:
                channel = self._detect_language(section, channel)
            with span(
                "whisper", attributes={"model": self.settings.whisper_model, "chunks": len(chunks)}
            ):
                segments, missed, spoken = self._transcribe_section(
                    section, channel, is_separate=len(transcript.channels) > 1
                )
                channel = replace(channel, language=spoken)
        channel = replace(channel, heard=channel.heard + end)
        if len(transcript.channels) > 1:
            segments = [replace(one, speaker=f"CHANNEL_{number:02}") for one in segments]
        channels = (*transcript.channels[:number], channel, *transcript.channels[number + 1 :])
        updated = section.add(transcript, segments, missed, end).with_channels(channels)
        return updated, end

    def _transcribe_section(
        self, section: Section, channel: Channel, *, is_separate: bool
    ) -> tuple[list[Segment], list[Span], str]:
        """Return a section's segments, its speech without words, and the language at its end."""
        language = channel.language or ENGLISH
        recognizer = Recognizer(
            self.engine,
            section.samples,
            section.speech,
            self._choose_options,
            is_language_given=self._is_language_given,
            is_whole=section.is_whole,
        )
        self._require_route(language)
        recognized, spoken = recognizer.recognize(section.chunks, language)
        segments = compose_segments(
            recognized, section, language_probability=channel.language_probability
        )
        regions = [Span(one.spans[0].start, one.spans[-1].end) for one in section.chunks]
        words = [word for segment in segments for word in segment.words]
        missed = recognizer.find_gaps(words, regions, spoken)
        segments = [section.move(segment) for segment in segments]
        if self.options.diarize and not is_separate:
            segments = self._embed_speakers(segments, section)
        return self._translate(segments), missed, spoken

    def _translate(self, segments: list[Segment]) -> list[Segment]:
        """Translate segments into the requested language, each from its own language."""
        translated: list[Segment] = []
        for language, group in groupby(segments, key=lambda one: one.language):
            package = self._choose_route(language).package
            same = list(group)
            translated += self._open_translator(package).translate(same) if package else same
        return translated

    def _choose_options(self, language: str) -> TranscriptionOptions:
        route = self._choose_route(language)
        return TranscriptionOptions(language, route.task, self.options.hotwords)

    @property
    def _is_language_given(self) -> bool:
        return self.options.language_in != languages.AUTO

    def _detect_language(self, section: Section, channel: Channel) -> Channel:
        if self._is_language_given:
            return replace(channel, language=self.options.language_in, language_probability=1.0)
        best, probability = ENGLISH, 0.0
        for chunk in section.chunks[:MOST_LANGUAGE_CHUNKS]:
            found = self.engine.detect_language(repeat_short_speech(section.collect(chunk)))
            code = max(found, key=lambda code: found[code])
            if found[code] > probability:
                best, probability = code, found[code]
            if probability > LEAST_PROBABILITY:
                break
        return replace(channel, language=best, language_probability=round(probability, 4))

    def _choose_route(self, language: str | None) -> Route:
        """Return the route of a language, or plain transcription if there is none."""
        return self._find_route(language) or Route("transcribe")

    def _require_route(self, language: str) -> None:
        """Raise ``unsupported_language`` if the recording's first language has no route."""
        if self._find_route(language) is None:
            wanted = self.options.language_out
            pairs = languages.list_pairs(self.settings)
            possible = sorted({pair["to"] for pair in pairs if pair["from"] == language})
            message = (
                f"The recording is in {language}, which cannot be translated into {wanted}. "
                f"Available targets: {', '.join(possible) or 'none'}."
            )
            raise WorkError("unsupported_language", message)

    def _find_route(self, language: str | None) -> Route | None:
        wanted = self.options.language_out
        whisper_translates = languages.can_translate(self.settings.whisper_model)
        packages = find_packages(self.settings) if wanted else []
        return find_route(language, wanted, packages, whisper_translates=whisper_translates)

    def _embed_speakers(self, segments: list[Segment], section: Section) -> list[Segment]:
        """Split segments at changes of speaker; return them with their speaker embeddings."""

        def encode(start_s: float, end_s: float) -> Embedding:
            return self._speaker_encoder.encode(section.collect_words(start_s, end_s))

        return [
            replace(part, voice=diarization.pack_embedding(encode(part.start, part.end)))
            for segment in segments
            for part in split_turns(segment, encode)
        ]

    def _name_speakers(self, transcript: Transcript) -> Transcript:
        if not self.options.diarize or len(transcript.channels) > 1:
            return transcript
        named = diarization.name_speakers(transcript.segments, speakers=self.options.speakers)
        return replace(transcript, segments=named)

    @cached_property
    def _speaker_encoder(self) -> SpeakerEncoder:
        try:
            return SpeakerEncoder(self.settings.models_dir)
        except ModelFileError as error:
            logger.exception("cannot load the speaker encoder")
            raise WorkError(
                "model_unavailable",
                "The server cannot load the diarization model. Send diarize=false.",
            ) from error

    def _open_translator(self, package: Package) -> Any:
        """Return a loaded translator; its dependencies are optional, so it is imported here."""
        if package not in self.translators:
            module = import_module("services.transcriber.translator")
            device, _ = choose_device(self.settings)
            self.translators[package] = module.Translator(package, device)
        return self.translators[package]


def repeat_short_speech(samples: Samples) -> Samples:
    """Return short speech repeated with pauses, and longer speech unchanged.

    The model was trained on full windows. Of 42 prompts of 0.6 to 1.6 s in English, French and
    Spanish it detects the language of 13 without repetition, and of 23 with it.
    """
    if len(samples) >= SHORT:
        return samples
    return np.tile(np.concatenate([samples, np.zeros(PAUSE, np.float32)]), TIMES)
