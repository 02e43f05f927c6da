"""Detect whether a track contains sound, and whether it contains speech."""

from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.media.cleaning import Samples

RATE_HZ = 16_000
FRAME = 800
"""Samples per level measurement: 50 ms, shorter than a syllable."""
AUDIBLE_DBFS = -60.0
MIN_SOUND_S = 0.3
MIN_SPEECH_S = 1.0
CHECKED_S = 30
"""Seconds of sound that are checked for speech at once."""
PAUSE_DB = 20.0
MIN_PAUSES = 0.08
"""Minimum share of time at least ``PAUSE_DB`` below the loud parts; music has fewer pauses."""


@dataclass
class SpeechMeter:
    """Measures the seconds of sound and speech of a track."""

    sound_s: float = 0.0
    speech_s: float = 0.0
    _held: list[NDArray[np.float32]] = field(default_factory=list)
    _held_length: int = 0

    @property
    def has_sound(self) -> bool:
        """Return whether the track contains sound."""
        return self.sound_s >= MIN_SOUND_S

    @property
    def has_speech(self) -> bool:
        """Return whether the track contains speech."""
        return self.speech_s >= MIN_SPEECH_S

    def add(self, samples: Samples) -> None:
        """Add the next samples of the track, at 16 kHz."""
        loudest = samples[int(np.square(samples).sum(axis=1).argmax())]
        self.sound_s += float((_measure_levels(loudest) > AUDIBLE_DBFS).sum()) * FRAME / RATE_HZ
        self._held.append(loudest)
        self._held_length += len(loudest)
        if self._held_length >= CHECKED_S * RATE_HZ:
            self.finish()

    def finish(self) -> None:
        """Check the samples since the last check for speech."""
        if self._held and not self.has_speech:
            self.speech_s += _count_speech_s(np.concatenate(self._held))
        self._held, self._held_length = [], 0


def _measure_levels(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    whole = len(samples) // FRAME * FRAME
    powers = np.square(samples[:whole].reshape(-1, FRAME)).mean(axis=1)
    levels: NDArray[np.float32] = 10 * np.log10(np.maximum(powers, 1e-9))
    return levels


def _count_speech_s(samples: NDArray[np.float32]) -> float:
    """Return the duration of speech; without a VAD model, estimate it from pauses."""
    levels = _measure_levels(samples)
    if not (levels > AUDIBLE_DBFS).any():
        return 0.0
    if find_spec("faster_whisper"):
        detection: Any = import_module("faster_whisper.vad")
        spans = detection.get_speech_timestamps(samples)
        return float(sum(span["end"] - span["start"] for span in spans)) / RATE_HZ
    audible = levels > AUDIBLE_DBFS
    loud = float(np.percentile(levels[audible], 90))
    pauses = float((levels < loud - PAUSE_DB).mean())
    return float(audible.sum()) * FRAME / RATE_HZ if pauses >= MIN_PAUSES else 0.0
