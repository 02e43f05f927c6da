"""Takes the voice out of a recording, a window at a time."""

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
from services.normalizer.failures import name_failure
from services.normalizer.ffmpeg import OnProgress, run_ffmpeg
from services.normalizer.isolation import BACKENDS, CHANNELS, RATE_HZ, require_isolation
from services.normalizer.overlap import Samples
from services.normalizer.settings import NormalizerSettings
from services.normalizer.source import Source
from services.weights.wheels import ModelFileError

logger = logging.getLogger(__name__)


class Isolator(Protocol):
    """What separates a voice from what else is heard."""

    def isolate(self, audio: Iterable[Samples]) -> Iterator[Samples]:
        """Yield the voice of a recording: as many samples as come in, in parts of any length.

        Args:
            audio: Stereo at 44.1 kHz; it is read as it is needed, and memory does not grow
                with its length.
        """


def open_isolator(settings: NormalizerSettings) -> Isolator:
    """Load what isolates voices.

    Raises:
        WorkError: ``model_unavailable``, as in ``require_isolation`` or since its model cannot
            be loaded.
    """
    require_isolation(settings)
    backend = BACKENDS[settings.vocals_backend]
    try:
        isolator: Isolator = import_module(backend.module).open_isolator(
            settings.models_dir, settings.vocals_model
        )
    except (ModelFileError, OSError) as error:
        logger.exception("cannot load %s", settings.vocals_backend)
        raise WorkError(
            "model_unavailable",
            "The model that isolates voices cannot be loaded on this server.",
            retryable=isinstance(error, OSError),  # a hub may answer again later
        ) from error
    return isolator


@dataclass(frozen=True)
class Isolation:
    """The path of one recording through an isolator."""

    source: Source
    target: Path
    """Becomes FLAC at 44.1 kHz."""
    is_mono: bool
    """The target has one channel, unless it has one for each voice."""
    on_progress: OnProgress
    """Called with the seconds of audio finished, about twice a second of work."""

    @property
    def channels(self) -> int:
        """Return how many channels the target has."""
        if self.source.voices.is_separate:
            return self.source.channels
        return 1 if self.is_mono else min(2, self.source.recording.channels)

    def run(self, isolator: Isolator) -> float:
        """Write the voice; return how many seconds it lasts.

        Raises:
            WorkError: ``not_audio`` when nothing can be decoded, ``disk_full`` and others when
                the voice cannot be written.
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
            most_idle_s=inf,  # a window may take a model minutes; reading has its own limit
        )
        if ended.exit_code or not written:
            logger.error("ffmpeg failed: exit_code=%s log=%s", ended.exit_code, ended.log)
            raise name_failure(ended)
        return written / RATE_HZ

    def _isolate(self, isolator: Isolator) -> Iterator[Samples]:
        """Yield the isolated voices, a row per instant."""
        voices = self.source.voices
        if voices.is_separate:
            yield from self._isolate_pairs(isolator)
            return
        stereo = voices.to_stereo(self.source.recording.layout)
        # Of two channels, one may be the other with the opposite sign.
        down = voices.weights if voices.weights.shape[1] == 2 else np.full((1, 2), 0.5)  # noqa: PLR2004
        mixing = down.T if self.channels == 1 else np.eye(2)
        for voice in isolator.isolate(self._read_pairs(stereo)):
            yield voice @ mixing.astype(np.float32)

    def _isolate_pairs(self, isolator: Isolator) -> Iterator[Samples]:
        """Isolate channels two by two, all at the same pace; the last may be alone."""
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
