"""Measure the noise of a recording, and build the filters that remove it. Pure.

Noise removal damages consonants of clean speech, which costs words. So it is applied only if noise
was measured, with the measured noise floor.
"""

from collections import Counter

WINDOW_S = 0.05  # shorter than a syllable, to resolve pauses between words
QUIETEST_DBFS = -80.0  # digital silence, which does not reveal a microphone's noise
# The range of the noise floor of afftdn.
FLOOR_RANGE_DBFS = (-80.0, -20.0)
# Levels in pauses and in speech are at least 21 dB apart in clean readings, and at most 18 dB
# with pink or white noise 10 dB below the voice.
CLEAN_SPREAD_DB = 19.0
REDUCTION_DB = 10
# Most noise of rooms and streets is at frequencies below any voice. There afftdn, which expects
# white noise, does not remove it. On 461 words with pink noise 10 dB below the voice, the high-pass
# filter alone reduced the errors from 22 to 18, both filters to 17; afftdn alone raised them to 25.
RUMBLE = "highpass=f=80"

LEVEL_KEY = "lavfi.astats.Overall.RMS_level"


class NoiseSurvey:
    """A histogram of the levels of all windows of a recording, in steps of half a decibel."""

    def __init__(self) -> None:
        self._windows: Counter[int] = Counter()

    def add(self, level_dbfs: float) -> None:
        """Add the level of a window; digital silence is ignored."""
        if level_dbfs > QUIETEST_DBFS:
            self._windows[round(level_dbfs * 2)] += 1

    @property
    def floor_dbfs(self) -> float:
        """Return the level of the pauses: the tenth percentile."""
        return self._level_at(0.1)

    @property
    def is_noisy(self) -> bool:
        """Return whether the pauses are hardly quieter than the voice."""
        return self._level_at(0.9) - self._level_at(0.1) < CLEAN_SPREAD_DB

    def build_removal(self) -> list[str]:
        """Return the filters that remove the noise; none for a clean recording."""
        if not (self._windows and self.is_noisy):
            return []
        lowest, highest = FLOOR_RANGE_DBFS
        floor_dbfs = max(lowest, min(highest, self.floor_dbfs))
        return [RUMBLE, f"afftdn=nr={REDUCTION_DB}:nf={floor_dbfs}"]

    def _level_at(self, share: float) -> float:
        passed, wanted = 0, share * self._windows.total()
        for level in sorted(self._windows):
            passed += self._windows[level]
            if passed >= wanted:
                return level / 2
        return QUIETEST_DBFS


def build_survey(rate_hz: int, mono: str) -> list[str]:
    """Return the filters that print the level of each window.

    Args:
        rate_hz: The rate of the samples.
        mono: The filter that mixes their channels.
    """
    return [
        mono,
        f"asetnsamples={round(WINDOW_S * rate_hz)}",
        "astats=metadata=1:reset=1:measure_perchannel=none:measure_overall=RMS_level",
        # Unbuffered, because FFmpeg's progress reports share the pipe.
        f"ametadata=print:key={LEVEL_KEY}:file=-:direct=1",
    ]
