"""Detects sounds by their energy that voice activity detection misses: pure.

The detector's network reaches a high probability only after some frames of speech. A short word
between two pauses, such as the "ask" of "Ask ... not what your country can do", ends before that,
but its energy is that of speech.
"""

import numpy as np
from numpy.typing import NDArray

from services.transcriber.audio import Samples
from services.transcriber.frames import FRAME, SPEECH, Probabilities, find_runs
from services.transcriber.speech import SAMPLE_RATE_HZ

BAND_HZ = (300, 3400)
"""The telephony band, which carries the words; most hum and hiss are outside."""
ABOVE_NOISE_DB = 15.0
BELOW_VOICE_DB = 10.0
"""Relative to the median level of the speech around it; a breath is quieter."""
AROUND = 250
"""Frames before and after a sound (8 s) from which the levels of speech and noise are measured."""
LEAST_VOICED = 8
"""Frames of speech that are needed to measure its level."""
SHORTEST, LONGEST = 5, 47
"""Frames of a sound, 0.16 to 1.5 s: clicks are shorter, music and machines last longer."""
LONGEST_DIP = 3
"""Frames below the threshold that do not split a sound."""
REACH = 12
"""Frames beside detected speech that the margin of its span already covers."""

Levels = NDArray[np.float64]


def include_sounds(samples: Samples, probabilities: Probabilities) -> Probabilities:
    """Return a copy of the probabilities in which sounds as loud as nearby speech count as speech.

    Args:
        samples: Mono at 16 kHz.
        probabilities: Probability of a voice in each frame of 512 samples.
    """
    included = probabilities.copy()
    is_voiced = probabilities >= SPEECH
    if is_voiced.sum() < LEAST_VOICED or is_voiced.all():
        return included
    levels_db = measure_levels(samples)
    is_loud = _bridge(levels_db > _find_least_levels(levels_db, is_voiced))
    is_covered = np.convolve(is_voiced, np.ones(2 * REACH + 1), "full")[REACH:-REACH] > 0
    for start, end in find_runs(is_loud):
        if SHORTEST <= end - start <= LONGEST and (~is_covered[start:end]).sum() >= SHORTEST:
            np.maximum(included[start:end], SPEECH, out=included[start:end])
    return included


def measure_levels(samples: Samples) -> Levels:
    """Return the level of each frame of 512 samples in the telephony band, in decibels."""
    frames = np.pad(samples, (0, -len(samples) % FRAME)).reshape(-1, FRAME)
    power = np.abs(np.fft.rfft(frames * np.hanning(FRAME).astype(np.float32))) ** 2
    lowest, highest = (round(hertz * FRAME / SAMPLE_RATE_HZ) for hertz in BAND_HZ)
    return np.asarray(10 * np.log10(power[:, lowest:highest].mean(axis=1) + 1e-12))


def _find_least_levels(levels_db: Levels, is_voiced: NDArray[np.bool_]) -> Levels:
    """Return the level from which on each frame may be speech; infinite without speech nearby."""
    least_db = np.full(len(levels_db), np.inf)
    for start in range(0, len(levels_db), AROUND):
        near = slice(max(0, start - AROUND), start + 2 * AROUND)
        voice_db = levels_db[near][is_voiced[near]]
        if len(voice_db) >= LEAST_VOICED:
            least_db[start : start + AROUND] = max(
                np.median(voice_db) - BELOW_VOICE_DB,
                np.percentile(levels_db[near], 10) + ABOVE_NOISE_DB,
            )
    return least_db


def _bridge(is_loud: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the values with short dips filled."""
    bridged = is_loud.copy()
    for start, end in find_runs(~is_loud):
        if end - start <= LONGEST_DIP and start > 0 and end < len(is_loud):
            bridged[start:end] = True
    return bridged
