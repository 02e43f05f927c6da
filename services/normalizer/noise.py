"""How noisy a recording is, and the noise removal that fits it: pure.

Noise removal that has nothing to remove eats consonants: on clean speech it costs words. So
it is used only where noise was measured, and is told how loud that noise is.
"""

from collections import Counter

WINDOW_S = 0.05  # shorter than a syllable, so that the pauses between words are seen
QUIETEST_DBFS = -80.0  # digital silence, which says nothing about a microphone's noise
# afftdn takes a noise floor in this range.
FLOOR_RANGE_DBFS = (-80.0, -20.0)
# Levels in pauses and in speech are at least 21 dB apart in clean readings, and at most 18 dB
# with pink or white noise 10 dB below the voice.
CLEAN_SPREAD_DB = 19.0
REDUCTION_DB = 10
# Most of the noise of rooms and streets lies below any voice, where afftdn, which expects noise
# that is as strong at all frequencies, leaves it. In 461 words with pink noise 10 dB below the
# voice this alone took the errors from 22 to 18, and both together to 17; afftdn alone made 25.
RUMBLE = "highpass=f=80"

LEVEL_KEY = "lavfi.astats.Overall.RMS_level"


class NoiseSurvey:
    """The levels of all windows of a recording, in steps of half a decibel."""

    def __init__(self) -> None:
        self._windows: Counter[int] = Counter()

    def add(self, level_dbfs: float) -> None:
        """Take one window's level; digital silence is passed over."""
        if level_dbfs > QUIETEST_DBFS:
            self._windows[round(level_dbfs * 2)] += 1

    @property
    def floor_dbfs(self) -> float:
        """Return the level of the pauses, under which a tenth of the recording lies."""
        return self._level_at(0.1)

    @property
    def is_noisy(self) -> bool:
        """Return whether the pauses are not much quieter than the voice."""
        return self._level_at(0.9) - self._level_at(0.1) < CLEAN_SPREAD_DB

    def build_removal(self) -> list[str]:
        """Return the filters that take the noise away, none for a clean recording."""
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
    """Return the filters that print the level of each window, to be read into a survey.

    Args:
        rate_hz: The rate of the samples.
        mono: The filter that mixes their channels.
    """
    return [
        mono,
        f"asetnsamples={round(WINDOW_S * rate_hz)}",
        "astats=metadata=1:reset=1:measure_perchannel=none:measure_overall=RMS_level",
        # Directly: each line whole, since FFmpeg's own progress shares the pipe.
        f"ametadata=print:key={LEVEL_KEY}:file=-:direct=1",
    ]
