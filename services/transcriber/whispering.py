"""Detects whispered speech, which voice activity detection misses (nothing is voiced): pure.

Speech is modulated by its syllables, 2.5 to 8 times a second (the 4 Hz modulation of Scheirer and
Slaney, 1997), and its spectrum changes with them. Music has tones, which whispering lacks;
applause and noise have a constant spectrum; breath is slower. The thresholds separate clips that
were resynthesized as whispering from the recordings of ``benchmarks.services.wordless``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from services.transcriber.audio import Samples
from services.transcriber.frames import FRAME, SPEECH, Probabilities
from services.transcriber.speech import SAMPLE_RATE_HZ, Span

WINDOW = 125
"""Frames per analysis window: 4 s, about ten syllables."""
HOP = WINDOW // 2
MOST_VOICED = 0.1
"""Fraction of a window that may be voiced; with more it is ordinary speech."""
BAND_EDGES_HZ = (300, 600, 1100, 1900, 3100, 5000, 7200)
SYLLABLES_HZ = (2.5, 8.0)
SLOWEST_HZ = 0.4
LEAST_RANGE_DB = 20.0
LEAST_MODULATION = 0.25
"""Fraction of the level modulation at syllable rates."""
FLATNESS_DB = (-13.0, -5.0)
"""Range of spectral flatness: tones are below, noise without formants is above."""
LEAST_CHANGE_DB = 4.0
"""Mean standard deviation of the band levels relative to their mean."""
BELOW_PEAK_DB = 15.0
DEEPEST_DB = 25.0
FAINTEST_DB = 30.0
"""Limit below the voices of the same channel; fainter sound is crosstalk of another channel."""
TINY = 1e-9
"""A power below that of silence in a 16-bit recording; avoids the logarithm of zero."""

Powers = NDArray[np.float32]


@dataclass(frozen=True)
class Modulation:
    """Modulation of the sound in a window."""

    range_db: float
    syllabic: float
    """Fraction of the level modulation at syllable rates, from 0 to 1."""
    flatness_db: float
    change_db: float

    @property
    def is_whispering(self) -> bool:
        """Return whether the sound is modulated like speech and has no tones."""
        least, most = FLATNESS_DB
        return (
            self.range_db >= LEAST_RANGE_DB
            and self.syllabic >= LEAST_MODULATION
            and least <= self.flatness_db <= most
            and self.change_db >= LEAST_CHANGE_DB
        )


def find_whispering(samples: Samples, probabilities: Probabilities) -> list[Span]:
    """Return the spans of possible whispering, at least four seconds each.

    Args:
        samples: Mono at 16 kHz.
        probabilities: Probability of a voice in each frame of 512 samples.
    """
    count = len(samples) // FRAME
    levels_db = _measure_levels_db(samples[: count * FRAME])
    voices_db = levels_db[probabilities[:count] >= SPEECH]
    least_db = np.median(voices_db) - FAINTEST_DB if len(voices_db) else -np.inf
    found: list[Span] = []
    for first in range(0, count - WINDOW + 1, HOP):
        if (probabilities[first : first + WINDOW] >= SPEECH).mean() > MOST_VOICED:
            continue
        if np.percentile(levels_db[first : first + WINDOW], 90) < least_db:
            continue
        start, end = first * FRAME, (first + WINDOW) * FRAME
        if not measure_modulation(samples[start:end]).is_whispering:
            continue
        if found and start <= found[-1].end:
            start = found.pop().start
        found.append(Span(start, end))
    return found


def measure_modulation(window: Samples) -> Modulation:
    """Measure the modulation of one window."""
    frames = window[: len(window) // FRAME * FRAME].reshape(-1, FRAME)
    powers = np.abs(np.fft.rfft(frames * np.hanning(FRAME))) ** 2 + TINY
    edges = [round(hertz * FRAME / SAMPLE_RATE_HZ) for hertz in BAND_EDGES_HZ]
    inside = powers[:, edges[0] : edges[4]]
    levels_db = 10 * np.log10(inside.mean(axis=1))
    low_db, high_db = np.percentile(levels_db, [10, 90])
    is_loud = levels_db > high_db - BELOW_PEAK_DB
    flatness_db = 10 * np.log10(np.exp(np.log(inside).mean(axis=1)) / inside.mean(axis=1))
    bands_db = _measure_bands_db(powers[is_loud], edges)
    return Modulation(
        range_db=float(high_db - low_db),
        syllabic=_measure_syllables(np.maximum(levels_db, high_db - DEEPEST_DB)),
        flatness_db=float(np.median(flatness_db[is_loud])),
        change_db=float((bands_db - bands_db.mean(axis=1, keepdims=True)).std(axis=0).mean()),
    )


def _measure_levels_db(samples: Samples) -> NDArray[np.float64]:
    frames = samples.reshape(-1, FRAME)
    return np.asarray(10 * np.log10(np.square(frames, dtype=np.float64).mean(axis=1) + TINY))


def _measure_bands_db(powers: NDArray[np.float64], edges: Sequence[int]) -> NDArray[np.float64]:
    bands = [powers[:, low:high].mean(axis=1) for low, high in pairwise(edges)]
    return np.asarray(10 * np.log10(np.stack(bands, axis=1)))


def _measure_syllables(levels_db: NDArray[np.float64]) -> float:
    changes = (levels_db - levels_db.mean()) * np.hanning(len(levels_db))
    powers = np.abs(np.fft.rfft(changes)) ** 2
    rates_hz = np.fft.rfftfreq(len(levels_db), FRAME / SAMPLE_RATE_HZ)
    slowest, fastest = SYLLABLES_HZ
    inside = powers[(rates_hz >= slowest) & (rates_hz <= fastest)].sum()
    return float(inside / (powers[rates_hz >= SLOWEST_HZ].sum() + TINY))
