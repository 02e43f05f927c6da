"""Takes the voice out of a recording, a window at a time, between two FFmpegs."""

import logging
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, Protocol

import numpy as np

from services.kit.wheels import ModelFileError
from services.kit.work import WorkError
from services.normalizer.ffmpeg import OnProgress, open_ffmpeg
from services.normalizer.filters import FILL_GAPS
from services.normalizer.isolation import BACKENDS, CHANNELS, RATE_HZ, require_isolation
from services.normalizer.overlap import Samples
from services.normalizer.settings import NormalizerSettings

logger = logging.getLogger(__name__)

RAW = ("-f", "f32le", "-ar", str(RATE_HZ), "-ac", str(CHANNELS))
DECODING = f"{FILL_GAPS},aformat=channel_layouts=stereo,aresample={RATE_HZ}"
PART_SAMPLES = RATE_HZ
SAMPLE_BYTES = 4 * CHANNELS


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
    """The way of one recording through an isolator."""

    source: Path
    target: Path
    """Becomes FLAC at 44.1 kHz."""
    channels: int
    """Of the target: one or two."""
    on_progress: OnProgress
    """Called with the seconds of audio finished, about twice a second of work."""

    def run(self, isolator: Isolator) -> float:
        """Write the voice; return how many seconds it lasts.

        Raises:
            WorkError: ``not_audio`` when nothing can be decoded.
        """
        # Only this file is opened, even if its content names others.
        source = ["-protocol_whitelist", "file", "-i", str(self.source), "-map", "0:a:0"]
        target = ["-ac", str(self.channels), "-c:a", "flac", str(self.target)]
        quiet = ["-loglevel", "error"]
        with (
            open_ffmpeg(
                [*quiet, *source, "-af", DECODING, *RAW, "pipe:1"], stdout=subprocess.PIPE
            ) as decoder,
            open_ffmpeg([*quiet, *RAW, "-i", "pipe:0", *target], stdin=subprocess.PIPE) as encoder,
        ):
            written = self._pass_on(_read(decoder.stdout), isolator, encoder.stdin)
            if encoder.wait():
                raise WorkError("internal", "The audio could not be processed.", retryable=True)
        if not written:
            raise WorkError("not_audio", "Nothing in the file can be decoded as audio.")
        return written / RATE_HZ

    def _pass_on(self, audio: Iterable[Samples], isolator: Isolator, sink: IO[bytes] | None) -> int:
        written = 0
        if sink:
            for voice in isolator.isolate(audio):
                sink.write(np.ascontiguousarray(voice, "<f4").data)
                sink.flush()  # or closing it after a cancellation would write to a dead process
                written += len(voice)
                self.on_progress(written / RATE_HZ)
            sink.close()
        return written


def _read(stream: IO[bytes] | None) -> Iterator[Samples]:
    """Yield what a decoder writes; a frame that is cut at the end is left out."""
    while stream and (data := stream.read(PART_SAMPLES * SAMPLE_BYTES)):
        whole = len(data) - len(data) % SAMPLE_BYTES
        yield np.frombuffer(data[:whole], "<f4").reshape(-1, CHANNELS)
