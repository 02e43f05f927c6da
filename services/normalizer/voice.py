"""Isolate the voice of a recording, window by window."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import tee
from math import inf
from pathlib import Path
from typing import Protocol

import numpy as np

from services.kit.work import WorkError
from services.media import Voices
from services.normalizer import filters
from services.normalizer.failures import classify_failure
from services.normalizer.ffmpeg import OnProgress, run_ffmpeg
from services.normalizer.isolation import BACKENDS, CHANNELS, RATE_HZ, check_isolation
from services.normalizer.overlap import Samples
from services.normalizer.settings import NormalizerSettings
from services.normalizer.source import Source
from services.weights.wheels import ModelFileError

logger = logging.getLogger(__name__)


class Isolator(Protocol):
    """Separates the voice from other sounds."""

    def isolate(self, audio: Iterable[Samples]) -> Iterator[Samples]:
        """Yield the voice of a recording, with the same total length, in blocks of any length.

        Args:
            audio: Stereo at 44.1 kHz, read lazily, so that memory does not grow with its length.
        """


def open_isolator(settings: NormalizerSettings) -> Isolator:
    """Load the configured backend.

    Raises:
        WorkError: ``model_unavailable``: it is not installed, or its model cannot be loaded.
    """
    check_isolation(settings)
    backend = BACKENDS[settings.vocals_backend]
    try:
        isolator: Isolator = import_module(backend.module).open_isolator(
            settings.models_dir, settings.vocals_model
        )
    except (ModelFileError, OSError) as error:
        logger.exception("Could not load the vocals backend %s", settings.vocals_backend)
        raise WorkError(
            "model_unavailable",
            "The model for vocal isolation cannot be loaded on this server. Send "
            "isolate_vocals=false, or ask the operator to check the service's log.",
            retryable=isinstance(error, OSError),  # a model hub may be available again later
        ) from error
    return isolator


@dataclass(frozen=True)
class Isolation:
    """The isolation of one recording."""

    source: Source
    target: Path
    """The output file: FLAC at 44.1 kHz."""
    is_mono: bool
    """Whether the output has one channel, unless it has one per voice."""
    on_progress: OnProgress
    """Called with the seconds of processed audio, about twice a second."""

    @property
    def channels(self) -> int:
        """Return the number of channels of the output."""
        if self.source.voices.is_separate:
            return self.source.channels
        return 1 if self.is_mono else min(2, self.source.recording.channels)

    def run(self, isolator: Isolator) -> float:
        """Write the voice; return its duration in seconds.

        Raises:
            WorkError: ``not_audio`` if nothing can be decoded, or an error of
                ``classify_failure`` if the voice cannot be written.
        """
        raw = filters.build_input(RATE_HZ, self.channels, is_separate=True)
        arguments = [*raw, "-c:a", "flac", str(self.target)]
        written = 0

        def feed() -> Iterator[memoryview]:
            nonlocal written
            for voice in self._isolate(isolator):
                yield np.ascontiguousarray(voice, "<f4").data.cast("B")
                written += len(voice)

        ended = run_ffmpeg(
            arguments,
            lambda _encoded_s: self.on_progress(written / RATE_HZ),
            feed=feed(),
            most_idle_s=inf,  # a model may need minutes per window; reading has its own limit
        )
        if ended.exit_code or not written:
            logger.error("FFmpeg failed: exit_code=%s log=%s", ended.exit_code, ended.log)
            raise classify_failure(ended)
        return written / RATE_HZ

    def _isolate(self, isolator: Isolator) -> Iterator[Samples]:
        """Yield the isolated voices, one row per instant."""
        voices = self.source.voices
        if voices.is_separate:
            yield from self._isolate_pairs(isolator)
            return
        stereo = voices.to_stereo(self.source.recording.layout)
        # One of two channels may be the inverted other.
        down = voices.weights if voices.weights.shape[1] == 2 else np.full((1, 2), 0.5)  # noqa: PLR2004
        mixing = down.T if self.channels == 1 else np.eye(2)
        for voice in isolator.isolate(self._read_pairs(stereo)):
            yield voice @ mixing.astype(np.float32)

    def _isolate_pairs(self, isolator: Isolator) -> Iterator[Samples]:
        """Isolate channels in pairs, in parallel; the last pair may be one channel."""
        pairs = [[first, min(first + 1, self.channels - 1)] for first in range(0, self.channels, 2)]
        sources = tee(self._read_rows(), len(pairs))
        isolated = [
            isolator.isolate(rows[:, pair] for rows in source)
            for pair, source in zip(pairs, sources, strict=True)
        ]
        for parts in zip(*isolated, strict=False):
            yield np.concatenate(parts, axis=1)[:, : self.channels]

    def _read_rows(self) -> Iterator[Samples]:
        for samples in self.source.read(RATE_HZ):
            yield np.ascontiguousarray(samples.T)

    def _read_pairs(self, stereo: Voices) -> Iterator[Samples]:
        source = replace(self.source, voices=stereo)
        for samples in source.read(RATE_HZ):
            yield np.ascontiguousarray(np.broadcast_to(samples.T, (samples.shape[1], CHANNELS)))
