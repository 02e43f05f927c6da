"""Decodes a submitted file in blocks of samples at Whisper's rate."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.media import Channels, Recording, Voices, detect_voices, open_recording
from services.media.recording import MOST_IDLE_S
from services.transcriber.speech import SAMPLE_RATE_HZ

BLOCK_SAMPLES = 120 * SAMPLE_RATE_HZ
"""Samples of four chunks, which the model transcribes in one batch."""

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Block:
    """A part of a recording: samples at 16 kHz, from -1 to 1."""

    voices: Samples
    """One row per voice: the mix, or each channel that is transcribed separately."""
    is_last: bool

    @property
    def samples(self) -> Samples:
        """Return the first voice; a mix has no other."""
        first: Samples = self.voices[0]
        return first


@dataclass(frozen=True)
class Source:
    """An opened upload and the voices in its channels."""

    recording: Recording
    voices: Voices

    @property
    def count(self) -> int:
        """Return the number of voices that are transcribed separately, 1 for a mix."""
        return len(self.voices.weights)


def measure_duration_s(path: Path) -> float | None:
    """Return the duration that a file's header states, in seconds; it may be wrong.

    Raises:
        WorkError: ``not_audio`` if it contains no audio.
    """
    return open_recording(path).duration_s


def open_source(
    path: Path, *, channels: Channels, max_duration_s: float, most_idle_s: float = MOST_IDLE_S
) -> Source:
    """Open an upload and determine which channels are voices, which may decode it.

    Args:
        path: The upload.
        channels: ``mix``, ``separate``, or ``auto``, which separates channels only if they are
            clearly different voices.
        max_duration_s: Maximum duration of a recording.
        most_idle_s: Seconds without a decoded frame after which decoding fails.

    Raises:
        WorkError: As for ``read_blocks``.
    """
    recording = open_recording(path, most_idle_s=most_idle_s)
    voices = detect_voices(recording, channels, max_duration_s=max_duration_s)
    return Source(recording, voices)


def read_blocks(
    path: Path | Source, *, skipped: int, max_duration_s: float, channels: Channels = "mix"
) -> Iterator[Block]:
    """Yield a recording in blocks, a truncated file up to its end; the last may be empty.

    Args:
        path: A file, or the result of ``open_source``.
        skipped: Number of samples to skip at the start.
        max_duration_s: Maximum duration: a small file can decode to years of audio.
        channels: As for ``open_source``; ignored for a ``Source``.

    Raises:
        WorkError: ``not_audio`` if nothing can be decoded, ``file_too_large`` beyond
            ``max_duration_s``, ``decoding_stalled`` if decoding makes no progress.
    """
    source = path
    if isinstance(source, Path):
        source = open_source(source, channels=channels, max_duration_s=max_duration_s)
    kept: list[Samples] = [np.empty((source.count, 0), np.float32)]
    count = read = 0
    decoded = source.recording.read(SAMPLE_RATE_HZ, max_duration_s=max_duration_s)
    for voices in source.voices.run(decoded, SAMPLE_RATE_HZ):
        length = voices.shape[1]
        read += length
        wanted = voices[:, max(0, length - max(0, read - skipped)) :]
        kept.append(wanted)
        count += wanted.shape[1]
        if count >= BLOCK_SAMPLES:
            yield Block(np.concatenate(kept, axis=1), is_last=False)
            kept, count = kept[:1], 0
    yield Block(np.concatenate(kept, axis=1), is_last=True)
