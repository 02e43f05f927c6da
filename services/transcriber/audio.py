"""Reads a submitted file, a few minutes at a time, as the samples that Whisper works on."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.media import Channels, Recording, Voices, hear_voices, open_recording
from services.media.recording import MOST_IDLE_S
from services.transcriber.speech import SAMPLE_RATE_HZ

BLOCK_SAMPLES = 120 * SAMPLE_RATE_HZ
"""Four times what the model hears at once, so that it hears four chunks together."""

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Block:
    """A part of a recording at 16 kHz, from -1 to 1."""

    voices: Samples
    """A row per voice: one, or one of each channel that is heard by itself."""
    is_last: bool

    @property
    def samples(self) -> Samples:
        """Return the first voice, which is the only one of a mix."""
        first: Samples = self.voices[0]
        return first


@dataclass(frozen=True)
class Source:
    """An upload that is ready to be read."""

    recording: Recording
    voices: Voices

    @property
    def count(self) -> int:
        """Return how many voices are heard by themselves, 1 for a mix."""
        return len(self.voices.weights)


def measure_duration_s(path: Path) -> float | None:
    """Return how long a file says that it is, in seconds; only decoding measures it.

    Raises:
        WorkError: ``not_audio`` when there is no audio in it.
    """
    return open_recording(path).duration_s


def open_source(
    path: Path, *, channels: Channels, max_duration_s: float, most_idle_s: float = MOST_IDLE_S
) -> Source:
    """Open an upload and find out which of its channels are voices; it may be read for that.

    Args:
        path: Any file.
        channels: ``mix``, ``separate``, or ``auto`` to separate channels only where they are
            clearly different voices.
        max_duration_s: The longest recording taken.
        most_idle_s: Seconds without a decoded frame after which reading is given up.

    Raises:
        WorkError: As for ``read_blocks``.
    """
    recording = open_recording(path, most_idle_s=most_idle_s)
    voices = hear_voices(recording, channels, max_duration_s=max_duration_s)
    return Source(recording, voices)


def read_blocks(
    path: Path | Source, *, skipped: int, max_duration_s: float, channels: Channels = "mix"
) -> Iterator[Block]:
    """Yield a recording in blocks, of a truncated file what is there; the last may be empty.

    Args:
        path: A file, or what ``open_source`` made of it.
        skipped: Number of samples at the beginning that are not wanted.
        max_duration_s: Longest recording taken, because a small file can decode to years.
        channels: As for ``open_source``, where that was not called before.

    Raises:
        WorkError: ``not_audio`` when nothing can be decoded, ``file_too_large`` when it lasts
            too long, ``decoding_stalled`` when decoding does not progress.
    """
    source = path
    if isinstance(source, Path):
        source = open_source(source, channels=channels, max_duration_s=max_duration_s)
    held: list[Samples] = [np.empty((source.count, 0), np.float32)]
    count = read = 0
    decoded = source.recording.read(SAMPLE_RATE_HZ, max_duration_s=max_duration_s)
    for heard in source.voices.run(decoded, SAMPLE_RATE_HZ):
        length = heard.shape[1]
        read += length
        wanted = heard[:, max(0, length - max(0, read - skipped)) :]
        held.append(wanted)
        count += wanted.shape[1]
        if count >= BLOCK_SAMPLES:
            yield Block(np.concatenate(held, axis=1), is_last=False)
            held, count = held[:1], 0
    yield Block(np.concatenate(held, axis=1), is_last=True)
